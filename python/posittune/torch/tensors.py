"""Formats on tensors of any device: quantize(), encode(), decode(), and the operator `posittune::quantize` behind them.

On the CPU the library's kernels do it, on CUDA devices those of posittune_cuda where it was built (device.py); elsewhere, and
for blocks on devices, integer operations of PyTorch (rounding.py). All give the same bits.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from posittune import _core, arrays
from posittune._core import Format
from posittune.arrays import _Layout
from posittune.exceptions import InputError, UsageError
from posittune.torch import device
from posittune.torch.rounding import (
    Grid,
    block_exponents,
    decode_grid,
    encode_grid,
    grid_of,
    round_grid,
    scaled,
    shared_powers,
)
from posittune.torch.scale_rules import choose

_EXACT = (torch.float32, torch.float16, torch.bfloat16)  # types whose values float32 holds


def _as_float32(x: torch.Tensor) -> torch.Tensor:
    if x.dtype not in _EXACT:
        raise TypeError(f"x is a tensor of {x.dtype}; expected float32, float16 or bfloat16: x.float() rounds it")
    return x.to(torch.float32)


def _check_float32(x: torch.Tensor) -> None:
    if x.dtype != torch.float32:
        raise TypeError(f"posittune::quantize: x is a tensor of {x.dtype}; expected float32")


def _rows(x: torch.Tensor, layout: _Layout, axis: int | None) -> torch.Tensor:
    return (x.movedim(axis, 0) if layout.moved else x).reshape(layout.rows, layout.cols)


def _back(y: torch.Tensor, shape: torch.Size, layout: _Layout, axis: int | None) -> torch.Tensor:
    if not layout.moved:
        return y.reshape(shape)
    axis %= len(shape)
    moved = (shape[axis], *(n for i, n in enumerate(shape) if i != axis))
    return y.reshape(moved).movedim(0, axis).contiguous()


def _check_count(scales: torch.Tensor, layout: _Layout, group: int) -> int:
    """Checks the number of scales; gives how many each channel has."""
    per_channel = -(-layout.cols // group) if group else 1
    expected = layout.channels * per_channel
    if scales.numel() != expected and (scales.numel() != 1 or group):
        found = str(scales.numel())
        raise UsageError("the number of scales does not fit the tensor", "scale", f"1 or {expected}", found)
    return per_channel


def _row_scales(scales: torch.Tensor, layout: _Layout, group: int) -> torch.Tensor:
    """One for each element, or what broadcasts to that. A scale that is not usable gives NaN: on a device, asking whether
    one is not would wait for it."""
    per_channel = _check_count(scales, layout, group)
    usable = (scales > 0) & scales.isfinite() & (1 / scales).isfinite()
    scales = torch.where(usable, scales, math.nan).to(torch.float32)
    if scales.numel() == 1:
        return scales.reshape(1, 1)
    each = layout.rows // max(1, layout.channels * layout.repeats)
    rows = scales.reshape(layout.channels, per_channel).repeat_interleave(each, 0).repeat(layout.repeats, 1)
    return rows.repeat_interleave(group, 1)[:, : layout.cols] if group else rows


def _for_cpu(x: torch.Tensor, format: Format, scales: torch.Tensor, axis: int | None, group: int):
    """What the CPU's kernels take: elements, rows, columns, scales, group; and the layout."""
    layout = _Layout.of(tuple(x.shape), axis, format, group)
    flat = _rows(x.detach(), layout, axis).contiguous().numpy().reshape(-1)
    given = scales.detach().to("cpu", torch.float32).contiguous().numpy().reshape(-1)
    return (flat, layout.rows, layout.cols, layout.scales(given, group), group), layout


