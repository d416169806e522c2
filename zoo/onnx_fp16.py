"""PyTorch module -> ONNX file whose weights are stored as fp16 and computed in fp32.

Weights are rounded to fp16 in the module first, so that the file is exactly the module that is measured. Every float
initializer with more than one element becomes an fp16 initializer of the same name and a Cast in front of its uses.
Nodes are named after the module they come from, e.g. `transformer.h.0.attn.c_attn/MatMul`.
"""

import ast
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 18  # read by OpenVINO 2026.4 and onnxruntime 1.32


def round_weights(module: torch.nn.Module) -> None:
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.dtype == torch.float32:
                tensor.copy_(tensor.half().float())


def export(
    module: torch.nn.Module,
    inputs: dict[str, torch.Tensor],
    output: str,
    dynamic: dict[str, dict[int, str]],
    path: Path,
) -> None:
    """dynamic: input name -> {axis: name of the dimension}."""
    shapes = {name: {axis: torch.export.Dim.DYNAMIC for axis in axes} for name, axes in dynamic.items()}
    program = torch.onnx.export(
        module,
        kwargs=inputs,
        input_names=list(inputs),
        output_names=[output],
        dynamic_shapes=shapes,
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    model = program.model_proto
    if len(model.functions):
        raise RuntimeError(f"{len(model.functions)} local functions left in the graph; OpenVINO does not read them")
    name_dimensions(model, dynamic)
    name_nodes(model)
    name_folded_weights(model)
    store_fp16(model)
    tidy(model)
    onnx.checker.check_model(model, full_check=True)
    temporary = path.with_name(path.name + ".tmp")
    onnx.save(model, str(temporary))
    temporary.replace(path)


def name_dimensions(model: onnx.ModelProto, dynamic: dict[str, dict[int, str]]) -> None:
    """The exporter calls dynamic dimensions s12 and the like; give them the names we asked for, everywhere."""
    names = {}
    for value in model.graph.input:
        for axis, name in dynamic.get(value.name, {}).items():
            names[value.type.tensor_type.shape.dim[axis].dim_param] = name
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_param = names.get(dim.dim_param, dim.dim_param)


def name_nodes(model: onnx.ModelProto) -> None:
    """`<module path>/<operator>`, with a number where a module holds several of one kind."""
    used: dict[str, int] = {}
    for node in model.graph.node:
        entry = next((p.value for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes"), "[]")
        scopes = [
            s for s in ast.literal_eval(entry)[:-1] if s and not s.startswith("_")
        ]  # the last one is the operation itself
        base = f"{scopes[-1] if scopes else 'graph'}/{node.op_type}"
        used[base] = used.get(base, 0) + 1
        node.name = base if used[base] == 1 else f"{base}_{used[base]}"


def name_folded_weights(model: onnx.ModelProto) -> None:
    """A weight that the exporter transposed in place is called val_<n>: name it after the node that uses it."""
    for tensor in model.graph.initializer:
        if not tensor.name.startswith("val_") or tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < 2:
            continue
        user = next(n for n in model.graph.node if tensor.name in n.input)
        old, tensor.name = tensor.name, f"{user.name.rpartition('/')[0]}.weight_transposed"
        for node in model.graph.node:
            for i, name in enumerate(node.input):
                if name == old:
                    node.input[i] = tensor.name


def store_fp16(model: onnx.ModelProto) -> None:
    graph, casts = model.graph, []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < 2:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            raise RuntimeError(f"initializer {tensor.name} is not exact in fp16: round the module's weights first")
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
        wide = tensor.name + ".fp32"
        for node in graph.node:
            for i, name in enumerate(node.input):
                if name == tensor.name:
                    node.input[i] = wide
        casts.append(helper.make_node("Cast", [tensor.name], [wide], name=f"{tensor.name}/Cast", to=TensorProto.FLOAT))
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + old)


def tidy(model: onnx.ModelProto) -> None:
    """Shapes of inner values are inferred by readers; metadata holds source paths of the exporting machine."""
    del model.graph.value_info[:]
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for item in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        del item.metadata_props[:]
        item.doc_string = ""
    model.producer_name, model.producer_version, model.doc_string = "posittune-zoo", "", ""


def onnxruntime_session(path: Path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_openvino(path: Path, feed: dict[str, np.ndarray]) -> np.ndarray:
    import openvino

    compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(feed)[compiled.output(0)]


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference over the largest magnitude."""
    return float(np.abs(a - b).max() / np.abs(b).max())
