"""Small ONNX models for the gen.py of the cases: nodes, ports, constants, and normal numbers of one seed."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
rng = np.random.default_rng(7)
node = helper.make_node


def reseed(seed):
    rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state


def normal(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def port(name, element_type, shape):
    """An input or output; names in the shape are open dimensions."""
    return helper.make_tensor_value_info(name, element_type, shape)


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


def save(nodes, inputs, outputs, constants, opset=17, ir_version=8, path="m.onnx"):
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializer=constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version), path)
