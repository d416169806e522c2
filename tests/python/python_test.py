#!/usr/bin/env python3
"""Tests of python/posittune in a private environment with the packages of python/requirements-hub.txt.

    python_test.py {hub,fetch} BUILD_FOLDER

The environment is BUILD_FOLDER/python/venv, made once. Exit code 77 when it cannot be had.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import unittest
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/peers"))
import environment  # noqa: E402  pip_install and Unavailable

REQUIREMENTS = ROOT / "python/requirements-hub.txt"
READERS = ["compressed-tensors==0.20.1"]  # of what is exported: tests/exporter/hf_test.py
MODULES = {"hub": ["export_test", "tokenizer_test", "texts_test", "gguf_test", "errors_test"], "fetch": ["fetch_test"]}


def create(folder, lines):
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise environment.Unavailable(f"python3 -m venv failed (Debian package python3-venv): {error}") from error
    problem = environment.pip_install(folder / "bin/python", lines)
    if problem:
        raise environment.Unavailable(f"pip could not install {', '.join(lines)}: {problem}")


def prepare(build, name, lines):
    """The interpreter of the environment BUILD/python/NAME, with these lines of requirements."""
    folder = Path(build).resolve() / "python" / name
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(("\n".join(lines) + sys.version).encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"== making the Python environment python/{name}", file=sys.stderr, flush=True)
        try:
            create(folder, lines)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        stamp.write_text(wanted)
    return folder / "bin/python"


def requirements():
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


def inside(part):
    sys.path[:0] = [str(HERE), str(ROOT / "python")]
    import torch

    torch.set_num_threads(2)
    found = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromName(name) for name in MODULES[part])
    result = unittest.TextTestRunner(verbosity=2).run(found)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped")
    if failed or not result.testsRun:
        sys.exit(1)
    sys.exit(77 if result.testsRun == len(result.skipped) else 0)


def outside(part, build):
    try:
        python = prepare(build, "venv", requirements() + READERS)
    except environment.Unavailable as reason:
        print(f"skip python_{part}: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "python"),
        "TRANSFORMERS_VERBOSITY": "error",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "OMP_NUM_THREADS": "2",
    }
    os.execve(python, [str(python), os.path.abspath(__file__), "--inside", part], variables)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        inside(sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1] in MODULES:
        outside(*sys.argv[1:])
    else:
        sys.exit(__doc__)
