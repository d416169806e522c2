"""Containers of tensors as safetensors has them, read with NumPy alone and strictly."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from posittune.exceptions import InputError

MOST_HEADER = 100_000_000  # as the format's own library has it
MOST_LEVELS = 16  # of JSON
_TYPES = {"U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "F16": "<f2", "U32": "<u4", "I32": "<i4", "F32": "<f4"}
_TYPES |= {"U64": "<u8", "I64": "<i8", "F64": "<f8", "BOOL": "?"}


@dataclass(frozen=True)
class Entry:
    """A tensor: its type and shape, and its bytes from the end of the header on."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


class File:
    """A file of tensors. InputError where it is none.

    metadata: texts by name; tensors: an Entry for each, by name
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = os.fspath(path)
        try:
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                length = int.from_bytes(file.read(8), "little")
                if size < 8 or length > min(size - 8, MOST_HEADER):
                    raise self.bad("", "the length of a header, and it", f"{size} bytes")
                text = file.read(length)
        except OSError as error:
            raise InputError("the file cannot be read", self.path, "a file", error.strerror or str(error)) from error
        self._data = 8 + length
        self.metadata, self.tensors = self._parse(text, size - self._data)

    def read(self, name: str) -> np.ndarray:
        """The tensor."""
        entry = self.tensors[name]
        try:
            with open(self.path, "rb") as file:
                file.seek(self._data + entry.begin)
                content = file.read(entry.end - entry.begin)
        except OSError as error:
            raise InputError("the file cannot be read", self.path, "a file", error.strerror or str(error)) from error
        if len(content) != entry.end - entry.begin:
            raise self.bad(name, f"{entry.end - entry.begin} bytes", str(len(content)))
        values = np.frombuffer(content, _TYPES[entry.dtype])
        return values.astype(values.dtype.newbyteorder("="), copy=False).reshape(entry.shape)

    def bad(self, where: str, expected: str, found: str) -> InputError:
        return InputError("not a safetensors file", f"{self.path}, {where or 'header'}", expected, found)

    def _parse(self, text: bytes, size: int) -> tuple[dict[str, str], dict[str, Entry]]:
        if not text.startswith(b"{"):
            raise self.bad("", "an object", "no '{'")
        try:
            header = strict_json(text.decode(), f"{self.path}, header")
        except UnicodeDecodeError as error:
            raise self.bad("", "UTF-8", "other bytes") from error
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise self.bad("__metadata__", "texts", repr(metadata)[:80])
        tensors = sorted(((name, self._entry(name, part)) for name, part in header.items()), key=_by_place)
        end = 0
        for name, entry in tensors:
            if entry.begin != end or entry.end > size:
                raise self.bad(name, f"bytes from {end} to at most {size}", f"{entry.begin} to {entry.end}")
            end = entry.end
        if end != size:
            raise self.bad("", f"{end} bytes of tensors", str(size))
        return metadata, dict(tensors)

    def _entry(self, name: str, part: Any) -> Entry:
        if not isinstance(part, dict) or sorted(part) != ["data_offsets", "dtype", "shape"]:
            raise self.bad(name, "dtype, shape, data_offsets", repr(part)[:80])
        shape, offsets = part["shape"], part["data_offsets"]
        lists = isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2
        if not lists or any(type(n) is not int or not 0 <= n < 2**64 for n in [*shape, *offsets]):
            raise self.bad(name, "lists of numbers", repr(part)[:80])
        if not isinstance(part["dtype"], str) or part["dtype"] not in _TYPES:
            raise self.bad(name, "a known dtype", repr(part["dtype"])[:80])
        size = np.dtype(_TYPES[part["dtype"]]).itemsize * (0 if 0 in shape else math.prod(shape))
        if offsets[1] - offsets[0] != size or len(shape) > 32:
            raise self.bad(name, f"{size} bytes, as dtype and shape say", f"{offsets[0]} to {offsets[1]}")
        return Entry(part["dtype"], tuple(shape), *offsets)


def _by_place(item: tuple[str, Entry]):
    return item[1].begin, item[1].end, item[0]


def strict_json(text: str, where: str) -> Any:
    """The document of a text. InputError for no JSON, a key that an object has twice, more than 16 levels."""

    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise InputError("a document is not as it should be", where, "JSON", "a key twice")
        return dict(pairs)

    def constant(name):
        raise InputError("a document is not as it should be", where, "JSON", name)

    try:
        document = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("a document is not as it should be", where, "JSON", str(error)[:80]) from error
    if _levels(document) > MOST_LEVELS:
        raise InputError("a document is not as it should be", where, "JSON", f"more than {MOST_LEVELS} levels")
    return document


def _levels(document: Any) -> int:
    levels, layer = 0, [document]
    while layer := [part for part in layer if isinstance(part, (dict, list))]:
        levels += 1
        layer = [child for part in layer for child in (part.values() if isinstance(part, dict) else part)]
    return levels
