"""Makes det.onnx, a detector whose predictions are the pixels of the picture (x, y, width, height, two scores of 128 cells),
its two pictures, and annotations of the same content whose image ids rise and fall in the order of the list.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from PIL import Image

HERE = pathlib.Path(__file__).parent


def model():
    weights = {
        "I": np.eye(3, dtype="f4").reshape(3, 3, 1, 1),
        "shp": np.array([-1, 6, 128], np.int64),
        "S": np.array([1, 1, 1, 1, 1 / 255, 1 / 255], "f4").reshape(1, 6, 1),
    }
    nodes = [
        h.make_node("Conv", ["image", "I"], ["c"], name="conv"),
        h.make_node("Reshape", ["c", "shp"], ["r"]),
        h.make_node("Mul", ["r", "S"], ["pred"]),
    ]
    graph = h.make_graph(
        nodes,
        "g",
        [h.make_tensor_value_info("image", T.FLOAT, ["n", 3, 16, 16])],
        [h.make_tensor_value_info("pred", T.FLOAT, ["n", 6, 128])],
        [nh.from_array(value, key) for key, value in weights.items()],
    )
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)])
    made.ir_version = 8
    onnx.save(made, HERE / "det.onnx")


def picture(name, x, y):
    pixels = np.zeros((6, 128), np.uint8)
    pixels[:5, 0] = [x, y, 20, 20, 255]
    Image.fromarray(pixels.reshape(3, 16, 16).transpose(1, 2, 0)).save(HERE / "images" / name)


def annotations(name, ids):
    boxes = [[20, 20, 20, 20], [40, 40, 20, 20]]
    (HERE / name).with_suffix(".json").write_text(
        json.dumps(
            {
                "images": [
                    {"id": i, "file_name": file, "width": 16, "height": 16} for i, file in zip(ids, ("a.png", "b.png"))
                ],
                "categories": [{"id": 1, "name": "a"}],
                "annotations": [
                    {"id": n, "image_id": i, "category_id": 1, "bbox": box, "area": 400, "iscrowd": 0}
                    for n, (i, box) in enumerate(zip(ids, boxes), 1)
                ],
            }
        )
        + "\n"
    )
    (HERE / name).with_suffix(".yaml").write_text(
        f"report: {{kind: coco, path: {name}.json, images: images, preprocessing: {{resize: none, scale: 1}}}}\n"
    )


(HERE / "images").mkdir(exist_ok=True)
model()
picture("a.png", 200, 200)  # detects nothing that is there
picture("b.png", 50, 50)  # detects its object
annotations("rising", (1, 2))
annotations("falling", (2, 1))
