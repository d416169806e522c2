"""PyTorch module -> ONNX file.

Initializers carry the names of the module's parameters, nodes are named after the module they come from
(`transformer.h.0.attn.c_attn/Gemm`). A parameter that is used in several places is one initializer. Weights are never
folded into other tensors, so a weight of a linear layer stands as PyTorch keeps it, (out, in), with a Transpose
behind it. No local functions: OpenVINO does not read them.
"""

import ast
import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnx_ir.passes.common as passes
import torch
from onnxscript import optimizer, rewriter
from onnxscript.rewriter.rules import common as rules

from posittune.errors import Exit, Failure

OPSET = 18  # read by OpenVINO 2026.4 and onnxruntime 1.32
EXTERNAL_ABOVE = 1_900_000_000  # bytes of weights; a protobuf file ends at 2 GiB
WRAPPER = "exported."  # what the tracing module puts in front of the parameters' names
TINY = 64  # elements; smaller constants that are equal become one

REWRITES = (
    rules.collapse_slice_rule,
    rules.collapse_slice2_rule,
    *rules.mul_by_1_rule.commute(),
    rules.no_op_cast_rule,
    rules.no_op_expand_rule,
    rules.no_op_transpose_rule,
    rules.materialize_reshape_shape_rule,
    rules.squeeze_reshape_1d_rule,
    rules.unsqueeze_unsqueeze_rule,
    rules.transpose_transpose_rule,
)


@dataclass(frozen=True)
class Written:
    parameters: int
    weight_bytes: int
    external: bool


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporter logs and warns about what we do not use (torchvision, deprecated aliases)."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def round_weights(module: torch.nn.Module) -> None:
    """Rounds the parameters to fp16 in place, so that the file is exactly the module it is compared with."""
    largest = torch.finfo(torch.float16).max
    with torch.no_grad():
        for name, tensor in module.named_parameters():
            if tensor.abs().max() > largest:
                raise Failure(
                    Exit.INPUT,
                    "weights beyond the range of fp16",
                    where=name.removeprefix(WRAPPER),
                    expected=f"at most {largest:g}",
                    found=f"{tensor.abs().max():g}",
                    hint="export without --fp16",
                )
            tensor.copy_(tensor.half().float())


def export(
    module: torch.nn.Module,
    inputs: dict[str, torch.Tensor],
    output: str,
    path: Path,
    fp16: bool = False,
    external: bool = False,
) -> Written:
    """Writes `path`, and `path`.data beside it for large models. The axes of each input are batch and sequence."""
    dynamic = {name: {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC} for name in inputs}
    with quiet():
        program = torch.onnx.export(
            module,
            kwargs=inputs,
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes=dynamic,
            opset_version=OPSET,
            dynamo=True,
            optimize=False,
            verbose=False,
        )
        model = program.model
        simplify(model)
    if len(model.functions):
        raise RuntimeError(f"{len(model.functions)} local functions left in the graph")
    name_dimensions(model, ("batch", "sequence"))
    name_nodes(model)
    name_weights(model, module)
    if fp16:
        store_fp16(model)
    tidy(model)
    size = sum(value.const_value.nbytes for value in model.graph.initializers.values())
    external = external or size > EXTERNAL_ABOVE
    if external:
        ir.save(model, path, external_data=path.name + ".data", size_threshold_bytes=1024)
    else:
        ir.save(model, path)
    onnx.checker.check_model(str(path), full_check=not external)
    return Written(sum(p.numel() for p in module.parameters()), size, external)


def simplify(model: ir.Model) -> None:
    """Folds what is constant apart from the weights, and merges equal expressions."""
    weights = set(model.graph.initializers)
    passes.InlinePass()(model)

    def should_fold(node: ir.Node) -> bool | None:
        return False if any(value is not None and value.name in weights for value in node.inputs) else None

    for _ in range(2):
        optimizer.fold_constants(model, should_fold=should_fold, onnx_shape_inference=True)
        rewriter.rewrite(model, pattern_rewrite_rules=REWRITES)
    ir.passes.Sequential(
        passes.RemoveUnusedNodesPass(),
        passes.RemoveUnusedFunctionsPass(),
        passes.RemoveUnusedOpsetsPass(),
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.IdentityEliminationPass(),
    )(model)
    merge_constants(model, weights)
    ir.passes.Sequential(passes.CommonSubexpressionEliminationPass(), passes.RemoveUnusedNodesPass())(model)


