"""What codes of number formats stand for, by NumPy alone and from the formats' definitions: it shares no code with the library.

>>> NumberFormat("posit<8,1>").values(np.uint8([64, 176, 128]))
array([ 1., -2., nan], dtype=float32)
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posittune.exceptions import UsageError

_MX = {
    "mxfp8": "fp8_e4m3",
    "mxfp8_e5m2": "fp8_e5m2",
    "mxfp6": "fp6_e2m3",
    "mxfp6_e3m2": "fp6_e3m2",
    "mxfp4": "fp4_e2m1",
    "mxint8": "int8",
}
_FLOATS = {"fp32": (8, 23), "fp16": (5, 10), "bf16": (8, 7)}


class NumberFormat:
    """A format by its name, as `posittune formats` prints it. UsageError for other names.

    bits: of a code; block: elements that share an exponent, 0 for none (MX: values() are those of elements)
    """

    def __init__(self, name: str):
        self.name, self.block = name, 32 if name in _MX else 0
        element = _MX.get(name, name)
        if found := re.fullmatch(r"posit<([1-9][0-9]?),([0-4])>(ftz)?", element):
            self.bits, self._parameter, self._decode = int(found[1]), int(found[2]), _posit
            known = 2 <= self.bits <= 32
        elif found := re.fullmatch(r"int([1-9][0-9]?)", element):
            self.bits, self._parameter, self._decode = int(found[1]), 6 if self.block else 0, _integer
            known = 2 <= self.bits <= 16
        else:
            found = re.fullmatch(r"fp([1-9][0-9]?)_e([1-9])m([1-9][0-9]?)", element)
            fields = _FLOATS.get(element) or ((int(found[2]), int(found[3])) if found else (0, 0))
            self.bits, self._parameter, self._decode = 1 + sum(fields), fields[0], _float
            known = bool(fields[0]) and (not found or int(found[1]) == self.bits <= 32)
        if not known:
            raise UsageError(f"unknown format '{name[:40]}'")

    def values(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """The nearest float32 of each code, of the same shape; most formats' values are float32."""
        if self.bits > 16:
            return self._of(np.asarray(codes).astype(np.uint64))
        return self._of(np.arange(1 << self.bits, dtype=np.uint64))[codes]

    def _of(self, codes: np.ndarray) -> NDArray[np.float32]:
        wide = self._decode(codes, self.bits, self._parameter)
        with np.errstate(over="ignore", under="ignore"):
            narrow = wide.astype(np.float32)
        narrow[np.isnan(wide)] = np.nan
        return narrow


def _signed(codes: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement, as int64."""
    values = codes.astype(np.int64)
    return np.where(values >> (bits - 1) == 1, values - (1 << bits), values)


def _integer(codes: np.ndarray, bits: int, fraction: int) -> np.ndarray:
    values = np.ldexp(_signed(codes, bits).astype(np.float64), -fraction)
    values[codes == 1 << (bits - 1)] = np.nan
    return values


def _float(codes: np.ndarray, bits: int, exp_bits: int) -> np.ndarray:
    man_bits = bits - 1 - exp_bits
    magnitude = (codes & np.uint64((1 << (bits - 1)) - 1)).astype(np.int64)
    exponents, mantissas = magnitude >> man_bits, magnitude & ((1 << man_bits) - 1)
    top, bias = (1 << exp_bits) - 1, (1 << (exp_bits - 1)) - 1
    hidden = np.where(exponents > 0, 1 << man_bits, 0)
    values = np.ldexp((hidden + mantissas).astype(np.float64), np.maximum(exponents, 1) - bias - man_bits)
    if bits > 8 or (bits, exp_bits) == (8, 5):  # IEEE 754
        values[exponents == top] = np.inf
        nan = (exponents == top) & (mantissas > 0)
    else:
        nan = magnitude == (1 << (bits - 1)) - 1 if bits == 8 else np.zeros(codes.shape, bool)
    values = np.where(codes >> np.uint64(bits - 1) == 1, -values, values)
    values[nan] = np.nan
    return values


def _posit(codes: np.ndarray, bits: int, es: int) -> np.ndarray:
    signed = _signed(codes, bits)
    magnitude = np.abs(signed)
    first = magnitude >> (bits - 2) & 1  # the regime: so many bits like it
    run = np.zeros(codes.shape, np.int64)
    going = np.ones(codes.shape, bool)
    for place in range(bits - 2, -1, -1):
        going &= (magnitude >> place & 1) == first
        run += going
    regime = np.where(first == 1, run - 1, -run)
    rest = np.maximum(bits - 2 - run, 0)  # bits behind the regime and its end
    tail = (magnitude & ((1 << rest) - 1)) << es  # those that were cut are zeros
    exponent = tail >> rest
    fraction = np.ldexp((tail & ((1 << rest) - 1)).astype(np.float64), -rest)
    values = np.ldexp(1 + fraction, regime * (1 << es) + exponent)
    values = np.where(signed < 0, -values, values)
    values[codes == 0] = 0
    values[codes == 1 << (bits - 1)] = np.nan
    return values


def packed_bytes(count: int, bits: int) -> int:
    """Bytes of so many codes, packed."""
    return -(-count * bits // 8)


def unpack(packed: NDArray[np.uint8], bits: int, count: int) -> NDArray[Any]:
    """The codes of a dense little-endian string of bits: code i at bits [i * bits, (i + 1) * bits)."""
    code_type = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    eights = -(-count // 8)  # of 8 codes, which take whole bytes
    padded = np.zeros(eights * bits + 8, np.uint8)
    padded[: packed.size] = packed
    rows = padded[: eights * bits].reshape(eights, bits)
    codes = np.empty((eights, 8), code_type)
    for i in range(8):
        first, shift = divmod(i * bits, 8)
        last = (i * bits + bits - 1) // 8
        word = np.zeros(eights, np.uint64)
        for byte in range(first, last + 1):
            word |= rows[:, byte].astype(np.uint64) << np.uint64(8 * (byte - first))
        codes[:, i] = word >> np.uint64(shift) & np.uint64((1 << bits) - 1)
    return codes.reshape(-1)[:count]
