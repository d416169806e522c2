"""The native part of posittune."""

from collections.abc import Sequence
from typing import Annotated, overload

import numpy
import numpy.typing
from numpy.typing import NDArray


class Format:
    """
    A number format: a grid of values and a code for each.

    Formats are equal when their canonical names are.
    """

    def __init__(self, name: str) -> None:
        """
        Any spelling, case-insensitive: "posit<8,1>", "p8e1", "int8", "fp8_e4m3",
        "mxfp6" ... UsageError with the nearest known names otherwise.
        """

    @property
    def name(self) -> str:
        """The canonical spelling."""

    @property
    def bits(self) -> int:
        """Width of one code in bits, sign included."""

    @property
    def block(self) -> int:
        """Elements that share one E8M0 scale (OCP MX: 32); 0 for none."""

    @property
    def max(self) -> float:
        """The largest finite value, before a scale."""

    @property
    def min(self) -> float:
        """
        The smallest positive value: minpos of a posit, the smallest subnormal.
        """

    @property
    def epsilon(self) -> float:
        """Distance from 1 to the next larger value; 0 where 1 is the largest."""

    @property
    def significand_bits(self) -> int:
        """Most bits, the hidden one included, that any value needs."""

    @property
    def nan_code(self) -> int | None:
        """The code of NaN (posit: NaR); None for formats without one."""

    @property
    def has_infinity(self) -> bool:
        """Whether it has codes of infinities."""

    @property
    def standard(self) -> bool:
        """Whether a standard document defines it."""

    @property
    def source(self) -> str:
        """The document that defines it."""

    def encode(self, x: float) -> int:
        """
        The code nearest to x: to nearest, ties to even (posit standard 2022, 4.1).

        Of a block format, on the element grid, before the shared scale.
        """

    def decode(self, code: int) -> float:
        """The value of a code, exact; NaN for NaN and NaR."""

    def round(self, x: float) -> float:
        """
        decode(encode(x)), except that NaN stays NaN in formats without a code for it.
        """

    def values(self) -> numpy.typing.NDArray[numpy.float64]:
        """
        All values in the order of their codes: float64 of 2**bits elements, at most 16 bits.
        """

    def accuracy(self, points: int = 4096) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]:
        """
        Decimal accuracy -log10(|log10(round(x) / x)|) in the worst place of each gap between
        neighbouring positive values, as (x, decimals), two float64 arrays.

        Source: Gustafson, Beating Floating Point at its Own Game, 2017.
        """

    def __repr__(self) -> str: ...

    def __str__(self) -> str: ...

    def __eq__(self, other: object | None) -> bool: ...

    def __hash__(self) -> int: ...

    def __reduce__(self) -> tuple: ...

def formats() -> list[Format]:
    """Every named format, and the common posits and ints."""

def _quantize(arg0: object, arg1: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], arg7: bool, arg8: int, /) -> None: ...

@overload
def _encode(arg0: object, arg1: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg8: bool, arg9: int, /) -> None: ...

@overload
def _encode(arg0: object, arg1: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg8: bool, arg9: int, /) -> None: ...

@overload
def _encode(arg0: object, arg1: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg8: bool, arg9: int, /) -> None: ...

@overload
def _decode(arg0: object, arg1: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg8: int, /) -> None: ...

@overload
def _decode(arg0: object, arg1: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg8: int, /) -> None: ...

@overload
def _decode(arg0: object, arg1: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: int, arg3: int, arg4: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: int, arg6: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], arg7: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg8: int, /) -> None: ...

@overload
def _pack(arg0: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

@overload
def _pack(arg0: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

@overload
def _pack(arg0: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

@overload
def _unpack(arg0: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

@overload
def _unpack(arg0: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint16], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

@overload
def _unpack(arg0: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], arg1: int, arg2: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu')], arg3: int, /) -> None: ...

def _choose_scales(arg0: object, arg1: str, arg2: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg3: int, arg4: int, arg5: bool, arg6: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg7: int, /) -> object: ...

def _direct_scales(arg0: object, arg1: str, arg2: Annotated[NDArray[numpy.uint64], dict(shape=(None,), order='C', device='cpu', writable=False)], arg3: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg4: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], arg5: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], /) -> object: ...

def _difference(arg0: object, arg1: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg2: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg3: int, arg4: int, arg5: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], arg6: int, arg7: int, /) -> dict: ...

def _packed_bytes(arg0: int, arg1: int, /) -> int: ...

def scale_rules() -> list[str]:
    """Names of the rules that choose a scale."""

def _is_chosen_from_data(arg: str, /) -> bool: ...

class _Session:
    def __init__(self, model: str, options: dict, observer: object) -> None: ...

    def compare(self, arg: dict, /) -> tuple: ...

    def sensitivity(self, arg: dict, /) -> tuple: ...

    def search(self, arg: dict, /) -> tuple: ...

    def cost(self, arg: dict, /) -> str: ...

    def quantized(self, arg0: str, arg1: dict, /) -> dict: ...

    def export_to(self, arg0: str, arg1: str, arg2: dict, /) -> tuple: ...

    def verify(self, arg0: str, arg1: dict, /) -> str: ...

    def inspect(self, arg: dict, /) -> str: ...

    def estimate(self, arg0: str, arg1: dict, /) -> str: ...

def _recipe_yaml(arg0: str, arg1: str, /) -> str: ...

def _recipe_dict(arg0: str, arg1: str, /) -> dict: ...

def _version() -> str: ...

def _report(run_folders: Sequence[str], format: str) -> str: ...

def _device_parameters(arg0: object, arg1: bool, /) -> bytes: ...

_device_abi: int = 65628
