"""Formats on arrays: rounding, codes, packing, scales.

>>> import numpy as np
>>> quantize(np.float32([0.1, -3, 20]), "posit<8,1>")
array([ 0.1015625, -3.       , 20.       ], dtype=float32)

Arrays are NumPy's, or anything with `__array__` or DLPack on the CPU (torch tensors), of float32: other types are refused,
since rounding them twice would not be the nearest. Arrays without gaps are read in place by quantize() in whatever order their
axes lie (with a scale by number; its result lies alike), by the others in C order; of all else a copy is made, and of
arrays with scales or groups along one of the last axes (see quantize()). Results are the same bits for any number of
threads. The GIL is released.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from posittune import _core
from posittune._core import Format
from posittune.exceptions import InputError, UsageError

__all__ = ["Codes", "choose_scales", "decode", "difference", "encode", "pack", "packed_bytes", "quantize", "unpack"]

MOST_THREADS = 1024


def _index(name: str, value) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"`{name}` is a {type(value).__name__}; expected a whole number") from None


def _whole(name: str, value, low: int, high: int) -> int:
    """The argument as a whole number from low to high."""
    number = _index(name, value)
    if not low <= number <= high:
        raise UsageError(f"`{name}` is out of range", name, f"{low} to {high}", str(number))
    return number


def _threads(threads) -> int:
    return _whole("threads", threads, 0, MOST_THREADS)


def _as_format(format) -> Format:
    if isinstance(format, Format):
        return format
    if not isinstance(format, str):
        kind = type(format).__name__
        raise TypeError(f"`format` is a {kind}; expected the name of a format or a posittune.Format")
    return Format(format)


def _array(x, name: str) -> np.ndarray:
    """A NumPy array of what is none."""
    try:
        if hasattr(x, "__dlpack__"):
            return np.from_dlpack(x)
        return np.asarray(x, dtype=np.float32 if isinstance(x, (int, float, list, tuple)) else None)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        parts = (("of", getattr(x, "dtype", None)), ("on", getattr(x, "device", None)))
        found = " ".join([type(x).__name__, *(f"{word} {part}" for word, part in parts if part is not None)])
        raise TypeError(
            f"`{name}` cannot be read as an array; expected float32 on the CPU, found a {found}: {error}"
        ) from error


def _numpy(x, name: str = "x") -> np.ndarray:
    if not isinstance(x, np.ndarray):
        x = _array(x, name)
    if x.dtype != np.float32 or not x.dtype.isnative:
        raise TypeError(
            f"{name} is an array of {x.dtype}; expected float32 in this machine's byte order: "
            f"{name}.astype(np.float32) rounds it"
        )
    return x


@dataclass(frozen=True)
class _Layout:
    """How an array is cut into rows of one scale (or, with groups, of one row of scales) each."""

    moved: bool  # the axis goes to the front first
    rows: int
    cols: int
    channels: int
    repeats: int  # rows / channels

    @staticmethod
    def of(shape: tuple[int, ...], axis: int | None, format: Format, group: int) -> _Layout:
        _whole("group", group, 0, 2**62)
        if group and format.block:
            raise UsageError(f"blocks of {format} have their own scales, so it takes no groups", "group")
        size = math.prod(shape)
        if axis is None:
            cols = shape[-1] if shape and format.block else size
            return _Layout(False, size // cols if cols else 0, cols, 1, 1)
        if not -len(shape) <= _index("axis", axis) < len(shape):
            raise UsageError("the array has no such axis", "axis", f"below {len(shape)}", str(axis))
        axis %= len(shape)
        inner = math.prod(shape[axis + 1 :])
        channels = shape[axis]
        if format.block and axis == len(shape) - 1:
            raise UsageError(
                f"blocks of {format} run along the last axis, so it cannot have a scale for each index", "axis"
            )
        # Groups run through a whole channel, and rows of a few elements are slow: the axis goes to the front, as a copy.
        if axis and (group or inner < 16) and not format.block:
            return _Layout(True, channels, size // channels if channels else 0, channels, 1)
        outer = math.prod(shape[:axis])
        cols = shape[-1] if format.block else inner
        return _Layout(False, size // cols if cols else 0, cols, channels, max(outer, 1))

    def scales(self, values: np.ndarray, group: int) -> np.ndarray:
        """Scales as the kernel takes them, from one for each channel (and group)."""
        if values.size == 1 and not group:
            return values.reshape(1)
        per_channel = -(-self.cols // group) if group else 1
        if values.size != self.channels * per_channel:
            raise UsageError(
                "the number of scales does not fit the array",
                "scale",
                f"1 or {self.channels * per_channel}",
                str(values.size),
            )
        values = values.reshape(self.channels, per_channel)
        rows_per_channel = self.rows // (self.channels * self.repeats) if self.channels else 1
        return np.ascontiguousarray(np.tile(np.repeat(values, rows_per_channel, axis=0), (self.repeats, 1))).reshape(-1)


def _rows(x: np.ndarray, layout: _Layout, axis: int | None) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(x, axis, 0) if layout.moved else x).reshape(-1)


def _back(y: np.ndarray, shape: tuple[int, ...], layout: _Layout, axis: int | None) -> np.ndarray:
    if not layout.moved:
        return y.reshape(shape)
    moved = (shape[axis], *(n for i, n in enumerate(shape) if i != axis % len(shape)))
    return np.ascontiguousarray(np.moveaxis(y.reshape(moved), 0, axis))


def _choose(format: Format, rule: str, flat: np.ndarray, layout: _Layout, threads: int, weights=None) -> np.ndarray:
    if layout.repeats > 1 or layout.rows != layout.channels:
        if layout.channels == 1:
            return _core._choose_scales(format, rule, flat, layout.rows, layout.cols, False, _weights(weights), threads)
        # Elements of a channel side by side.
        inner = layout.rows * layout.cols // max(layout.repeats * layout.channels, 1)
        flat = np.ascontiguousarray(flat.reshape(layout.repeats, layout.channels, inner).swapaxes(0, 1)).reshape(-1)
    cols = flat.size // layout.channels if layout.channels else 0
    return _core._choose_scales(
        format, rule, flat, layout.channels, cols, layout.channels != 1, _weights(weights), threads
    )


def _weights(weights) -> np.ndarray:
    return np.empty(0, np.float32) if weights is None else np.ascontiguousarray(_numpy(weights, "weights")).reshape(-1)


def _scales(format: Format, scale, flat: np.ndarray, layout: _Layout, group: int, threads: int):
    """The scales, one for each channel and group, and whether a rule chose them: then formats saturate."""
    if isinstance(scale, str):
        if group:
            raise UsageError(
                "a rule chooses one scale for a channel, not for groups", "group", "scales given by number"
            )
        chosen = _core._is_chosen_from_data(scale)
        return _choose(format, scale, flat, layout, threads), chosen
    return _numbers(scale), False


def _numbers(scale) -> np.ndarray:
    """A copy of scales that are given by number: `out` may be the array that holds them."""
    try:
        if scale is not None:
            return np.asarray(scale, dtype=np.float32).flatten()
        cause = None
    except (TypeError, ValueError) as error:
        cause = error
    kind = type(scale).__name__
    raise TypeError(f"`scale` is a {kind}; expected a number, an array of numbers or the name of a rule") from cause


def quantize(
    x: ArrayLike,
    format: str | Format,
    scale: float | str | ArrayLike = 1.0,
    axis: int | None = None,
    *,
    group: int = 0,
    out: NDArray[np.float32] | None = None,
    threads: int = 0,
) -> NDArray[np.float32]:
    """Rounds to the nearest value of a format: q(x) = Q(x * s) * (1 / s), ties to even. float32 of the shape of x.

    scale: a number; an array with one for each index of `axis` (and each `group` of columns); or the name of a rule that
        chooses them ("absmax", "rms_pow2", "mse" ..., see scale_rules()). Under a rule what is larger than all that it was
        chosen for becomes the largest value.
    axis: which has a scale for each index (0: output channels of a weight); None: one for the array.
    group: so many elements of a channel (of the array, without `axis`) in the order of the other axes share a scale; 0: all.
    out: a float32 array of the same shape in C order, which may be x itself. x is copied where out shares others of its
        elements.
    threads: 0 for all; 1024 at most.

    A copy of x and one of the result are made where groups run along an axis that is not the first, and where such an
    axis has scales and the axes behind it have fewer than 16 elements (as with the last axis).
    NaN stays NaN; infinities become NaN in posits (NaR) and the largest value in ints and 8-bit floats.
    Raises UsageError (format, axis, number of scales), InputError (a scale that is not positive and finite), TypeError.

    >>> quantize(np.float32([[1, 2, 3], [100, 200, 350]]), "int4", "absmax", axis=0)
    array([[  0.85714287,   2.142857  ,   3.        ],
           [100.        , 200.        , 350.        ]], dtype=float32)
    """
    format, x, threads = _as_format(format), _numpy(x), _threads(threads)
    layout = _Layout.of(x.shape, axis, format, group)
    if out is not None:
        _check_out(out, x.shape)
    order = _order(x)
    if order and out is None and not group and not format.block and not isinstance(scale, str):
        moved = None if axis is None else order.index(axis % x.ndim)
        return quantize(x.transpose(order), format, scale, moved, threads=threads).transpose(np.argsort(order))
    flat = _rows(x, layout, axis)
    scales, saturate = _scales(format, scale, flat, layout, group, threads)
    direct = out is not None and not layout.moved
    if direct and flat.ctypes.data != out.ctypes.data and np.may_share_memory(flat, out):
        flat = flat.copy()
    y = out.reshape(-1) if direct else np.empty(flat.size, np.float32)
    rows = layout.scales(scales, group)
    _core._quantize(format, flat, layout.rows, layout.cols, rows, group, y, saturate, threads)
    if direct:
        return out
    y = _back(y, x.shape, layout, axis)
    if out is None:
        return y
    np.copyto(out, y)
    return out


def _order(x: np.ndarray) -> tuple[int, ...] | None:
    """The axes from the largest stride to the smallest, where x is dense in that order and not in C order."""
    order = tuple(sorted(range(x.ndim), key=lambda i: -x.strides[i]))
    return order if not x.flags.c_contiguous and x.transpose(order).flags.c_contiguous else None


def _check_out(out, shape: tuple[int, ...]) -> None:
    if not isinstance(out, np.ndarray) or out.dtype != np.float32:
        raise TypeError("out is no NumPy array of float32")
    if out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out has to be writable, in C order and of shape {shape}")


def _same(a, b) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return a == b


def same_fields(a, b) -> bool:
    """Whether two dataclasses are equal whose fields may hold arrays, or dicts of them."""
    return all(_same(getattr(a, field.name), getattr(b, field.name)) for field in fields(a))


@dataclass(frozen=True, eq=False)
class Codes:
    """An array as codes of a format, with all that decoding takes. They are equal where all fields and elements are."""

    format: Format
    codes: np.ndarray  # uint8, uint16 or uint32, of the shape of the array
    scales: np.ndarray  # float32: one, or one for each index of `axis` (and group)
    axis: int | None = None
    group: int = 0
    exponents: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint8))  # E8M0, of MX blocks: (rows, blocks)

    def __post_init__(self):
        _check_codes(self.codes)

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, Codes) else NotImplemented

    __hash__ = None

    def decode(self, threads: int = 0) -> NDArray[np.float32]:
        """decode() of these."""
        return decode(self, threads=threads)

    def pack(self, threads: int = 0) -> NDArray[np.uint8]:
        """The codes as one dense little-endian string of bits: uint8."""
        return pack(self.codes, self.format.bits, threads=threads)

    @property
    def nbytes(self) -> int:
        """That storing it takes: packed codes, scales, exponents."""
        return packed_bytes(self.codes.size, self.format.bits) + self.scales.nbytes + self.exponents.nbytes


def _code_type(bits: int):
    return np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32


def encode(
    x: ArrayLike,
    format: str | Format,
    scale: float | str | ArrayLike = 1.0,
    axis: int | None = None,
    *,
    group: int = 0,
    threads: int = 0,
) -> Codes:
    """Codes of Q(x * s); arguments and errors as quantize().

    >>> encode(np.float32([1, -2, 0.75]), "posit<8,1>").codes
    array([ 64, 176,  56], dtype=uint8)
    """
    format, x, threads = _as_format(format), _numpy(x), _threads(threads)
    layout = _Layout.of(x.shape, axis, format, group)
    flat = _rows(x, layout, axis)
    scales, saturate = _scales(format, scale, flat, layout, group, threads)
    codes = np.empty(flat.size, _code_type(format.bits))
    blocks = layout.rows * -(-layout.cols // format.block) if format.block else 0
    exponents = np.empty(blocks, np.uint8)
    rows = layout.scales(scales, group)
    _core._encode(format, flat, layout.rows, layout.cols, rows, group, codes, exponents, saturate, threads)
    codes = _back(codes, x.shape, layout, axis)
    return Codes(format, codes, scales, axis, group, exponents.reshape(layout.rows, -1) if blocks else exponents)


def decode(codes: Codes, *, threads: int = 0) -> NDArray[np.float32]:
    """The values of codes: value(code) * (1 / s), float32, of the shape that was encoded.

    Raises TypeError (codes is no Codes), UsageError (threads; the number of scales), InputError (scales that are not
    positive and finite; the number of exponents).

    >>> decode(encode(np.float32([1, -2, 0.75]), "posit<8,1>"))
    array([ 1.  , -2.  ,  0.75], dtype=float32)
    """
    if not isinstance(codes, Codes):
        raise TypeError(f"`codes` is a {type(codes).__name__}; expected posittune.Codes, as encode() gives them")
    threads = _threads(threads)
    layout = _Layout.of(codes.codes.shape, codes.axis, codes.format, codes.group)
    flat = _rows(codes.codes, layout, codes.axis)
    y = np.empty(flat.size, np.float32)
    rows = layout.scales(codes.scales, codes.group)
    exponents = np.ascontiguousarray(codes.exponents).reshape(-1)
    _core._decode(codes.format, flat, layout.rows, layout.cols, rows, codes.group, y, exponents, threads)
    return _back(y, codes.codes.shape, layout, codes.axis)


def packed_bytes(count: int, bits: int) -> int:
    """Bytes that `count` codes of `bits` bits take, packed. UsageError: bits other than 1 to 32, a count below 0."""
    bits = _whole("bits", bits, 1, 32)
    return _core._packed_bytes(_whole("count", count, 0, 2**63 // bits), bits)


def _check_codes(codes) -> None:
    found = codes.dtype if isinstance(codes, np.ndarray) else type(codes).__name__
    if found not in (np.uint8, np.uint16, np.uint32):
        raise TypeError(f"codes are an array of {found}; expected uint8, uint16 or uint32")


def _fits(largest: int, bits: int) -> None:
    if largest >> bits:
        raise InputError(f"a code has more than {bits} bits", "codes", f"at most {2**bits - 1}", str(largest))


def pack(codes: ArrayLike, bits: int, *, threads: int = 0) -> NDArray[np.uint8]:
    """Codes as one dense little-endian string of bits: code i at bits [i * bits, (i + 1) * bits) of a uint8 array.

    Raises TypeError (codes of another type than uint8, uint16 or uint32), UsageError (bits other than 1 to those of
    that type, threads), InputError (a code of more bits).

    >>> pack(np.uint8([1, 2, 3, 4]), 6)
    array([129,  48,  16], dtype=uint8)
    """
    codes = np.asarray(codes)
    _check_codes(codes)
    bits, threads = _whole("bits", bits, 1, 8 * codes.itemsize), _threads(threads)
    flat = np.ascontiguousarray(codes).reshape(-1)
    _fits(int(flat.max(initial=0)), bits)
    out = np.empty(packed_bytes(flat.size, bits), np.uint8)
    _core._pack(flat, bits, out, threads)
    return out


def unpack(packed: ArrayLike, bits: int, count: int, *, threads: int = 0) -> NDArray[Any]:
    """The `count` codes of `bits` bits that pack() was given, flat.

    Raises TypeError (packed is not of uint8), UsageError (bits other than 1 to 32, a count below 0, threads),
    InputError (bytes of another number than packed_bytes(count, bits)).

    >>> unpack(np.uint8([129, 48, 16]), 6, 4)
    array([1, 2, 3, 4], dtype=uint8)
    """
    packed = np.ascontiguousarray(np.asarray(packed))
    if packed.dtype != np.uint8:
        raise TypeError(f"packed codes are an array of {packed.dtype}; expected uint8")
    threads = _threads(threads)
    if packed.size != packed_bytes(count, bits):
        expected = f"{packed_bytes(count, bits)} for {count} codes of {bits} bits"
        raise InputError("the number of bytes does not fit the codes", "packed", expected, str(packed.size))
    out = np.empty(count, _code_type(bits))
    _core._unpack(packed.reshape(-1), bits, out, threads)
    return out


def choose_scales(
    x: ArrayLike,
    format: str | Format,
    rule: str = "mse_pow2",
    axis: int | None = None,
    *,
    weights: ArrayLike | None = None,
    threads: int = 0,
) -> NDArray[np.float32]:
    """The scales that a rule chooses: float32, one, or one for each index of `axis`. A scale multiplies before rounding.

    weights: importance of each column of a row, as E[x_k^2] of a layer's input; with axis 0 of a matrix.

    Raises UsageError (format, rule, axis, threads), InputError (weights of another number than columns, or that are no
    importance), TypeError.
    """
    format, x, threads = _as_format(format), _numpy(x), _threads(threads)
    if not isinstance(rule, str):
        raise TypeError(f"`rule` is a {type(rule).__name__}; expected a name of scale_rules()")
    layout = _Layout.of(x.shape, axis, format, 0)
    return _choose(format, rule, _rows(x, layout, axis), layout, threads, weights)


def difference(
    x: ArrayLike,
    y: ArrayLike,
    format: str | Format,
    scale: float | str | ArrayLike = 1.0,
    axis: int | None = None,
    *,
    threads: int = 0,
) -> dict[str, float]:
    """What rounding did to x, of which y is the result with the same arguments.

    count, nonfinite (NaN and infinities in x), saturated (|x s| above the largest value), overflowed (finite x, infinite
    y), to_zero, max_error (largest |y - x|), sqnr_db (10 log10 of signal / noise, over finite x).

    Raises UsageError (format, axis, number of scales, threads), InputError (a scale that is not positive and finite),
    TypeError, ValueError (x and y of different shapes).
    """
    format, x, y, threads = _as_format(format), _numpy(x), _numpy(y, "y"), _threads(threads)
    if x.shape != y.shape:
        raise ValueError(f"x and y have shapes {x.shape} and {y.shape}")
    layout = _Layout.of(x.shape, axis, format, 0)
    flat = _rows(x, layout, axis)
    scales, _ = _scales(format, scale, flat, layout, 0, threads)
    rows = layout.scales(scales, 0)
    return _core._difference(format, flat, _rows(y, layout, axis), layout.rows, layout.cols, rows, 0, threads)
