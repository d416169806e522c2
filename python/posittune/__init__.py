"""PositTune: mixed-precision posit quantization of trained networks, explored.

>>> import numpy as np
>>> import posittune as pt
>>> pt.quantize(np.float32([0.1, -3, 20]), "posit<8,1>")
array([ 0.1015625, -3.       , 20.       ], dtype=float32)

Formats on arrays: Format, formats(), quantize(), encode(), decode(), pack(), unpack(), choose_scales(), difference().

Models: Session, with compare(), sensitivity(), search(), quantized(), cost(), estimate(), inspect(); Recipe.

Runs: report(), a page with plots, or Markdown, CSV, JSON, a model card.

Models from elsewhere (extras `hub`):

python -m posittune.hub MODEL -o DIR      exports a Hugging Face model and its tokenizer
python -m posittune.fetch NAME -o DIR     gets a published model with data for it
"""

from posittune.exceptions import (
    Error,
    GoalNotMet,
    InputError,
    InternalError,
    InterruptedRun,
    ResourceError,
    UnsupportedError,
    UsageError,
)

__version__ = "0.1.0"

_EXCEPTIONS = (
    Error,
    GoalNotMet,
    InputError,
    InternalError,
    InterruptedRun,
    ResourceError,
    UnsupportedError,
    UsageError,
)

try:
    from posittune._core import Format, formats, scale_rules
    from posittune.arrays import Codes, choose_scales, decode, difference, encode, pack, packed_bytes, quantize, unpack
    from posittune.metrics import Item, Metric
    from posittune.progress import Progress, Quiet
    from posittune.quantized import QuantizedModel, QuantizedWeight
    from posittune.recipe import Recipe
    from posittune.reports import report
    from posittune.session import Session
except ModuleNotFoundError as _missing:
    # Importers of models run from the sources, where nothing is built.
    if _missing.name != "posittune._core":
        raise

    def __getattr__(name: str):
        raise AttributeError(
            f"module 'posittune' has no attribute '{name}' where its extension is not built: "
            "pip install . (or cmake -DPOSITTUNE_PYTHON=ON)"
        )


__all__ = [
    *(exception.__name__ for exception in _EXCEPTIONS),
    "Codes",
    "Format",
    "Item",
    "Metric",
    "Progress",
    "QuantizedModel",
    "QuantizedWeight",
    "Quiet",
    "Recipe",
    "Session",
    "choose_scales",
    "decode",
    "difference",
    "encode",
    "formats",
    "pack",
    "packed_bytes",
    "quantize",
    "report",
    "scale_rules",
    "unpack",
]
