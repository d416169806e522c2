"""A model's numbers under a recipe, as Session.quantized() gives them: what an archive or another runtime needs.

>>> import numpy as np
>>> from posittune.arrays import encode
>>> weight = QuantizedWeight([encode(np.float32([[1, 2], [3, 4]]), "int4", "absmax", axis=0)])
>>> weight.decode()
array([[1.1428572, 2.       ],
       [2.857143 , 4.       ]], dtype=float32)
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from posittune import _core
from posittune._core import Format
from posittune.arrays import Codes, same_fields
from posittune.recipe import Recipe


@dataclass(frozen=True, eq=False)
class QuantizedWeight:
    """A weight as codes: a matrix with a row for each output channel (convolutions: in / groups * kernel columns; tables: a
    row for each token), whatever the shape is that the model stores.

    runs: its rows from the first to the last, in runs of one format. Each holds its codes, scales (one; or one for each row, or
        each row and group of columns) and exponents of MX blocks; Codes.pack() and Codes.decode() are of such a run.
    compensated: the codes are not those nearest to the FP32 weights, but cancel each other's errors at the layer's output.
    """

    runs: list[Codes]
    compensated: bool = False

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, QuantizedWeight) else NotImplemented

    __hash__ = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return sum(len(run.codes) for run in self.runs), self.runs[0].codes.shape[1] if self.runs else 0

    @property
    def nbytes(self) -> int:
        """That storing it takes: packed codes, scales as float32, exponents."""
        return sum(run.nbytes for run in self.runs)

    def decode(self) -> NDArray[np.float32]:
        """The values, rows x columns: those that the engine multiplies by, to the bit (but for the sign of zeros)."""
        return np.concatenate([_decode(run) for run in self.runs])


@dataclass(frozen=True, eq=False)
class QuantizedModel:
    """The numbers that a model runs with under a recipe. What the recipe does not name stays as it is in the model.

    weights: by the weight's name
    input_scales: of layers' inputs, by the layer's name: one for each operand that is rounded. Layers whose scales are chosen per
        token while they run have none.
    corrections: what bias correction adds to each output channel, by the layer's name
    layers: the name of the weight of each layer whose input can be rounded, in the order of execution
    """

    recipe: Recipe
    weights: dict[str, QuantizedWeight]
    input_scales: dict[str, list[float]] = field(default_factory=dict)
    corrections: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return same_fields(self, other) if isinstance(other, QuantizedModel) else NotImplemented

    __hash__ = None


def _decode(run: Codes) -> np.ndarray:
    if not run.group or not run.format.block:
        return run.decode()
    y = np.empty(run.codes.size, np.float32)  # groups of whole blocks, which arrays.py has not
    flat, exponents = run.codes.reshape(-1), run.exponents.reshape(-1)
    _core._decode(run.format, flat, *run.codes.shape, run.scales, run.group, y, exponents, 0)
    return y.reshape(run.codes.shape)


def _run(format: str, codes: np.ndarray, scales: np.ndarray, exponents: np.ndarray | None, group: int) -> Codes:
    axis = 0 if group or scales.size > 1 else None
    none = np.empty(0, np.uint8)
    return Codes(Format(format), codes, scales, axis, group, none if exponents is None else exponents)


def from_native(recipe: Recipe, native: dict) -> QuantizedModel:
    """QuantizedModel of what the extension gives (python/bindings/quantized_model.h)."""
    weights = {
        name: QuantizedWeight([_run(*run, group) for run in runs], compensated)
        for name, (compensated, group, runs) in native["weights"].items()
    }
    return QuantizedModel(recipe, weights, native["input_scales"], native["corrections"], native["layers"])
