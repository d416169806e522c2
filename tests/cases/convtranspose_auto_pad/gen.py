import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from onnx_model import FLOAT, constant, node, normal, port, save  # noqa: E402

save(
    [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], auto_pad="SAME_UPPER")],
    [port("x", FLOAT, ["N", 3, 6, 5])],
    [port("y", FLOAT, ["N", 4, 12, 10])],
    [constant("w", normal(3, 4, 3, 3, scale=0.3))],
)
np.savez("c.npz", x=normal(4, 3, 6, 5))
np.savez("r.npz", x=normal(3, 3, 6, 5))
import onnxruntime as ort

print("onnxruntime", ort.InferenceSession("m.onnx").run(None, {"x": np.load("r.npz")["x"]})[0].shape)
w = constant("w", normal(3, 4, 3, 3))
plain = [node("ConvTranspose", ["x", "w"], ["h"], strides=[2, 2]), node("Relu", ["h"], ["y"])]
# declares what its nodes do not give: seen at load, and where sizes are open when it runs
save(plain, [port("x", FLOAT, ["N", 3, 6, 5])], [port("y", FLOAT, ["N", 4, 12, 10])], [w], path="declared.onnx")
save(plain, [port("x", FLOAT, ["N", 3, "H", "W"])], [port("y", FLOAT, ["N", 4, 12, 10])], [w], path="found_by_run.onnx")
# pads depend on a size that is open
save(
    [node("ConvTranspose", ["x", "w"], ["y"], name="up", strides=[2, 2], output_shape=[12, 10])],
    [port("x", FLOAT, ["N", 3, "H", "W"])],
    [port("y", FLOAT, ["N", 4, 12, 10])],
    [w],
    path="open.onnx",
)