def _unscaled(y: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """y * (1 / scale), with one pattern of NaN: a product of NaN has another one on CUDA devices."""
    y = y * (1 / scale)
    return torch.where(y.isnan(), math.nan, y)


def _shared(grid: Grid, x: torch.Tensor, scale: torch.Tensor):
    """Shared exponents of blocks, and 2^exponent and 2^-exponent of each element."""
    exponents = block_exponents(grid, x * scale)
    return exponents, shared_powers(grid, exponents, x.shape[1]), shared_powers(grid, -exponents, x.shape[1])


def quantize_anywhere(
    x: torch.Tensor, format: str, scales: torch.Tensor, axis: int | None = None, group: int = 0, saturate: bool = False
) -> torch.Tensor:
    """The operator in operations of PyTorch alone: float32 of the shape of x. Bit-equal to the kernels of the CPU."""
    grid, layout = grid_of(format, saturate), _Layout.of(tuple(x.shape), axis, Format(format), group)
    rows = _rows(_as_float32(x), layout, axis)
    scale = _row_scales(scales, layout, group)
    if grid.block and rows.numel():
        _, power, inverse = _shared(grid, rows, scale)
        y = round_grid(grid, rows * scale, inverse) * power
    else:
        y = round_grid(grid, rows, scale)
    return _back(_unscaled(y, scale), x.shape, layout, axis).contiguous()


@torch.library.custom_op("posittune::quantize", mutates_args=())
def quantize_op(
    x: torch.Tensor, format: str, scales: torch.Tensor, axis: int | None = None, group: int = 0, saturate: bool = False
) -> torch.Tensor:
    """q(x) = Q(x * s) * (1 / s) of a float32 tensor; what quantize() calls. Its gradient is that of the identity."""
    _check_float32(x)
    return quantize_anywhere(x, format, scales, axis, group, saturate)


@quantize_op.register_kernel("cpu")
def _(x, format, scales, axis=None, group=0, saturate=False):
    _check_float32(x)
    kind = Format(format)
    matrix, layout = _for_cpu(x, kind, scales, axis, group)
    y = np.empty(x.numel(), np.float32)  # NumPy's large arrays have large pages
    _core._quantize(kind, *matrix, y, saturate, torch.get_num_threads())
    return _back(torch.from_numpy(y), x.shape, layout, axis)


def _for_kernels(x: torch.Tensor, format: Format, scales: torch.Tensor, axis: int | None, group: int):
    """What the device's kernels take: the matrix, scales, channels, group; and the layout."""
    layout = _Layout.of(tuple(x.shape), axis, format, group)
    _check_count(scales, layout, group)
    scales = scales.detach().to(x.device, torch.float32).contiguous()
    return (_rows(x.detach(), layout, axis).contiguous(), scales, layout.channels, group), layout


def quantize_by(
    library: device.Library,
    x: torch.Tensor,
    format: str,
    scales: torch.Tensor,
    axis: int | None = None,
    group: int = 0,
    saturate: bool = False,
) -> torch.Tensor:
    """The operator by a device.Library; formats without blocks."""
    (rows, *of_scales), layout = _for_kernels(x, Format(format), scales, axis, group)
    return _back(library.quantize(rows, format, saturate, *of_scales), x.shape, layout, axis).contiguous()


@quantize_op.register_kernel("cuda")
def _(x, format, scales, axis=None, group=0, saturate=False):
    _check_float32(x)
    library = device.library()
    if library is None or Format(format).block:
        return quantize_anywhere(x, format, scales, axis, group, saturate)
    return quantize_by(library, x, format, scales, axis, group, saturate)


@quantize_op.register_fake
def _(x, format, scales, axis=None, group=0, saturate=False):
    _check_float32(x)
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _straight_through(context, gradient):
    return gradient, None, None, None, None, None


quantize_op.register_autograd(_straight_through)


def _scales(x: torch.Tensor, format: str | Format, scale, axis: int | None, group: int) -> tuple[torch.Tensor, bool]:
    """The scales, and whether a rule chose them: then formats saturate."""
    if isinstance(scale, str):
        if group:
            raise UsageError("a rule chooses no scales for groups", "group", "scales given by number")
        return choose(x, arrays._as_format(format), scale, axis), _core._is_chosen_from_data(scale)
    if isinstance(scale, torch.Tensor):
        return scale.to(x.device, torch.float32), False
    if not isinstance(scale, (int, float)):
        return torch.as_tensor(np.asarray(scale, np.float32), device=x.device), False
    if not (scale > 0 and math.isfinite(scale)):
        raise InputError("scale is not usable", "scale", "finite and positive", str(scale))
    return torch.full((1,), float(scale), dtype=torch.float32, device=x.device), False


def quantize(
    x: torch.Tensor,
    format: str | Format,
    scale: float | str | torch.Tensor | ArrayLike = 1.0,
    axis: int | None = None,
    *,
    group: int = 0,
    saturate: bool | None = None,
) -> torch.Tensor:
    """Rounds to the nearest value of a format: q(x) = Q(x * s) * (1 / s), ties to even. A tensor of x's shape and type.

    x: float32; float16 and bfloat16 are computed in float32 and the result rounded to their type, which is exact where it
        holds the format's values. float64 is refused: rounding it twice would not be the nearest.
    scale: a number; a tensor or array with one for each index of `axis` (and each `group` of columns); or the name of a
        rule that chooses them. For tensors on devices "absmax", "rms_pow2" and "mean_pow2" choose from statistics that are taken
        there; "mse_pow2" and "mse" search on the CPU, on a copy of x. All choose the same bits as posittune.choose_scales().
    axis, group: as posittune.quantize().
    saturate: what overflows becomes the largest value in each format; None: where a rule chose the scale.

    The gradient is that of the identity (straight-through). Works under torch.compile. With fullgraph=True the format
    has to be a name and the scale a number, tensor or array: a Format object and the name of a rule break the graph,
    and so do encode() and decode().
    On the CPU a scale that is not positive and finite raises InputError; elsewhere its elements become NaN.
    Raises UsageError (format, axis, number of scales), TypeError.

    >>> quantize(torch.tensor([0.1, -3, 20]), "posit<8,1>").tolist()
    [0.1015625, -3.0, 20.0]
    """
    name = format if isinstance(format, str) else arrays._as_format(format).name  # compilers do not look into formats
    y = _as_float32(x)
    scales, chosen = _scales(y, name, scale, axis, group)
    return quantize_op(y, name, scales, axis, group, chosen if saturate is None else saturate).to(x.dtype)


@dataclass(frozen=True)
class Codes:
    """A tensor as codes of a format, with all that decoding takes; as posittune.Codes."""

    format: Format
    codes: torch.Tensor  # uint8, uint16 or uint32, of the shape of the tensor
    scales: torch.Tensor  # float32: one, or one for each index of `axis` (and group)
    axis: int | None = None
    group: int = 0
    exponents: torch.Tensor | None = None  # E8M0 of MX blocks, uint8: (rows, blocks)

    def decode(self) -> torch.Tensor:
        """decode() of these."""
        return decode(self)


def encode_by(
    library: device.Library,
    x: torch.Tensor,
    format: Format,
    scales: torch.Tensor,
    axis: int | None,
    group: int,
    saturate: bool,
) -> Codes:
    """encode() by a device.Library; formats without blocks."""
    (rows, *of_scales), layout = _for_kernels(x, format, scales, axis, group)
    codes = library.encode(rows, format.name, saturate, *of_scales)
    return Codes(format, _back(codes, x.shape, layout, axis), scales, axis, group)


def decode_by(library: device.Library, codes: Codes) -> torch.Tensor:
    """decode() by a device.Library; formats without blocks."""
    plain = codes.codes.to(device.code_type(codes.format.bits))
    of_scales = (codes.scales, codes.axis, codes.group)
    (rows, *of_rows), layout = _for_kernels(plain, codes.format, *of_scales)
    return _back(library.decode(rows, codes.format.name, *of_rows), plain.shape, layout, codes.axis)


def encode_anywhere(
    x: torch.Tensor, format: str, scales: torch.Tensor, axis: int | None = None, group: int = 0, saturate: bool = False
) -> Codes:
    """encode() in operations of PyTorch alone, bit-equal to the CPU's kernels. Scales that are not usable are NaN."""
    kind, grid = Format(format), grid_of(format, saturate)
    layout = _Layout.of(tuple(x.shape), axis, kind, group)
    rows, each = _rows(_as_float32(x.detach()), layout, axis), _row_scales(scales, layout, group)
    exponents = None
    if grid.block and rows.numel():
        shared, _, inverse = _shared(grid, rows, each)
        rows, each, exponents = rows * each, inverse, (shared + 127).to(torch.uint8)
    codes = encode_grid(grid, scaled(grid, rows, each)).to(device.code_type(kind.bits))
    return Codes(kind, _back(codes, x.shape, layout, axis).contiguous(), scales, axis, group, exponents)


def decode_anywhere(codes: Codes) -> torch.Tensor:
    """decode() in operations of PyTorch alone, bit-equal to the CPU's kernels. Scales that are not usable are NaN."""
    shape = codes.codes.shape
    grid, layout = grid_of(codes.format.name), _Layout.of(tuple(shape), codes.axis, codes.format, codes.group)
    y = decode_grid(grid, _rows(codes.codes.to(torch.int64), layout, codes.axis))
    if codes.exponents is not None:
        exponents = codes.exponents.to(torch.int64)
        powers = shared_powers(grid, exponents - 127, layout.cols)
        y = y * torch.where(exponents.repeat_interleave(grid.block, 1)[:, : layout.cols] == 255, math.nan, powers)
    return _back(_unscaled(y, _row_scales(codes.scales, layout, codes.group)), shape, layout, codes.axis).contiguous()


def _encode_on_cpu(
    x: torch.Tensor, format: Format, scales: torch.Tensor, axis: int | None, group: int, saturate: bool
) -> Codes:
    matrix, layout = _for_cpu(x, format, scales, axis, group)
    codes = np.empty(x.numel(), arrays._code_type(format.bits))
    blocks = -(-layout.cols // format.block) if format.block else 0
    shared = np.empty(layout.rows * blocks, np.uint8)
    _core._encode(format, *matrix, codes, shared, saturate, torch.get_num_threads())
    exponents = torch.from_numpy(shared).reshape(layout.rows, blocks) if shared.size else None
    return Codes(format, _back(torch.from_numpy(codes), x.shape, layout, axis), scales, axis, group, exponents)


def _decode_on_cpu(codes: Codes) -> torch.Tensor:
    plain = codes.codes.detach().to(device.code_type(codes.format.bits)).numpy()
    scales = codes.scales.detach().to("cpu", torch.float32).numpy().reshape(-1)
    shared = np.empty(0, np.uint8) if codes.exponents is None else codes.exponents.to(torch.uint8).numpy()
    of = arrays.Codes(codes.format, plain, scales, codes.axis, codes.group, shared)
    return torch.from_numpy(arrays.decode(of, threads=torch.get_num_threads()))


def encode(
    x: torch.Tensor,
    format: str | Format,
    scale: float | str | torch.Tensor | ArrayLike = 1.0,
    axis: int | None = None,
    *,
    group: int = 0,
) -> Codes:
    """Codes of Q(x * s); arguments and errors as quantize().

    >>> encode(torch.tensor([1, -2, 0.75]), "posit<8,1>").codes.tolist()
    [64, 176, 56]
    """
    format, y = arrays._as_format(format), _as_float32(x.detach())
    scales, chosen = _scales(y, format, scale, axis, group)
    if y.device.type == "cpu":
        return _encode_on_cpu(y, format, scales, axis, group, chosen)
    library = device.library() if y.is_cuda and not format.block else None
    if library is not None:
        return encode_by(library, y, format, scales, axis, group, chosen)
    return encode_anywhere(y, format.name, scales, axis, group, chosen)


def decode(codes: Codes) -> torch.Tensor:
    """The values of codes: value(code) * (1 / s), float32, of the shape that was encoded. Errors as quantize().

    >>> decode(encode(torch.tensor([1, -2, 0.75]), "posit<8,1>")).tolist()
    [1.0, -2.0, 0.75]
    """
    if codes.codes.device.type == "cpu":
        return _decode_on_cpu(codes)
    library = device.library() if codes.codes.is_cuda and not codes.format.block else None
    return decode_anywhere(codes) if library is None else decode_by(library, codes)
