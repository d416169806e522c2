"""Scales that rules choose for tensors of any device.

On the CPU the library chooses. On devices, rules that do not search take the tensor's statistics there, by operations of PyTorch
in the library's order of sums (kernels/statistics.h), which gives the same bits; the library makes scales of them, so that a few
numbers for each scale and each 4096 elements go to the CPU. Rules that search measure candidates on all data: for these a copy
of the tensor goes to the CPU.
"""

import numpy as np
import torch

from posittune import _core
from posittune.arrays import _Layout, choose_scales

ON_DEVICES = ("none", "absmax", "rms_pow2", "mean_pow2")
_CHUNK, _LANES = 4096, 16  # kernels/target.h


def _sums(magnitudes: torch.Tensor, square: bool) -> np.ndarray:
    """Sums of each row of a float32 matrix, or of its squares, as float64: in 16 interleaved lanes, and in chunks."""
    rows, cols = magnitudes.shape
    chunk = _CHUNK if cols > _CHUNK else -(-cols // _LANES) * _LANES
    padded = torch.nn.functional.pad(magnitudes, (0, -cols % chunk))  # adding zeros changes nothing
    groups = padded.reshape(rows, -1, chunk // _LANES, _LANES)
    lanes = torch.zeros((rows, groups.shape[1], _LANES), dtype=torch.float64, device=magnitudes.device)
    for i in range(groups.shape[2]):
        part = groups[:, :, i].to(torch.float64)
        lanes += part * part if square else part  # squares of floats are exact
    total = lanes[..., 0]
    for i in range(1, _LANES):
        total = total + lanes[..., i]
    return np.cumsum(total.cpu().numpy(), 1)[:, -1]  # one after the other


def _choose(matrix: torch.Tensor, format: _core.Format, rule: str, per_row: bool) -> np.ndarray:
    if rule == "none":
        return np.ones(len(matrix) if per_row else 1, np.float32)
    finite = matrix.isfinite()
    magnitudes = torch.where(finite, matrix.abs(), 0.0)
    count, absmax = finite.sum(1).cpu().numpy().astype(np.uint64), magnitudes.amax(1).cpu().numpy()
    sums = np.zeros(len(matrix)) if rule == "absmax" else _sums(magnitudes, rule == "rms_pow2")
    if not per_row:
        count, absmax, sums = count.sum(keepdims=True), absmax.max(keepdims=True), np.cumsum(sums)[-1:]
    return _core._direct_scales(format, rule, count, absmax, sums, sums)


def choose_on_device(x: torch.Tensor, format: _core.Format, rule: str, axis: int | None) -> torch.Tensor:
    """The scales of posittune.choose_scales() for a float32 tensor with elements, by a rule of ON_DEVICES."""
    layout = _Layout.of(tuple(x.shape), axis, format, 0)
    one = layout.channels == 1
    matrix = x.reshape(layout.rows, layout.cols) if one else x.movedim(axis, 0).reshape(layout.channels, -1)
    return torch.from_numpy(_choose(matrix, format, rule, not one)).to(x.device)


def choose(x: torch.Tensor, format: _core.Format, rule: str, axis: int | None) -> torch.Tensor:
    """The scales that a rule chooses for a float32 tensor, on its device."""
    x = x.detach()
    known = rule in ON_DEVICES and x.numel() and x.device.type != "mps"  # which has no float64
    if known and x.device.type != "cpu":
        return choose_on_device(x, format, rule, axis)
    return torch.from_numpy(choose_scales(x.cpu().numpy(), format, rule, axis)).to(x.device)
