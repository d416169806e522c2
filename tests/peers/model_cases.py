"""The models that models_test.py compares, each with a few inputs; what cannot be had is named with the reason."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "python"))
ITEMS = 2


@dataclass
class Case:
    name: str
    model: Path
    inputs: dict  # arrays with the items along the first dimension
    fake_quant: bool  # compared under every format too
    missing: str = ""
    tolerance: float = 3e-6  # relative rms, where summation order is the only difference
    parts: tuple = (slice(None),)  # of the output's second dimension: each is compared on its own


def zoo(name):
    return ROOT / "zoo" / name


def rows(folder, tokens):
    """The first rows of a split, no longer than so many tokens."""
    with np.load(folder / "report.npz") as data:
        return {name: data[name][:ITEMS, :tokens] for name in ("input_ids", "attention_mask") if name in data.files}


def scenes(size):
    """Pictures of the zoo, decoded and resized by Pillow: (items, 3, size, size)."""
    from PIL import Image

    files = sorted((zoo("yolo") / "report").glob("*.jpg"))[:ITEMS]
    pictures = [Image.open(file).convert("RGB").resize((size, size)) for file in files]
    return {
        "images": np.stack([np.asarray(picture, dtype=np.float32).transpose(2, 0, 1) / 255 for picture in pictures])
    }


def folder_of(name):
    """Below build/models or the folder that POSITTUNE_MODELS names; None when it is not there."""
    for folder in (os.environ.get("POSITTUNE_MODELS"), ROOT / "build/models"):
        if folder and (Path(folder) / name / "model.onnx").is_file():
            return Path(folder) / name
    return None


def yolov8n(kept):
    """The ONNX file of the nudenet wheel: fetched before, or downloaded to `kept`. Raises Failure without a network."""
    from posittune import wheels

    if folder := folder_of("yolov8n"):
        return folder / "model.onnx"
    model = kept / "320n.onnx"
    if not model.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        archive = wheels.download(wheels.NUDENET, kept)
        wheels.extract(archive, ["nudenet/320n.onnx"], kept)
        archive.unlink()
    return model


def cases(kept):
    from posittune.errors import Failure

    yield Case("zoo gpt2", zoo("gpt2") / "model.onnx", rows(zoo("gpt2"), 96), True)
    yield Case("zoo albert", zoo("albert") / "model.onnx", rows(zoo("albert"), 128), True)
    yield Case("zoo yolo", zoo("yolo") / "model.onnx", scenes(192), False)
    try:
        boxes, scores = slice(0, 4), slice(4, None)
        yield Case("YOLOv8n", yolov8n(kept), scenes(160), True, tolerance=2e-5, parts=(boxes, scores))
    except Failure as failure:
        yield Case("YOLOv8n", Path(), {}, True, str(failure).splitlines()[0])
    for name, data, maker in (
        ("smollm2", None, "scripts/fetch smollm2"),
        ("gpt2-124m", zoo("gpt2"), "bench/random_gpt2.py"),
    ):
        if folder := folder_of(name):
            yield Case(name, folder / "model.onnx", rows(data or folder, 128), False)
        else:
            yield Case(name, Path(), {}, False, f"not in build/models; {maker} makes it")
