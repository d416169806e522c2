"""Reports of runs."""

import os
import pathlib
from collections.abc import Sequence
from typing import Protocol

from posittune import files
from posittune._core import _report


class HasRunFolder(Protocol):
    """A Comparison, a Sensitivity, a Search."""

    run_folder: str


Run = str | os.PathLike | HasRunFolder


def _folder(run: Run) -> str:
    return os.fspath(run) if isinstance(run, (str, os.PathLike)) else run.run_folder


def report(runs: Run | Sequence[Run], output: str | os.PathLike | None = None, *, format: str = "html") -> pathlib.Path:
    """Writes a report of a run, or of several beside each other, and gives the path of the file.

    runs: run folders, or what compare(), sensitivity() and search() returned.
    output: the file. None: report.html, report.md ... in the folder of the run; of several runs in the current folder.
    format: "html" (one page that needs nothing else), "md", "csv", "json", "jsonl" (metrics for experiment trackers),
    "console", "card" (a model card of Hugging Face's, for one run).
    """
    several = isinstance(runs, Sequence) and not isinstance(runs, str)
    folders = [_folder(run) for run in (runs if several else [runs])]
    text = _report(folders, format)
    if output is None:
        names = {"jsonl": "metrics.jsonl", "console": "report.txt", "card": "README.md"}
        folder = pathlib.Path(folders[0]) if len(folders) == 1 else pathlib.Path()
        output = folder / names.get(format, f"report.{format}")
    path = pathlib.Path(output)
    files.write_text(path, text)
    return path
