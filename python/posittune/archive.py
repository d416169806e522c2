"""Archives of quantized models (src/posittune/exporter/archive.h), read with NumPy alone: this module runs where nothing of
PositTune is built, and shares no code with what writes archives.

    archive = read_archive("model.posit")
    archive.weights["h.0.attn.weight"].decode()       # float32, those that the engine multiplies by, to the bit
    archive.tile("h.0.attn.weight", 0, 0, 8, 8)       # codes of posits as rtl/doc/README.md has them in tile files
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posittune import safetensors
from posittune.exceptions import InputError, UsageError
from posittune.values import NumberFormat, packed_bytes, unpack

BLOCK = 32  # elements of an MX block
_WEIGHT = ("rows", "cols", "group", "compensated", "shape", "layout", "readers", "groups")


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of a weight whose codes have as many bits.

    rows: their numbers in the weight, ascending
    codes: uint8, uint16 or uint32, rows x columns
    formats, format_of: names of formats, and which of them each row has
    scales: float32, rows (or 1 for all) x groups of columns (or 1)
    exponents: E8M0 of MX blocks, rows x blocks; none: of no elements
    """

    bits: int
    rows: NDArray[np.int64]
    codes: NDArray[Any]
    formats: list[str]
    format_of: NDArray[np.uint8]
    scales: NDArray[np.float32]
    exponents: NDArray[np.uint8]

    def decode(self, group: int) -> NDArray[np.float32]:
        """The values; `group` columns share a scale, 0: all of a row."""
        values = np.empty(self.codes.shape, np.float32)
        for index, name in enumerate(self.formats):
            mine = self.format_of == index
            values[mine] = NumberFormat(name).values(self.codes[mine])
        cols = self.codes.shape[1]
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if self.exponents.size:
                shared = np.ldexp(np.float32(1), self.exponents.astype(np.int32) - 127)
                shared[self.exponents == 255] = np.nan
                values *= np.repeat(shared, BLOCK, axis=1)[:, :cols]
            inverse = np.float32(1) / self.scales
            values *= np.repeat(inverse, group, axis=1)[:, :cols] if inverse.shape[1] > 1 else inverse
        return values


@dataclass(frozen=True, eq=False)
class Weight:
    """A weight: a matrix of rows x cols, with a row for each output channel.

    group: columns that share a scale; 0: all of a row
    shape, layout: as the model stores it, and where the matrix lies in that: sizes and strides of the axes that rows and
        columns run through
    readers: layers that read it quantized
    """

    rows: int
    cols: int
    group: int
    compensated: bool
    shape: tuple[int, ...]
    layout: dict[str, list[list[int]]]
    readers: list[str]
    groups: list[Group]

    @property
    def codes(self) -> NDArray[Any]:
        """The codes, rows x cols, of the type that the widest need."""
        types = [group.codes.dtype for group in self.groups]
        made = np.zeros((self.rows, self.cols), max(types, key=lambda t: t.itemsize, default=np.uint8))
        for group in self.groups:
            made[group.rows] = group.codes
        return made

    @property
    def formats(self) -> list[str]:
        """The name of each row's format."""
        names = [""] * self.rows
        for group in self.groups:
            for row, index in zip(group.rows.tolist(), group.format_of.tolist()):
                names[row] = group.formats[index]
        return names

    @property
    def scales(self) -> NDArray[np.float32]:
        """The scales: float32, rows x 1 or rows x groups of columns. A value is that of its code over the scale."""
        width = max((group.scales.shape[1] for group in self.groups), default=1)
        made = np.ones((self.rows, width), np.float32)
        for group in self.groups:
            made[group.rows] = group.scales
        return made

    def decode(self) -> NDArray[np.float32]:
        """The values, rows x cols: those that the engine multiplies by, to the bit."""
        made = np.empty((self.rows, self.cols), np.float32)
        for group in self.groups:
            made[group.rows] = group.decode(self.group)
        return made

    def stored(self) -> NDArray[np.float32]:
        """The values in the shape that the model stores."""
        made = np.empty(self.rows * self.cols, np.float32)
        made[_places(self.layout["rows"])[:, None] + _places(self.layout["cols"])[None, :]] = self.decode()
        return made.reshape(self.shape)


