"""Files and folders that appear whole or not at all."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

UNFINISHED = ".unfinished"  # suffix of the folder that becomes `folder`


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, renamed to `folder` at the end. What an interrupted call left is removed first."""
    unfinished = folder.with_name(folder.name + UNFINISHED)
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    os.replace(unfinished, folder)


@contextlib.contextmanager
def new_files(folder: Path) -> Iterator[Path]:
    """A scratch folder inside `folder`; its files move up at the end and replace older ones of the same name.

    In reverse order of their names: model.onnx.data before model.onnx, which refers to it.
    """
    existed = folder.is_dir()
    scratch = folder / UNFINISHED
    if scratch.exists():
        shutil.rmtree(scratch)
    scratch.mkdir(parents=True)
    try:
        yield scratch
        for file in sorted(scratch.iterdir(), reverse=True):
            os.replace(file, folder / file.name)
        scratch.rmdir()
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def size_text(bytes_: int) -> str:
    return f"{bytes_ / 1e6:.1f} MB" if bytes_ >= 1e6 else f"{bytes_ / 1e3:.1f} kB"


def write_text(path: Path, text: str) -> None:
    """A file that replaces an older one only when all of it is written."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
