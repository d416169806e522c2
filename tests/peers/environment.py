"""Private Python environments with the packages that PositTune is compared with.

An environment belongs to a group ("light" or "torch"), is made from requirements-GROUP.txt, and is used again as long
as that file and the Python version stay the same. A peer that cannot be installed is reported, the others are used.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = {"light": ["softposit", "universal-dtypes", "ml-dtypes"], "torch": ["qtorch_plus", "flexposit"]}
LONGEST_INSTALL = 1500  # seconds; PyTorch can be a download of gigabytes


class Unavailable(Exception):
    """No environment: no network, no space, no venv module. The text says which."""


@dataclass
class Environment:
    python: Path
    missing: dict  # peer -> why it could not be installed

    def variables(self):
        """For processes inside: tools of the environment first, compiled extensions kept beside it, one thread."""
        folder = self.python.parent.parent
        return {
            **os.environ,
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "TORCH_EXTENSIONS_DIR": str(folder / "extensions"),
            "MAX_JOBS": "2",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }


def requirements(group):
    """(lines of the foundation, {peer: line}) of requirements-GROUP.txt"""
    foundation, peers = [], {}
    for line in (HERE / f"requirements-{group}.txt").read_text().splitlines():
        line = line.partition("#")[0].strip()
        name = re.match(r"[\w.-]*", line).group()
        if name in PEERS[group]:
            peers[name] = line
        elif name:
            foundation.append(line)
    return foundation, peers


def pip_install(python, lines, *options):
    """None, or why not."""
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "--timeout",
        "60",
        *options,
        *lines,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_INSTALL)
    except subprocess.TimeoutExpired:
        return f"pip needed more than {LONGEST_INSTALL} s"
    if done.returncode == 0:
        return None
    errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
    return (errors or done.stderr.splitlines() or [f"pip exited {done.returncode}"])[-1].strip()


def make(group, folder):
    """Creates the environment with everything but the peers."""
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"python3 -m venv failed (Debian package python3-venv): {error}") from error
    foundation, _ = requirements(group)
    problem = pip_install(folder / "bin/python", foundation)
    if problem:
        raise Unavailable(f"pip could not install {', '.join(foundation)}: {problem}")


def extend(home, name):
    """Adds the packages of requirements-NAME.txt to an environment that prepare() made. None, or why not."""
    stamp = home.python.parent.parent / f"requirements-{name}.txt"
    wanted = HERE / stamp.name
    if stamp.is_file() and stamp.read_text() == wanted.read_text():
        return None
    problem = pip_install(home.python, ["--requirement", str(wanted)])
    if problem is None:
        stamp.write_text(wanted.read_text())
    return problem


def prepare(group, build):
    """The environment of a group below BUILD/peers, made or completed where needed."""
    folder = Path(build).resolve() / "peers" / group
    stamp = folder / "environment.json"
    text = (HERE / f"requirements-{group}.txt").read_text() + sys.version
    wanted = hashlib.sha256(text.encode()).hexdigest()
    state = json.loads(stamp.read_text()) if stamp.is_file() else {}
    python = folder / "bin/python"
    if state.get("requirements") != wanted:
        print(f"== making the Python environment peers/{group}", file=sys.stderr, flush=True)
        try:
            make(group, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        state = {"requirements": wanted, "installed": []}
    _, peers = requirements(group)
    missing = {}
    for peer, line in peers.items():
        if peer not in state["installed"]:
            # Without dependencies: theirs are the foundation, and what flexposit adds serves language models only.
            missing[peer] = pip_install(python, [line], "--no-deps")
            if missing[peer] is None:
                state["installed"].append(peer)
    stamp.write_text(json.dumps(state))
    return Environment(python, {peer: reason for peer, reason in missing.items() if reason})
