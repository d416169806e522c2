import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as H
from onnx import numpy_helper as N

F = T.FLOAT
g = np.random.default_rng(7)


def r(*s, k=1.0):
    return (g.standard_normal(s) * k).astype(np.float32)


def vi(n, t, s):
    return H.make_tensor_value_info(n, t, s)


def init(n, a):
    return N.from_array(np.asarray(a), n)


def save(nodes, i, o, w, opset=17, ir=8, path="m.onnx"):
    onnx.save(
        H.make_model(
            H.make_graph(nodes, "g", i, o, initializer=w), opset_imports=[H.make_opsetid("", opset)], ir_version=ir
        ),
        path,
    )


n = H.make_node
save(
    [n("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], auto_pad="SAME_UPPER")],
    [vi("x", F, ["N", 3, 6, 5])],
    [vi("y", F, ["N", 4, 12, 10])],
    [init("w", r(3, 4, 3, 3, k=0.3))],
)
np.savez("c.npz", x=r(4, 3, 6, 5))
np.savez("r.npz", x=r(3, 3, 6, 5))
import onnxruntime as ort

print("onnxruntime", ort.InferenceSession("m.onnx").run(None, {"x": np.load("r.npz")["x"]})[0].shape)
w = init("w", r(3, 4, 3, 3))
plain = [n("ConvTranspose", ["x", "w"], ["h"], strides=[2, 2]), n("Relu", ["h"], ["y"])]
# declares what its nodes do not give: seen at load, and where sizes are open when it runs
save(plain, [vi("x", F, ["N", 3, 6, 5])], [vi("y", F, ["N", 4, 12, 10])], [w], path="declared.onnx")
save(plain, [vi("x", F, ["N", 3, "H", "W"])], [vi("y", F, ["N", 4, 12, 10])], [w], path="found_by_run.onnx")
# pads depend on a size that is open
save(
    [n("ConvTranspose", ["x", "w"], ["y"], name="up", strides=[2, 2], output_shape=[12, 10])],
    [vi("x", F, ["N", 3, "H", "W"])],
    [vi("y", F, ["N", 4, 12, 10])],
    [w],
    path="open.onnx",
)
