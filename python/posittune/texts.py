"""Token rows from text files: a paragraph a line, an empty line between documents."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from posittune.errors import Exit, Failure

SPLITS = ("calibrate", "search", "report")


def documents(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Failure(
            Exit.INPUT, "no such text", where=str(path), hint="name the folder of the texts with --texts"
        ) from None
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def rows_of(
    texts: list[str], encode: Callable[[str], list[int]], start: int, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """input_ids (rows, length) and document (rows), the number of a row's first document.

    A row is whole documents, each after the token `start`, as many as fit, and the beginning of one more. What is
    left of that one is dropped: no document is in two rows, so rows are the units of a bootstrap.
    """
    rows, numbers, row, first = [], [], [], 0
    for number, text in enumerate(texts):
        if not row:
            first = number
        row += [start, *encode(text)]
        if len(row) >= length:
            rows.append(row[:length])
            numbers.append(first)
            row = []
    return np.array(rows, dtype=np.int64).reshape(-1, length), np.array(numbers, dtype=np.int64)
