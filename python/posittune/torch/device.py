"""The library posittune_cuda: kernels for tensors on CUDA devices, where it was built (scripts/cuda, docs/cuda.md).

POSITTUNE_CUDA in the environment names it; "off" means to do without. Otherwise it is looked for beside this file.
"""

import ctypes
import functools
import os
from pathlib import Path

import torch

from posittune import _core
from posittune.exceptions import InputError, UsageError

FILE = "libposittune_cuda.so"


class _Layout(ctypes.Structure):
    """rows, cols, channels, group: cuda/device_api.h."""

    _fields_ = [(name, ctypes.c_int64) for name in ("rows", "cols", "channels", "group")]


_POINTER, _LONG = ctypes.c_void_p, ctypes.c_int64
_FUNCTIONS = {
    "quantize": [ctypes.c_char_p, _POINTER, _Layout, _POINTER, _POINTER, _POINTER],
    "encode": [ctypes.c_char_p, _POINTER, _Layout, _POINTER, _POINTER, _POINTER],
    "decode": [ctypes.c_char_p, _POINTER, _Layout, _POINTER, _POINTER, _POINTER],
    "errors": [ctypes.c_char_p, _POINTER, _LONG, _LONG, _POINTER, _POINTER, _LONG, ctypes.c_int, *[_POINTER] * 3],
}


def code_type(bits: int) -> torch.dtype:
    """The type of codes of so many bits."""
    return torch.uint8 if bits <= 8 else torch.uint16 if bits <= 16 else torch.uint32


class Library:
    """posittune_cuda, loaded. Tensors are contiguous, of the shapes that are said, all on one device.

    UsageError: the file is no such library, or of another version.
    """

    def __init__(self, path: str):
        try:
            self._library = ctypes.CDLL(path)
            found = self._library.posittune_cuda_abi()
        except (OSError, AttributeError) as error:
            raise UsageError("the CUDA library cannot be loaded", path, FILE, str(error), "scripts/cuda") from error
        if found != _core._device_abi:
            expected = str(_core._device_abi)
            raise UsageError("the CUDA library is of another version", path, expected, str(found), "scripts/cuda")
        for name, arguments in _FUNCTIONS.items():
            function = getattr(self._library, f"posittune_cuda_{name}")
            function.argtypes, function.restype = arguments, ctypes.c_int
        self._library.posittune_cuda_message.restype = ctypes.c_char_p
        self._library.posittune_cuda_errors_workspace.argtypes = [_LONG] * 3
        self._library.posittune_cuda_errors_workspace.restype = _LONG

    def _call(self, name: str, tensor: torch.Tensor, *arguments) -> None:
        function = getattr(self._library, f"posittune_cuda_{name}")
        if not tensor.is_cuda:  # the library that tests compile for the CPU
            error = function(*arguments, None)
        else:
            with torch.cuda.device(tensor.device):
                error = function(*arguments, torch.cuda.current_stream().cuda_stream)
        if error:
            message = self._library.posittune_cuda_message(error).decode()
            raise RuntimeError(f"posittune_cuda: {name}: {message}")

    def quantize(self, x, format: str, saturate: bool, scales, channels: int, group: int) -> torch.Tensor:
        """Q(x * s) * (1 / s) of a float32 matrix, a float32 matrix.

        scales: float32; one, or for each channel one for each `group` columns (0: of the row). Row r is of channel
            r % channels.
        """
        y = torch.empty_like(x)
        parameters, layout = _core._device_parameters(format, saturate), _layout(x, scales, channels, group)
        self._call("quantize", x, parameters, x.data_ptr(), layout, scales.data_ptr(), y.data_ptr())
        return y

    def encode(self, x, format: str, saturate: bool, scales, channels: int, group: int) -> torch.Tensor:
        """Codes of Q(x * s), of code_type(); arguments as quantize()."""
        codes = torch.empty(x.shape, dtype=code_type(_core.Format(format).bits), device=x.device)
        parameters, layout = _core._device_parameters(format, saturate), _layout(x, scales, channels, group)
        self._call("encode", x, parameters, x.data_ptr(), layout, scales.data_ptr(), codes.data_ptr())
        return codes

    def decode(self, codes, format: str, scales, channels: int, group: int) -> torch.Tensor:
        """value(code) * (1 / s), float32, of codes of code_type(); arguments as quantize()."""
        y = torch.empty(codes.shape, dtype=torch.float32, device=codes.device)
        parameters, layout = _core._device_parameters(format, False), _layout(codes, scales, channels, group)
        self._call("decode", codes, parameters, codes.data_ptr(), layout, scales.data_ptr(), y.data_ptr())
        return y

    def errors(self, x, format: str, saturate: bool, candidates, weights=None) -> torch.Tensor:
        """float64 (rows, k): the sum over the columns of w * (q(x) - x)^2 for each row and candidate scale; x that are not
        finite count nothing. The bits of the CPU's sums.

        candidates: float32 (k,) for all rows, or (rows, k). weights: float32 (cols,).
        """
        (rows, cols), k = x.shape, candidates.shape[-1]
        errors = torch.empty((rows, k), dtype=torch.float64, device=x.device)
        size = self._library.posittune_cuda_errors_workspace(rows, cols, k)
        workspace = torch.empty(size, dtype=torch.float64, device=x.device)
        self._call(
            "errors", x, _core._device_parameters(format, saturate), x.data_ptr(), rows, cols,
            None if weights is None else weights.data_ptr(), candidates.data_ptr(), k, candidates.dim() == 1,
            workspace.data_ptr(), errors.data_ptr(),
        )  # fmt: skip
        return errors


def _layout(matrix: torch.Tensor, scales: torch.Tensor, channels: int, group: int) -> _Layout:
    if not matrix.is_contiguous() or not scales.is_contiguous() or scales.dtype != torch.float32:
        raise InputError("tensors for the CUDA library", "", "contiguous, scales of float32", str(scales.dtype))
    if scales.numel() == 1 and not group:
        return _Layout(1, matrix.numel(), 1, 0)
    rows, cols = matrix.shape
    return _Layout(rows, cols, channels, group)


@functools.lru_cache(maxsize=None)
def library() -> Library | None:
    """The library of this process; None where there is none. UsageError where the environment names one that is not usable."""
    named = os.environ.get("POSITTUNE_CUDA", "")
    if named:
        return None if named == "off" else Library(named)
    beside = Path(__file__).with_name(FILE)
    return Library(str(beside)) if beside.is_file() else None
