"""Recipes on modules of PyTorch: apply_recipe() makes a module compute as the library's engine does under a recipe.

Weights are parametrized (torch.nn.utils.parametrize): the module reads rounded values, an optimizer trains the values
behind them through the straight-through gradient. Inputs of layers are rounded by hooks. Only what differs from the
engine is the order in which products are summed.
"""

import difflib
import functools
import re

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from posittune import _core
from posittune.arrays import choose_scales
from posittune.arrays import quantize as quantize_array
from posittune.exceptions import UnsupportedError, UsageError
from posittune.recipe import Recipe
from posittune.torch.tensors import quantize_op

_STATE = "_posittune_recipe"


def output_axis(module: nn.Module) -> int:
    """The axis of a layer's weight that is its output channels (of a table, its rows). UnsupportedError for others."""
    if isinstance(module, (nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        return 0
    if type(module).__name__ == "Conv1D":  # of transformers: (in, out)
        return 1
    known = "Linear, Embedding, Conv1d to Conv3d, or transformers' Conv1D"
    raise UnsupportedError("a module whose weight a recipe cannot be applied to", "", known, type(module).__name__)


class FakeQuantized(nn.Module):
    """A weight as the engine rounds it, with the scales that are right for its values when this is made.

    matrix: float32 (rows, cols), a row for each output channel. setting: of a recipe.
    """

    def __init__(self, matrix: np.ndarray, setting: dict, axis: int):
        super().__init__()
        self.axis = axis
        self.group = _group(setting)
        self.runs = []  # (format, saturate, rows: a tuple (first, count) or None for a buffer of indices)
        for first, count, formats, rule in _parts(setting, len(matrix)):
            self._add(matrix[first : first + count], first, formats, rule, setting)
        order = torch.cat([getattr(self, f"rows{i}") for i in range(len(self.runs))])
        self.register_buffer("back", torch.argsort(order), persistent=False)

    def _add(self, matrix, first: int, formats: list[str], rule: str, setting: dict) -> None:
        per_row = setting.get("granularity", "tensor") == "channel"
        choices = [_chosen(matrix, format, rule, per_row, self.group) for format in formats]
        if len(choices) == 1:
            return self._run(formats[0], rule, choices[0], np.arange(len(matrix)) + first)
        errors = [_row_errors(matrix, format, rule, scales) for format, scales in zip(formats, choices)]
        best = np.argmin(errors, axis=0)  # the first of equals
        for i, format in enumerate(formats):
            rows = np.flatnonzero(best == i)
            if len(rows):
                self._run(format, rule, choices[i][rows], rows + first)

    def _run(self, format: str, rule: str, scales: np.ndarray, rows: np.ndarray) -> None:
        i = len(self.runs)
        self.register_buffer(f"scales{i}", torch.from_numpy(scales.copy()), persistent=False)
        self.register_buffer(f"rows{i}", torch.from_numpy(rows.astype(np.int64)), persistent=False)
        self.runs.append((_core.Format(format).name, _core._is_chosen_from_data(rule)))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        moved = weight.movedim(self.axis, 0)
        matrix = moved.reshape(len(moved), -1)
        parts = []
        for i, (format, saturate) in enumerate(self.runs):
            scales = getattr(self, f"scales{i}")
            rows = matrix if len(self.runs) == 1 else matrix.index_select(0, getattr(self, f"rows{i}"))
            axis = 0 if scales.numel() > 1 or self.group else None
            parts.append(quantize_op(rows, format, scales, axis, self.group, saturate))
        rounded = parts[0] if len(parts) == 1 else torch.cat(parts).index_select(0, self.back)
        return rounded.reshape(moved.shape).movedim(0, self.axis)


def _group(setting: dict) -> int:
    found = re.fullmatch(r"group:(\d+)", setting.get("granularity", "tensor"))
    return int(found[1]) if found else 0


def _formats(setting: dict) -> list[str]:
    return [setting["format"], *setting.get("alternatives", [])]


def _parts(setting: dict, rows: int):
    """(first, count, formats, rule) of windows and of what is between them, as quant::parts()."""
    parts, at = [], 0
    for window in setting.get("windows", []):
        if window["first"] > at:
            parts.append((at, window["first"] - at, _formats(setting), setting["scale"]))
        parts.append((window["first"], window["count"], _formats(window), window["scale"]))
        at = window["first"] + window["count"]
    if at > rows:
        raise UsageError("windows reach beyond the last row", "windows", f"at most {rows} rows", str(at))
    return parts + ([(at, rows - at, _formats(setting), setting["scale"])] if at < rows else [])


def _chosen(matrix, format: str, rule: str, per_row: bool, group: int) -> np.ndarray:
    if not group:
        return choose_scales(matrix, format, rule, 0 if per_row and len(matrix) > 1 else None)
    columns = [np.ascontiguousarray(matrix[:, i : i + group]) for i in range(0, matrix.shape[1], group)]
    scales = [_chosen(part, format, rule, True, 0) for part in columns]
    return np.ascontiguousarray(np.stack(scales, 1)).reshape(-1)


def _row_errors(matrix, format: str, rule: str, scales) -> np.ndarray:
    y = quantize_array(matrix, format, scales, 0 if len(matrix) > 1 else None)
    return ((y.astype(np.float64) - matrix) ** 2).sum(1)


class _Input:
    """The hook before a layer: rounds its input. settings: one for each time that the layer runs in a forward pass."""

    def __init__(self, settings: dict[int, dict], scales: dict[int, float]):
        self.settings, self.scales, self.calls = settings, scales, 0
        self.saturates = {name: _core._is_chosen_from_data(name) for name in _core.scale_rules()}

    def __call__(self, module, arguments):
        call, self.calls = self.calls, self.calls + 1
        setting = self.settings.get(call)
        if setting is None:
            return None
        x = arguments[0]
        y = x.to(torch.float32)
        format, rule = setting["format"], setting["scale"]
        saturate = self.saturates[rule]
        if setting.get("chosen", "static") == "token":
            rows = y.flatten(0, -2) if not _is_convolution(module) else y.flatten(1)
            scales = choose_scales(rows.detach().cpu().numpy(), format, rule, 0 if len(rows) > 1 else None)
            y = quantize_op(rows, format, torch.from_numpy(scales).to(y.device), 0, 0, saturate).reshape(y.shape)
        else:
            scales = torch.full((1,), self.scales[call], dtype=torch.float32, device=y.device)
            y = quantize_op(y, format, scales, None, 0, saturate)
        return (y.to(x.dtype), *arguments[1:])


def _is_convolution(module: nn.Module) -> bool:
    return isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))


