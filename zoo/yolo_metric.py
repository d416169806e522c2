"""From raw predictions (4 + classes, A) to boxes after NMS, and the reference mAP by pycocotools."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

LOWEST_SCORE, NMS_IOU, MOST_BOXES = 0.001, 0.7, 100


def load_split(folder: Path, split: str) -> np.ndarray:
    """Images (N, H, W, 3) uint8 in the order of the COCO file."""
    listing = json.loads((folder / f"{split}.json").read_text())["images"]
    return np.stack([np.asarray(Image.open(folder / split / i["file_name"]).convert("RGB")) for i in listing])


def to_input(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def suppress(prediction: np.ndarray) -> np.ndarray:
    """Rows (x0, y0, x1, y1, score, class), best first; a cell may report several classes; NMS runs per class."""
    scores = prediction[4:]
    label, cell = np.nonzero(scores > LOWEST_SCORE)
    score = scores[label, cell]
    order = np.argsort(-score, kind="stable")[:1000]
    label, cell, score = label[order], cell[order], score[order]
    centre, size = prediction[:2, cell].T, prediction[2:4, cell].T
    boxes = np.concatenate((centre - size / 2, centre + size / 2), 1)
    area = size.prod(1)
    kept, alive = [], np.ones(len(order), bool)
    for i in range(len(order)):
        if not alive[i]:
            continue
        kept.append(i)
        if len(kept) == MOST_BOXES:
            break
        rest = np.nonzero(alive & (label == label[i]))[0]
        common = (np.minimum(boxes[i, 2:], boxes[rest, 2:]) - np.maximum(boxes[i, :2], boxes[rest, :2])).clip(0).prod(1)
        alive[rest[common / (area[i] + area[rest] - common + 1e-9) > NMS_IOU]] = False
    return np.c_[boxes[kept], score[kept], label[kept]]


def coco_map(truth: Path, predictions: list[np.ndarray]) -> dict[str, float]:
    """predictions: one (4 + classes, A) array for each image of the COCO file, in its order."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO(str(truth))
        found = [
            {"image_id": image, "category_id": int(row[5]), "bbox": [*row[:2], *(row[2:4] - row[:2])], "score": row[4]}
            for image, prediction in zip(sorted(reference.imgs), predictions)
            for row in suppress(prediction)
        ]
        if not found:
            return {"mAP": 0.0, "mAP50": 0.0}
        evaluation = COCOeval(reference, reference.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {"mAP": float(evaluation.stats[0]), "mAP50": float(evaluation.stats[1])}
