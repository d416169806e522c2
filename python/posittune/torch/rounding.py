"""Codes of formats in integer operations of PyTorch: of any device, in shapes of any kind, the same bits as the kernels.

A float32 is taken apart into exponent and significand as int64; a code is the bit string of the format, rounded to nearest,
ties to even; a value is put together as float64, which holds every value of every format, and rounded once to float32.
That is what the library's scalar codecs do (formats/posit.cc, minifloat.cc, integer.cc, kernels/scalar.cc).
"""

import functools
import math
import re
import struct
from dataclasses import dataclass

import torch

from posittune._core import Format

_MAGNITUDE = 0x7FFF_FFFF
_FRACTION = 0x7F_FFFF
_SMALLEST = 2.0**-149
_LARGEST = float.fromhex("0x1.fffffep127")


@dataclass(frozen=True)
class Grid:
    """The numbers that rounding to a format takes. Of a block format, those of its elements."""

    family: str  # "posit", "int", "float"
    bits: int
    exponent_bits: int  # posit: es; float: exponent field
    mantissa_bits: int  # float
    unit_exponent: int  # int: log2 of one step
    max_code: int
    nan_code: int | None
    overflow_code: int  # float: what is beyond the largest value, and infinity
    infinity_code: int | None
    flush: bool  # posit: |x| < minpos / 2 becomes zero
    low: float  # posit: |x| is at least this before rounding, where x is not zero
    high: float  # posit: and at most this
    block: int  # elements that share an exponent; 0: none
    block_exponent: int  # that of the largest element

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1


def _as_float(x: float) -> float:
    return struct.unpack("f", struct.pack("f", x))[0]


def _fits(x: float) -> bool:
    return abs(x) <= _LARGEST and _as_float(x) == x


def _float_end(format: Format, extreme: float, start: float, step: int) -> float:
    """The value of a posit nearest to its end (`extreme`) that float32 holds; formats/codec.cc, float_range()."""
    if _fits(extreme):
        return extreme
    code = format.encode(start)
    while not _fits(format.decode(code)):
        code += step
    return format.decode(code)


@functools.lru_cache(maxsize=256)
def grid_of(name: str, saturate: bool = False) -> Grid:
    """Grid of a format by name. saturate: what overflows becomes the largest value in fp16, bf16 and wide floats too.

    Raises UsageError for unknown names.
    """
    format = Format(name)
    numbers = [int(digits) for digits in re.findall(r"\d+", format.name)]
    family = "posit" if format.name.startswith("posit") else "int" if "int" in format.name else "float"
    mantissa_bits = format.significand_bits - 1
    exponent_bits = numbers[1] if family == "posit" else format.bits - 1 - mantissa_bits
    max_code = format.encode(format.max)
    infinity = ((1 << exponent_bits) - 1) << mantissa_bits if family == "float" and format.has_infinity else None
    low = _SMALLEST
    if family == "posit" and not _fits(format.min):
        low = _float_end(format, format.min, _SMALLEST, 1)
    return Grid(
        family=family,
        bits=format.bits,
        exponent_bits=exponent_bits,
        mantissa_bits=mantissa_bits,
        unit_exponent=round(math.log2(format.min)) if family == "int" else 0,
        max_code=max_code,
        nan_code=format.nan_code,
        overflow_code=infinity if infinity is not None and format.bits > 8 and not saturate else max_code,
        infinity_code=infinity,
        flush=format.name.endswith("ftz"),
        low=low,
        high=_float_end(format, format.max, _LARGEST, -1) if family == "posit" else _LARGEST,
        block=format.block,
        block_exponent=math.frexp(format.max)[1] - 1,
    )