def _refuse(name: str, setting: dict) -> None:
    for field, plain in (("rounding", "nearest"), ("bias_correction", False), ("input_weighted", False)):
        if setting.get(field, plain) != plain:
            raise UnsupportedError(
                f"posittune.torch applies no {field.replace('_', ' ')} yet: it depends on calibration data",
                f"weights of the recipe, '{name}'",
                f"{field}: {plain}",
                str(setting[field]),
                "search without it (the exact codes will come from an archive of the export)",
            )


def _unknown(kind: str, name: str, known) -> UsageError:
    near = difflib.get_close_matches(name, known, 3)
    return UsageError(
        f"the module has no {kind} for a name of the recipe",
        name,
        ", ".join(near) or f"one of {len(known)}",
        name,
        "give `names`: a dict from names of the recipe to those of the module",
    )


def _owners(module: nn.Module, name: str) -> list[tuple[nn.Module, str]]:
    """Every module that holds the parameter, tied ones too."""
    parameter = dict(module.named_parameters(remove_duplicate=False))[name]
    found = []
    for owner in module.modules():
        found += [(owner, key) for key, value in owner.named_parameters(recurse=False) if value is parameter]
    return found


def _weight_name(name: str, names: dict, known) -> str:
    for candidate in (names.get(name), name, name.removesuffix("_transposed")):
        if candidate in known:
            return candidate
    raise _unknown("parameter", name, known)