def merge_constants(model: ir.Model, weights: set[str]) -> None:
    """Weights stay apart even when equal (all LayerNorms of a new model are), so each keeps its name."""
    first: dict[tuple, ir.Value] = {}
    for name, value in list(model.graph.initializers.items()):
        tensor = value.const_value
        if name in weights or tensor.size > TINY:
            continue
        same = first.setdefault((tensor.dtype, tuple(tensor.shape), tensor.numpy().tobytes()), value)
        if same is not value:
            value.replace_all_uses_with(same)
            del model.graph.initializers[name]


def name_dimensions(model: ir.Model, names: tuple[str, ...]) -> None:
    """The exporter calls dynamic dimensions s12 and the like."""
    known = {str(value.shape[axis]): name for value in model.graph.inputs for axis, name in enumerate(names)}
    for value in (*model.graph.inputs, *model.graph.outputs):
        value.shape = ir.Shape([d if isinstance(d, int) else known.get(str(d), str(d)) for d in value.shape])


def name_nodes(model: ir.Model) -> None:
    """`<module path>/<operator>`, with a number where a module holds several of one kind."""
    used: dict[str, int] = {}
    for node in model.graph:
        scopes = ast.literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))[
            :-1
        ]  # the last is the operation
        paths = [scope for scope in scopes if scope.startswith(WRAPPER)]
        base = f"{paths[-1].removeprefix(WRAPPER) if paths else 'graph'}/{node.op_type}"
        used[base] = used.get(base, 0) + 1
        node.name = base if used[base] == 1 else f"{base}_{used[base]}"


def name_weights(model: ir.Model, module: torch.nn.Module) -> None:
    """The parameters' own names; of a weight that has several (a tied output layer) the first."""
    first: dict[int, str] = {}
    named = dict(module.named_parameters(remove_duplicate=False))
    for name, tensor in named.items():
        first.setdefault(tensor.data_ptr(), name)
    for name, value in list(model.graph.initializers.items()):
        wanted = first[named[name].data_ptr()] if name in named else name
        if not wanted.startswith(WRAPPER):
            continue
        kept = model.graph.initializers.get(wanted)
        if kept is not None and kept is not value:
            value.replace_all_uses_with(kept)
            del model.graph.initializers[name]
    for name, value in list(model.graph.initializers.items()):
        if name in named:
            name = first[named[name].data_ptr()]
        value.name = name.removeprefix(WRAPPER)


def store_fp16(model: ir.Model) -> None:
    """Float tensors that lose nothing become fp16 with a Cast in front of their uses: all rounded weights, but not,
    for example, the frequencies of a rotary embedding."""
    graph, start = model.graph, model.graph[0]
    for name, value in list(graph.initializers.items()):
        tensor = value.const_value
        if tensor.dtype != ir.DataType.FLOAT or tensor.size < 2:
            continue
        wide = tensor.numpy()
        with np.errstate(over="ignore"):
            half = wide.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), wide):
            continue
        cast = ir.node("Cast", [value], {"to": ir.DataType.FLOAT}, name=f"{name}/Cast")
        cast.outputs[0].name = f"{name}.fp32"
        value.replace_all_uses_with(cast.outputs[0])
        cast.replace_input_with(0, value)
        value.const_value = ir.Tensor(half, name=name)
        value.dtype = ir.DataType.FLOAT16
        graph.insert_before(start, cast)


def tidy(model: ir.Model) -> None:
    """Readers infer inner shapes themselves; metadata holds source paths of the exporting machine."""
    passes.ClearMetadataAndDocStringPass()(model)
    for node in model.graph:
        for value in node.outputs:
            if value not in model.graph.outputs:
                value.shape = value.type = None
    model.producer_name, model.producer_version, model.doc_string = "posittune", "", ""
    model.metadata_props.clear()
    model.graph.metadata_props.clear()