def _unpacked(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(exponent, fraction) of |y| = (1 + fraction / 2^23) * 2^exponent as int64, subnormals as other numbers; for zero,
    infinities and NaN without a meaning."""
    pattern = y.view(torch.int32) & _MAGNITUDE
    # m * 2^-149 is m as a float, which is exact, with a smaller exponent.
    scaled = pattern.to(torch.float32).view(torch.int32) - (149 << 23)
    pattern = torch.where(pattern <= _FRACTION, scaled, pattern).to(torch.int64)
    return (pattern >> 23) - 127, pattern & _FRACTION


def _rounded(bits: torch.Tensor, drop: torch.Tensor) -> torch.Tensor:
    """bits / 2^drop to nearest, ties to even; drop from 0."""
    odd = bits >> drop & 1
    half = torch.ones_like(drop) << drop >> 1
    return bits + (half - 1 + odd).clamp(min=0) >> drop


def _encode_posit(grid: Grid, exponent: torch.Tensor, fraction: torch.Tensor) -> torch.Tensor:
    n, es = grid.bits, grid.exponent_bits
    if n == 2:
        return torch.ones_like(exponent)
    regime = exponent >> es
    k = regime.clamp(2 - n, n - 3)
    long = k.clamp(min=0)
    # k + 1 ones and a zero, or -k zeros and a one
    string = torch.where(k >= 0, (torch.full_like(k, 2) << long + 1) - 2, 1)
    string = (string << es | exponent & (1 << es) - 1) << 23 | fraction
    drop = torch.where(k >= 0, k + 2, 1 - k) + (es + 24 - n)
    code = _rounded(string << (-drop).clamp(min=0), drop.clamp(min=0))
    code = torch.where(regime > n - 3, grid.max_code, code)
    code = torch.where(regime < 2 - n, 1, code)
    return torch.where(exponent < -(n - 2 << es) - 1, 0, code) if grid.flush else code


def _encode_float(grid: Grid, exponent: torch.Tensor, fraction: torch.Tensor) -> torch.Tensor:
    smallest = 2 - (1 << grid.exponent_bits - 1)
    normal = exponent.clamp(min=smallest)
    drop = (23 - grid.mantissa_bits + normal - exponent).clamp(max=26)  # 2^24 / 2^26 is below a half
    # The hidden bit carries into the exponent field by itself.
    code = (normal - smallest << grid.mantissa_bits) + _rounded(fraction | 1 << 23, drop)
    return torch.where(code > grid.max_code, grid.overflow_code, code)


def _encode_int(grid: Grid, exponent: torch.Tensor, fraction: torch.Tensor) -> torch.Tensor:
    drop = (23 + grid.unit_exponent - exponent).clamp(0, 26)
    return _rounded(fraction | 1 << 23, drop).clamp(max=grid.max_code)


_ENCODERS = {"posit": _encode_posit, "float": _encode_float, "int": _encode_int}


def encode_grid(grid: Grid, y: torch.Tensor) -> torch.Tensor:
    """The code nearest to each float32 of y, as int64 of its shape; specials as formats/codec.h says."""
    code = _ENCODERS[grid.family](grid, *_unpacked(y))
    code = torch.where(y == 0, 0, code)
    infinite = (
        grid.nan_code if grid.family == "posit" else grid.overflow_code if grid.family == "float" else grid.max_code
    )
    code = torch.where(y.isinf(), infinite, code)
    negative = y.view(torch.int32) < 0
    if grid.family == "float":
        code = torch.where(negative, code | 1 << grid.bits - 1, code)
    else:
        code = torch.where(negative, -code & grid.mask, code)
    return torch.where(y.isnan(), grid.max_code if grid.nan_code is None else grid.nan_code, code)


def _power(exponent: torch.Tensor) -> torch.Tensor:
    """2^exponent as float64, for normal ones."""
    return (exponent + 1023 << 52).view(torch.float64)


def _bit_length(x: torch.Tensor) -> torch.Tensor:
    """Bit length of each int64 from 0 to 2^53."""
    return ((x.to(torch.float64).view(torch.int64) >> 52) - 1022).clamp(min=0)


def _decode_posit(grid: Grid, code: torch.Tensor) -> torch.Tensor:
    n, es = grid.bits, grid.exponent_bits
    negative = code >> n - 1 != 0
    positive = torch.where(negative, -code & grid.mask, code)
    ones = positive >> n - 2 & 1 != 0
    left = _bit_length(torch.where(ones, ~positive & grid.mask >> 1, positive))  # bits that follow the regime's run
    run = n - 1 - left
    tail_bits = (left - 1).clamp(min=0)
    tail = positive & (torch.ones_like(left) << tail_bits) - 1
    tail = tail << n - 1 + es - tail_bits  # es bits of exponent and n - 1 of fraction; what was cut reads as zero
    exponent = (torch.where(ones, run - 1, -run) << es) + (tail >> n - 1)
    fraction = tail & (1 << n - 1) - 1
    value = (exponent + 1023 << 52 | fraction << 53 - n).view(torch.float64)
    value = torch.where(negative, -value, value)
    value = torch.where(code == 0, 0.0, value)
    return torch.where(code == grid.nan_code, math.nan, value)


def _decode_float(grid: Grid, code: torch.Tensor) -> torch.Tensor:
    magnitude = code & grid.mask >> 1
    field = magnitude >> grid.mantissa_bits
    hidden = torch.where(field == 0, 0, 1 << grid.mantissa_bits)
    significand = hidden | magnitude & (1 << grid.mantissa_bits) - 1
    bias = (1 << grid.exponent_bits - 1) - 1
    value = significand.to(torch.float64) * _power(field.clamp(min=1) - bias - grid.mantissa_bits)
    if grid.infinity_code is not None:
        value = torch.where(magnitude == grid.infinity_code, math.inf, value)
        value = torch.where(magnitude > grid.infinity_code, math.nan, value)
    elif grid.nan_code is not None:
        value = torch.where(magnitude == grid.nan_code, math.nan, value)
    return torch.where(code > grid.mask >> 1, -value, value)


def _decode_int(grid: Grid, code: torch.Tensor) -> torch.Tensor:
    signed = torch.where(code > grid.mask >> 1, code - grid.mask - 1, code)
    return torch.where(code == grid.nan_code, math.nan, signed.to(torch.float64) * 2.0**grid.unit_exponent)


_DECODERS = {"posit": _decode_posit, "float": _decode_float, "int": _decode_int}


def decode_grid(grid: Grid, code: torch.Tensor) -> torch.Tensor:
    """The value of each code, float32; bits above the format's are ignored. Beyond float32's range (posit<32,4>):
    infinity or zero. NaN for NaN and NaR."""
    value = _DECODERS[grid.family](grid, code.to(torch.int64) & grid.mask).to(torch.float32)
    return torch.where(value.isnan(), math.nan, value)  # one pattern of NaN


def scaled(grid: Grid, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """x * scale as the codecs see it: of posits, scaling makes of no finite number zero or infinity; kernels/scalar.cc."""
    y = x * scale
    if grid.family != "posit":
        return y
    clamped = torch.copysign(y.abs().clamp(grid.low, grid.high), x)
    keep = (x == 0) | ~x.isfinite()
    return torch.where(keep | (y == 0) if grid.flush else keep, y, clamped)


def round_grid(grid: Grid, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Q(x * scale), before the scale is undone: float32. NaN stays NaN in formats without a code for it."""
    y = scaled(grid, x, scale)
    return torch.where(y.isnan(), math.nan, decode_grid(grid, encode_grid(grid, y)))


def block_exponents(grid: Grid, y: torch.Tensor) -> torch.Tensor:
    """The exponents that blocks along the last dimension share: int64, of the shape of y but ceil(cols / block) in the last.
    y is scaled; infinities and NaN do not count. OCP MX v1.0, 6.3."""
    magnitude = torch.where(y.isfinite(), y.abs(), 0.0)
    missing = -y.shape[-1] % grid.block
    blocks = torch.nn.functional.pad(magnitude, (0, missing)).unflatten(-1, (-1, grid.block))
    largest = blocks.amax(-1)
    exponent = (_unpacked(largest)[0] - grid.block_exponent).clamp(-127, 127)
    return torch.where(largest == 0, -127, exponent)


def shared_powers(grid: Grid, exponent: torch.Tensor, cols: int) -> torch.Tensor:
    """2^exponent of each element's block, float32, exact: the last dimension is cols again."""
    return _power(exponent).to(torch.float32).repeat_interleave(grid.block, -1)[..., :cols]