def _layer(name: str, names: dict, modules: dict) -> tuple[str, int]:
    """Module and the number of its run: 'encoder.ffn/MatMul_3' is the third of 'encoder.ffn' (the first has no number)."""
    if name in names:
        return names[name], 0
    path, _, kind = name.rpartition("/")
    number = re.search(r"_(\d+)$", kind)
    if path not in modules:
        raise _unknown("layer", name, modules)
    return path, int(number[1]) - 1 if number else 0


def _inputs(module, activations: dict, names: dict, scales: dict) -> dict[str, _Input]:
    modules, hooks = dict(module.named_modules()), {}
    for name, setting in activations.items():
        path, call = _layer(name, names, modules)
        output_axis(modules[path])  # refuses what is no layer
        chosen = setting.get("chosen", "static")
        if chosen != "token" and name not in scales and _core._is_chosen_from_data(setting["scale"]):
            raise UsageError(
                "a static activation without its scale",
                f"activations of the recipe, '{name}'",
                "a scale for each",
                "none",
                "give `scales`, or choose scales per token",
            )
        hook = hooks.setdefault(path, _Input({}, {}))
        hook.settings[call], hook.scales[call] = setting, float(scales.get(name, 1.0))
    return hooks


def apply_recipe(
    module: nn.Module, recipe: Recipe, *, names: dict[str, str] | None = None, scales: dict[str, float] | None = None
) -> nn.Module:
    """Makes a module, in place, compute under a recipe; returns it. remove_recipe() undoes it.

    names: from names of the recipe (weights; layers) to those of the module (parameters; submodules), where they differ.
        A weight is looked for under its own name, layers under what stands before their '/'.
    scales: of static activations, by the name of the layer in the recipe.

    Scales of weights are chosen now, from the present values, by the rules of the recipe; training moves the values, not
    the scales. Raises UnsupportedError for what needs calibration data (compensated rounding, bias correction, weighted
    errors), exact sums, and modules of unknown kinds; UsageError for names that fit nothing, and under another recipe.
    """
    if hasattr(module, _STATE):
        raise UsageError("the module is under a recipe already", hint="remove_recipe() first")
    if recipe.accumulate != "fp32":
        raise UnsupportedError("posittune.torch has no exact sums", "accumulate", "fp32", recipe.accumulate)
    names, known = names or {}, dict(module.named_parameters(remove_duplicate=False))
    planned = []
    for name, setting in recipe.weights.items():
        _refuse(name, setting)
        owners = _owners(module, _weight_name(name, names, known))
        axis = output_axis(owners[0][0])
        weight = getattr(*owners[0]).detach().movedim(axis, 0).cpu().float()
        planned.append((owners, FakeQuantized(weight.reshape(len(weight), -1).contiguous().numpy(), setting, axis)))
    hooks = _inputs(module, recipe.activations, names, scales or {})
    handles = []
    for path, hook in hooks.items():
        handles.append(module.get_submodule(path).register_forward_pre_hook(hook))
    if hooks:
        handles.append(
            module.register_forward_pre_hook(functools.partial(_restart, list(hooks.values())), prepend=True)
        )
    state = []
    for owners, rounded in planned:
        for owner, key in owners:
            device = getattr(owner, key).device
            parametrize.register_parametrization(owner, key, rounded.to(device), unsafe=True)
            state.append((owner, key))
    object.__setattr__(module, _STATE, (state, handles))
    return module


def _restart(hooks, module, arguments) -> None:
    for hook in hooks:
        hook.calls = 0


def remove_recipe(module: nn.Module, *, keep_rounded: bool = False) -> nn.Module:
    """The module as before apply_recipe(), with its weights as they are now (trained, perhaps), in place.

    keep_rounded: the rounded values become the weights. UsageError where no recipe is applied.
    """
    if not hasattr(module, _STATE):
        raise UsageError("the module is under no recipe")
    state, handles = getattr(module, _STATE)
    for handle in handles:
        handle.remove()
    for owner, key in state:
        tied = owner.parametrizations[key].original
        parametrize.remove_parametrizations(owner, key, leave_parametrized=keep_rounded)
        if not keep_rounded:
            setattr(owner, key, tied)
    delattr(module, _STATE)
    return module
