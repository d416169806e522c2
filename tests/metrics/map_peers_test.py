#!/usr/bin/env python3
"""Compares our mean average precision with pycocotools.

    map_peers_test.py MAP_DRIVER BUILD_FOLDER ZOO

On random boxes with crowds, ties, empty images and absent classes; on images that occur several times, as in a
bootstrap resample; and on the zoo's detector, with the NMS of zoo/yolo_metric.py. Exit code 77 when the packages cannot
be had.
"""

import contextlib
import io
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
CASES = 60


def outside(driver, build, zoo):
    import environment

    environment.HERE = HERE
    environment.PEERS["metrics"] = []
    try:
        found = environment.prepare("metrics", build)
    except environment.Unavailable as reason:
        print(f"skip metrics_map_peers: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    arguments = [str(found.python), os.path.abspath(__file__), "--inside", driver, zoo]
    os.execve(found.python, arguments, found.variables())


def ours(driver, *arguments):
    done = subprocess.run([driver, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.replace("-nan", "NaN").replace("nan", "NaN"))


def random_box(generator):
    """Coordinates are eighths of a pixel, exact in float."""
    return [generator.randrange(0, 400) / 8 for _ in range(2)] + [generator.randrange(40, 400) / 8 for _ in range(2)]


def near(generator, box):
    return [max(0.125, value + generator.randrange(-24, 25) / 8) for value in box]


def random_image(generator, classes, crowds):
    truth = [
        random_box(generator) + [generator.randrange(classes), int(generator.random() < crowds)]
        for _ in range(generator.choice([0, 1, 3, 8]))
    ]
    found = []
    for row in truth:
        for _ in range(generator.choice([0, 1, 1, 2])):
            category = row[4] if generator.random() < 0.9 else generator.randrange(classes)
            found.append(near(generator, row[:4]) + [generator.randrange(1, 64) / 64, category])
    for _ in range(generator.choice([0, 0, 4, 20])):
        found.append(random_box(generator) + [generator.randrange(1, 64) / 64, generator.randrange(classes)])
    generator.shuffle(found)
    return {"found": found, "truth": truth}


def crowded_image(generator):
    """More than 100 detections of one class: only the best 100 count."""
    truth = [random_box(generator) + [0, 0] for _ in range(30)]
    found = [
        near(generator, generator.choice(truth)[:4]) + [generator.randrange(1, 4096) / 4096, 0] for _ in range(250)
    ]
    return {"found": found, "truth": truth}


def pycocotools_map(images, classes):
    import numpy
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    annotations, results = [], []
    ids = [image.get("id", number) for number, image in enumerate(images, 1)]
    if len(set(ids)) < len(ids):  # copies, whose scores have no ties
        ids = list(range(len(ids)))
    for number, image in zip(ids, images):
        for *box, category, crowd in image["truth"]:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": crowd,
                }
            )
        for *box, score, category in image["found"]:
            results.append({"image_id": number, "category_id": category, "bbox": box, "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": i} for i in ids],
            "annotations": annotations,
            "categories": [{"id": c} for c in range(classes)],
        }
        truth.createIndex()
        found = truth.loadRes(results) if results else COCO()
        if not results:
            found.dataset = {**truth.dataset, "annotations": []}
            found.createIndex()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    map_, map50 = (value if value >= 0 else numpy.nan for value in evaluation.stats[:2])
    return {"map": map_, "map50": map50}


def differs(a, b):
    def same(x, y):  # sums of at most 1e5 values of at most 1 in another order
        return abs(x - y) <= 1e-12 or (math.isnan(x) and math.isnan(y))

    return not all(same(a[key], b[key]) for key in ("map", "map50"))


def random_cases(driver, folder):
    failures = []
    nothing = 0
    for seed in range(CASES):
        generator = random.Random(seed)
        classes = generator.choice([1, 3, 10])
        crowds = generator.choice([0, 0.2, 1 if seed % 10 == 0 else 0.5])
        images = [random_image(generator, classes, crowds) for _ in range(generator.choice([1, 5, 40]))]
        if seed % 6 == 0:
            images.append(crowded_image(generator))
        # Equal scores of several images come in the order of their ids, which is not that of the file.
        for image, number in zip(images, generator.sample(range(1, 1000), len(images))):
            image["id"] = number
        times = [1] * len(images)
        if seed % 2:  # copies of images need scores without ties: those are ordered by image
            times = [generator.choice([0, 1, 1, 2, 3]) for _ in images]
            rows = [row for image in images for row in image["found"]]
            for row, score in zip(rows, generator.sample(range(1, 1 << 20), len(rows))):
                row[4] = score / (1 << 20)
        file = Path(folder) / "boxes.json"
        file.write_text(json.dumps({"images": images, "times": times}))
        expected = pycocotools_map([image for image, count in zip(images, times) for _ in range(count)], classes)
        found = ours(driver, "boxes", file)
        nothing += math.isnan(expected["map"])
        if differs(found, expected):
            failures.append(f"seed {seed}: ours {found}, pycocotools {expected}")
    assert nothing < CASES / 4, f"{nothing} cases hold no object"
    return failures


def zoo_case(driver, zoo, folder):
    """Own decoding, NMS and mAP of the zoo's detector on its report split."""
    import numpy
    import onnxruntime

    sys.path.insert(0, str(zoo))
    import yolo_metric

    images = yolo_metric.to_input(yolo_metric.load_split(zoo / "yolo", "report"))
    session = onnxruntime.InferenceSession(str(zoo / "yolo" / "model.onnx"), providers=["CPUExecutionProvider"])
    predictions = numpy.concatenate(
        [session.run(None, {"images": images[i : i + 10]})[0] for i in range(0, len(images), 10)]
    )
    listing = json.loads((zoo / "yolo" / "report.json").read_text())
    truth = {image["id"]: [] for image in listing["images"]}
    for a in listing["annotations"]:
        truth[a["image_id"]].append([*a["bbox"], a["category_id"], a["iscrowd"]])
    raw, boxes = Path(folder) / "predictions.f32", Path(folder) / "truth.json"
    raw.write_bytes(numpy.ascontiguousarray(predictions, "<f4").tobytes())
    boxes.write_text(json.dumps({"images": [{"truth": truth[i]} for i in sorted(truth)]}))
    found = ours(driver, "predictions", raw, *predictions.shape, boxes)
    reference = yolo_metric.coco_map(zoo / "yolo" / "report.json", list(predictions))
    expected = {"map": reference["mAP"], "map50": reference["mAP50"]}
    print(f"zoo: ours {found}, pycocotools {expected}")
    return [f"zoo: ours {found}, pycocotools {expected}"] if differs(found, expected) else []


def inside(driver, zoo):
    with tempfile.TemporaryDirectory() as folder:
        failures = random_cases(driver, folder)
        failures += zoo_case(driver, Path(zoo), folder)
    for failure in failures:
        print(failure)
    print(f"{CASES + 1 - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
    elif len(sys.argv) == 4:
        outside(*sys.argv[1:])
    else:
        sys.exit(__doc__)