@dataclass(frozen=True)
class Input:
    """A rounded input of a layer. operands: 2 for a product of two activations; scales: of each, none where they are chosen
    per token."""

    operands: int
    scales: list[float]


@dataclass(frozen=True, eq=False)
class Archive:
    """A model's numbers under a recipe.

    model_sha256: of the model's file
    recipe: as docs/recipe.schema.json describes it
    weights, inputs, corrections: by the weight's and the layers' names
    """

    model_sha256: str
    recipe: dict[str, Any]
    weights: dict[str, Weight]
    inputs: dict[str, Input] = field(default_factory=dict)
    corrections: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def tile(self, name: str, row: int, col: int, rows: int, cols: int) -> NDArray[np.uint8]:
        """Codes of at most 8 bits of a tile of rows x cols for an array of MAC units, a byte each: rows are inputs of the layer
        (columns of the weight), columns its outputs, as `w` in the tile files of rtl/doc/README.md.

        UsageError: no such weight, a tile that is not inside it, or wider codes.
        """
        if name not in self.weights:
            raise UsageError(f"the archive has no weight '{name}'", "name", ", ".join(sorted(self.weights)[:5]))
        weight = self.weights[name]
        inside = 0 <= row <= row + rows <= weight.cols and 0 <= col <= col + cols <= weight.rows
        if not inside or rows < 0 or cols < 0:
            found = f"{rows} x {cols} from row {row}, column {col}"
            raise UsageError("the tile is not inside the weight", name, f"{weight.cols} x {weight.rows}", found)
        codes = np.zeros((cols, rows), np.uint8)
        for group in weight.groups:
            mine = (group.rows >= col) & (group.rows < col + cols)
            if mine.any() and group.bits > 8:
                raise UsageError("the codes are wider than bytes", name, "8 bits at most", f"{group.bits} bits")
            codes[group.rows[mine] - col] = group.codes[mine, row : row + rows]
        return np.ascontiguousarray(codes.T)


def read_archive(path: str | os.PathLike[str]) -> Archive:
    """Reads an archive. InputError where the file is none, or its parts do not fit together."""
    return _Reader(safetensors.File(path)).archive()


def _places(axes: list[list[int]]) -> NDArray[np.int64]:
    """Positions along axes, the first most significant."""
    places = np.zeros(1, np.int64)
    for size, stride in axes:
        places = (places[:, None] + np.arange(size, dtype=np.int64) * stride).reshape(-1)
    return places


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_count, value))


def _fits(layout: Any, rows: int, cols: int) -> bool:
    """Whether this is the layout of a matrix, inside a tensor of as many elements."""
    if not isinstance(layout, dict) or sorted(layout) != ["cols", "rows"]:
        return False
    if not all(
        isinstance(axes, list) and all(_counts(axis) and len(axis) == 2 for axis in axes) for axes in layout.values()
    ):
        return False
    sizes = [math.prod(size for size, _ in layout[part]) for part in ("rows", "cols")]
    last = sum((size - 1) * stride for size, stride in [*layout["rows"], *layout["cols"]])
    return sizes == [rows, cols] and (0 in sizes or last < rows * cols)


