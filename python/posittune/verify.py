"""Exported files against PyTorch."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

TOLERANCE = 1e-3  # of the largest magnitude; fp32 in another order of summing stays near 1e-6


def relative_difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference over the largest magnitude; infinite for other shapes and for NaN."""
    if found.shape != wanted.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), np.finfo(np.float32).tiny))


def run_torch(module: torch.nn.Module, feed: Mapping[str, torch.Tensor]) -> np.ndarray:
    with torch.no_grad():
        return module(**feed).numpy()


def run_openvino(path: Path, feed: Mapping[str, torch.Tensor]) -> np.ndarray:
    import openvino

    # Without the hint the CPU plugin computes in bf16 where the processor has it.
    compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled({name: tensor.numpy() for name, tensor in feed.items()})[compiled.output(0)]