class _Reader:
    def __init__(self, file: safetensors.File):
        self.file = file
        self.used: set[str] = set()

    def archive(self) -> Archive:
        metadata = self.file.metadata
        if metadata.get("posittune") != "1" or "model_sha256" not in metadata or "recipe" not in metadata:
            raise self.bad("metadata", "posittune 1, model_sha256, recipe", ", ".join(sorted(metadata)[:5]))
        recipe = self.json("recipe", metadata["recipe"])
        if not isinstance(recipe, dict):
            raise self.bad("recipe", "an object", type(recipe).__name__)
        made = Archive(metadata["model_sha256"], recipe, {})
        for key, text in metadata.items():
            kind, _, name = key.partition("/")
            if kind == "weights" and key != kind:
                made.weights[name] = self.weight(key, self.json(key, text))
            elif kind == "inputs" and key != kind:
                made.inputs[name] = self.input(key, self.json(key, text))
        for name in self.file.tensors:
            if name.startswith("corrections/"):
                made.corrections[name.partition("/")[2]] = self.floats(name)
            if name not in self.used:
                raise self.bad(name, "tensors of weights, inputs and corrections", "another one")
        return made

    def bad(self, where: str, expected: str, found: str) -> InputError:
        return InputError("not an archive of a quantized model", f"{self.file.path}, {where}", expected, found)

    def json(self, where: str, text: str) -> Any:
        return safetensors.strict_json(text, f"{self.file.path}, {where}")

    def tensor(self, name: str, dtype: str, axes: int) -> np.ndarray:
        entry = self.file.tensors.get(name)
        if entry is None:
            raise self.bad(name, f"a tensor of {dtype}", "none")
        if entry.dtype != dtype or len(entry.shape) != axes:
            raise self.bad(name, f"{dtype} with {axes} axes", f"{entry.dtype} {list(entry.shape)}")
        self.used.add(name)
        return self.file.read(name)

    def floats(self, name: str) -> NDArray[np.float32]:
        values = self.tensor(name, "F32", 1)
        if not np.isfinite(values).all():
            raise self.bad(name, "finite numbers", "another one")
        return values

    def input(self, key: str, document: Any) -> Input:
        if not isinstance(document, dict) or list(document) != ["operands"] or not _is_count(document["operands"]):
            raise self.bad(key, "operands", repr(document)[:80])
        scales = self.floats(key) if key in self.file.tensors else np.empty(0, np.float32)
        if scales.size not in (0, document["operands"]) or (scales <= 0).any():
            raise self.bad(key, f"{document['operands']} positive scales", f"{scales.size} scales")
        return Input(document["operands"], scales.tolist())

    def weight(self, key: str, document: Any) -> Weight:
        head = self.head(key, document)
        groups = [self.group(f"{key}/{g}", head, part) for g, part in enumerate(head["groups"])]
        rows = np.concatenate([np.empty(0, np.int64), *(group.rows for group in groups)])
        if not np.array_equal(np.sort(rows), np.arange(rows.size)) or rows.size != head["rows"]:
            raise self.bad(key, f"each of {head['rows']} rows once", f"{rows.size} rows")
        return Weight(**{**head, "shape": tuple(head["shape"]), "groups": groups})

    def head(self, key: str, document: Any) -> dict[str, Any]:
        """The weight's document, after a look at each field."""
        if not isinstance(document, dict) or sorted(document) != sorted(_WEIGHT):
            raise self.bad(key, ", ".join(_WEIGHT), repr(document)[:80])
        rows, cols, layout = document["rows"], document["cols"], document["layout"]
        fits = (
            all(map(_is_count, (rows, cols, document["group"])))
            and isinstance(document["compensated"], bool)
            and _counts(document["shape"])
            and math.prod(document["shape"]) == rows * cols < 2**56
            and _fits(layout, rows, cols)
            and isinstance(document["readers"], list)
            and all(isinstance(reader, str) for reader in document["readers"])
            and isinstance(document["groups"], list)
        )
        if not fits:
            raise self.bad(key, "fields that fit together", repr(document)[:80])
        return document

    def group(self, at: str, head: dict[str, Any], document: Any) -> Group:
        formats = self.formats(at, document)
        bits, cols = document["bits"], head["cols"]
        packed = self.tensor(f"{at}/codes", "U8", 1)
        rows = self.rows(at, head, packed.size * 8 // (bits * cols) if cols else 0)
        if packed.size != packed_bytes(rows.size * cols, bits):
            raise self.bad(f"{at}/codes", f"{rows.size} x {cols} codes of {bits} bits", f"{packed.size} bytes")
        codes = unpack(packed, bits, rows.size * cols).reshape(rows.size, cols)
        width = -(-cols // head["group"]) if head["group"] else 1
        blocks = -(-cols // BLOCK) if formats and formats[0].block else 0
        exponents = self.tensor(f"{at}/exponents", "U8", 2) if blocks else np.empty((rows.size, 0), np.uint8)
        if exponents.size != rows.size * blocks:
            raise self.bad(f"{at}/exponents", f"{rows.size} x {blocks}", str(exponents.shape))
        return Group(
            bits, rows, codes, document["formats"], self.format_of(at, rows.size, len(formats)),
            self.scales(at, rows.size, width), exponents.reshape(rows.size, blocks),
        )  # fmt: skip

    def formats(self, at: str, document: Any) -> list[NumberFormat]:
        fits = isinstance(document, dict) and sorted(document) == ["bits", "formats"] and _is_count(document["bits"])
        names = document["formats"] if fits else None
        if (
            not isinstance(names, list)
            or not 1 <= len(names) <= 256
            or not all(isinstance(name, str) for name in names)
        ):
            raise self.bad(at, "bits, and 1 to 256 formats", repr(document)[:80])
        try:
            formats = [NumberFormat(name) for name in names]
        except UsageError as error:
            raise self.bad(at, "names of formats", error.what) from error
        if any(f.bits != document["bits"] or bool(f.block) != bool(formats[0].block) for f in formats):
            raise self.bad(at, f"formats of {document['bits']} bits, all or none in blocks", ", ".join(names[:5]))
        return formats

    def rows(self, at: str, head: dict[str, Any], most: int) -> NDArray[np.int64]:
        if f"{at}/rows" not in self.file.tensors:
            if head["rows"] > most:
                raise self.bad(f"{at}/codes", f"{head['rows']} rows", str(most))
            return np.arange(head["rows"], dtype=np.int64)
        pairs = self.tensor(f"{at}/rows", "U32", 2).astype(np.int64).reshape(-1)
        if pairs.size % 2:
            raise self.bad(f"{at}/rows", "pairs of first and count", str(pairs.size))
        firsts, counts = pairs[::2], pairs[1::2]
        apart = np.all(counts > 0) and np.all(firsts[1:] >= (firsts + counts)[:-1])
        total = int(counts.sum())
        if not apart or total > most or (total and firsts[-1] + counts[-1] > head["rows"]):
            raise self.bad(f"{at}/rows", f"at most {min(most, head['rows'])} rows that ascend", f"{total} rows")
        return np.concatenate([np.empty(0, np.int64), *(np.arange(f, f + c) for f, c in zip(firsts, counts))])

    def scales(self, at: str, rows: int, width: int) -> NDArray[np.float32]:
        name = f"{at}/scales"
        entry = self.file.tensors.get(name)
        powers = entry is not None and entry.dtype == "U8"
        stored = self.tensor(name, "U8" if powers else "F32", 0 if entry is None else len(entry.shape))
        if powers and ((stored == 0) | (stored == 255)).any():
            raise self.bad(name, "E8M0 codes 1 to 254", "0 or 255")
        scales = (stored.astype(np.uint32) << np.uint32(23)).view(np.float32) if powers else stored
        if not np.isfinite(scales).all() or (scales <= 0).any():
            raise self.bad(name, "positive scales", "another number")
        if f"{at}/repeats" in self.file.tensors:
            repeats = self.tensor(f"{at}/repeats", "U32", 1).astype(np.int64)
            if int(repeats.sum()) != rows or scales.size != repeats.size * width:
                raise self.bad(f"{at}/repeats", f"{rows} rows", str(int(repeats.sum())))
            return np.repeat(scales.reshape(-1, width), repeats, axis=0)
        if scales.size != 1 and scales.size != rows * width:
            raise self.bad(name, f"1 or {rows} x {width}", str(scales.size))
        return scales.reshape(1, 1) if scales.size == 1 else scales.reshape(rows, width)

    def format_of(self, at: str, rows: int, formats: int) -> NDArray[np.uint8]:
        if f"{at}/formats" not in self.file.tensors:
            if formats > 1:
                raise self.bad(f"{at}/formats", "a format for each row", "none")
            return np.zeros(rows, np.uint8)
        bits = max((formats - 1).bit_length(), 1)
        packed = self.tensor(f"{at}/formats", "U8", 1)
        if packed.size != packed_bytes(rows, bits):
            raise self.bad(f"{at}/formats", f"{rows} formats of {bits} bits", f"{packed.size} bytes")
        chosen = unpack(packed, bits, rows)
        if (chosen >= formats).any():
            raise self.bad(f"{at}/formats", f"below {formats}", str(chosen.max()))
        return chosen
