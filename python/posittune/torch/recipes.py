"""Recipes on modules of PyTorch: apply_recipe() makes a module compute as the library's engine does under a recipe.

Weights are parametrized (torch.nn.utils.parametrize): the module reads rounded values, an optimizer trains the values
behind them through the straight-through gradient. Inputs of layers are rounded by hooks. Only what differs from the
engine is the order in which products are summed: where inputs are rounded too, a sum that differs in its last bit may
go to the other side of a boundary, and its rounded value is then one step away (docs/python.md says how often).
"""

import difflib
import functools
import os
import re
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from posittune import _core
from posittune.arrays import choose_scales
from posittune.arrays import quantize as quantize_array
from posittune.exceptions import InputError, UnsupportedError, UsageError
from posittune.quantized import QuantizedModel, QuantizedWeight
from posittune.recipe import Recipe
from posittune.torch.scale_rules import choose
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


class Run(NamedTuple):
    """Rows of a weight that have one format."""

    rows: np.ndarray  # their indices
    format: str
    saturate: bool
    scales: np.ndarray  # one; one for each row; or one for each row and group of columns


class FakeQuantized(nn.Module):
    """A weight as the engine rounds it, from its runs: every row is in one of them. It computes in float32,
    whatever type the weight has, and gives that type."""

    def __init__(self, runs: list[Run], axis: int, group: int):
        super().__init__()
        self.axis, self.group = axis, group
        self.runs = [(_core.Format(run.format).name, run.saturate) for run in runs]
        for i, run in enumerate(runs):
            self.register_buffer(f"scales{i}", torch.from_numpy(run.scales.copy()), persistent=False)
            self.register_buffer(f"rows{i}", torch.from_numpy(run.rows.astype(np.int64)), persistent=False)
        self.register_buffer("back", torch.argsort(torch.from_numpy(np.concatenate([r.rows for r in runs]))), False)
        self.register_buffer("offset", None, persistent=False)

    def take_values(self, weight: torch.Tensor, values: np.ndarray) -> None:
        """Makes `weight` round to these values, of its codes, by an offset where the nearest are others (compensated rounding).
        InputError where no offset does."""
        moved = weight.movedim(self.axis, 0)
        if values.shape != (len(moved), moved[:1].numel()):
            raise InputError("codes of another shape than the weight", "", str(tuple(weight.shape)), str(values.shape))
        wanted = torch.from_numpy(values).reshape(moved.shape).movedim(0, self.axis)
        nearest = self(weight)
        if torch.equal(nearest, wanted):
            return
        self.offset = torch.where(nearest == wanted, 0.0, wanted - weight)
        wrong = int((self(weight) != wanted).sum())
        if wrong:
            raise InputError(
                "values that their scales do not round to",
                "",
                "codes as Session.quantized() gives them",
                f"{wrong} others",
            )

    def _apply(self, fn, recurse=True):
        """Moves scales with the module, but leaves them float32: of another type they would be others."""

        def moved(x: torch.Tensor) -> torch.Tensor:
            y = fn(x)
            return y if y.dtype == x.dtype else x.to(y.device)

        return super()._apply(moved, recurse)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        exact = weight.to(torch.float32)
        return self._rounded(exact if self.offset is None else exact + self.offset).to(weight.dtype)

    def _rounded(self, weight: torch.Tensor) -> torch.Tensor:
        moved = weight.movedim(self.axis, 0)
        matrix = moved.reshape(len(moved), -1)
        parts = []
        for i, (format, saturate) in enumerate(self.runs):
            scales = getattr(self, f"scales{i}")
            rows = matrix if len(self.runs) == 1 else matrix.index_select(0, getattr(self, f"rows{i}"))
            parts.append(_quantize(rows, format, scales, self.group, saturate))
        rounded = parts[0] if len(parts) == 1 else torch.cat(parts).index_select(0, self.back)
        return rounded.reshape(moved.shape).movedim(0, self.axis)


def _quantize(matrix: torch.Tensor, format: str, scales: torch.Tensor, group: int, saturate: bool) -> torch.Tensor:
    """Scales: one; one for each row; or for each row and group of columns."""
    if not group or not _core.Format(format).block:
        return quantize_op(matrix, format, scales, 0 if scales.numel() > 1 or group else None, group, saturate)
    padded = nn.functional.pad(matrix, (0, -matrix.shape[1] % group))  # whole blocks: each group becomes a row
    y = _quantize(padded.reshape(-1, group), format, scales, 0, saturate)
    return y.reshape(padded.shape)[:, : matrix.shape[1]]


def _chosen_runs(matrix: np.ndarray, setting: dict) -> list[Run]:
    """Runs of a matrix with a row for each output channel, by the rules of a recipe."""
    runs, group = [], _group(setting)
    per_row = setting.get("granularity", "tensor") == "channel"
    for first, count, formats, rule in _parts(setting, len(matrix)):
        part, saturate = matrix[first : first + count], _core._is_chosen_from_data(rule)
        choices = [_chosen(part, format, rule, per_row, group) for format in formats]
        if len(choices) == 1:
            runs.append(Run(np.arange(count) + first, formats[0], saturate, choices[0]))
            continue
        errors = [_row_errors(part, format, scales) for format, scales in zip(formats, choices)]
        best = np.argmin(errors, axis=0)  # the first of equals
        for i, format in enumerate(formats):
            rows = np.flatnonzero(best == i)
            if len(rows):
                runs.append(Run(rows + first, format, saturate, choices[i][rows]))
    return runs


def _given_runs(weight: QuantizedWeight, setting: dict) -> list[Run]:
    """Runs of one format as one, however far apart: rows that choose among formats are many short ones."""
    parts, runs, first = _parts(setting, weight.shape[0]), {}, 0
    for codes in weight.runs:
        rule = next(rule for start, count, _, rule in parts if start <= first < start + count)
        rows = np.arange(len(codes.codes)) + first
        run = Run(rows, codes.format.name, _core._is_chosen_from_data(rule), codes.scales)
        runs.setdefault(run[1:3], []).append(run)
        first += len(rows)
    return [same[0] if len(same) == 1 else _together(same) for same in runs.values()]


def _together(runs: list[Run]) -> Run:
    scales = [run.scales if run.scales.size >= len(run.rows) else np.repeat(run.scales, len(run.rows)) for run in runs]
    return runs[0]._replace(rows=np.concatenate([run.rows for run in runs]), scales=np.concatenate(scales))


def _group(setting: dict) -> int:
    found = re.fullmatch(r"group:(\d+)", setting.get("granularity", "tensor"))
    return int(found[1]) if found else 0


def _formats(setting: dict) -> list[str]:
    return [setting["format"], *setting.get("alternatives", [])]


def _parts(setting: dict, rows: int) -> list[tuple[int, int, list[str], str]]:
    """(first, count, formats, rule) of windows and of what is between them, as quant::parts()."""
    parts, at = [], 0
    for window in setting.get("windows", []):
        first, count = window["first"], window["count"]
        if first < at or not count or first + count > rows:
            what, found = "windows of channels must be ascending, apart and inside the weight", f"{count} from {first}"
            raise UsageError(what, "windows", f"channels {at} to {rows}", found)
        if first > at:
            parts.append((at, first - at, _formats(setting), setting["scale"]))
        parts.append((first, count, _formats(window), window["scale"]))
        at = first + count
    return parts + ([(at, rows - at, _formats(setting), setting["scale"])] if at < rows else [])


def _check_group(setting: dict) -> None:
    """UsageError where groups of columns do not hold whole blocks, as engine::check_weights()."""
    group = _group(setting)
    for name in [name for part in (setting, *setting.get("windows", [])) for name in _formats(part)]:
        block = _core.Format(name).block
        if group and block and group % block:
            expected = f"a multiple of {block} for {name}"
            raise UsageError("a group of columns that does not fit the format", "granularity", expected, str(group))


def _chosen(matrix, format: str, rule: str, per_row: bool, group: int) -> np.ndarray:
    if not group:
        return choose_scales(matrix, format, rule, 0 if per_row and len(matrix) > 1 else None)
    columns = [np.ascontiguousarray(matrix[:, i : i + group]) for i in range(0, matrix.shape[1], group)]
    scales = [_chosen(part, format, rule, True, 0) for part in columns]
    return np.ascontiguousarray(np.stack(scales, 1)).reshape(-1)


def _row_errors(matrix, format: str, scales) -> np.ndarray:
    y = quantize_array(matrix, format, scales, 0 if len(matrix) > 1 else None)
    return ((y.astype(np.float64) - matrix) ** 2).sum(1)


class _OfCalls:
    """What hooks share: settings by the number of the call, since a layer may run several times in a forward pass."""

    def __init__(self):
        self.settings: dict[int, Any] = {}
        self.calls = 0

    def next(self):
        self.calls += 1
        return self.settings.get(self.calls - 1)


class _Input(_OfCalls):
    """The hook before a layer: rounds its input. Settings: (of the recipe, static scale)."""

    def __init__(self):
        super().__init__()
        self.saturates = {name: _core._is_chosen_from_data(name) for name in _core.scale_rules()}

    def __call__(self, module, arguments):
        setting = self.next()
        if setting is None:
            return None
        (of, scale), x = setting, arguments[0]
        y = x.to(torch.float32)
        rows = y.reshape(_tokens(module, y), -1)  # blocks, too, are of a token's or an image's own elements
        format, rule = of["format"], of["scale"]
        axis, scales = None, torch.full((1,), scale, dtype=torch.float32, device=y.device)
        if of.get("chosen", "static") == "token":
            axis = 0 if len(rows) > 1 else None
            scales = choose(rows, _core.Format(format), rule, axis)
        y = quantize_op(rows, format, scales, axis, 0, self.saturates[rule]).reshape(y.shape)
        return (y.to(x.dtype), *arguments[1:])


class _Correction(_OfCalls):
    """The hook behind a layer: adds to each output channel. Settings: a tensor."""

    def __call__(self, module, arguments, output):
        shift = self.next()
        if shift is None:
            return None
        shift = shift.to(output.device, output.dtype)
        behind = module.weight.dim() - 2 if _is_convolution(module) else 0  # axes
        return output + shift.reshape(-1, *[1] * behind)


def _is_convolution(module: nn.Module) -> bool:
    return isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))


def _tokens(module: nn.Module, x: torch.Tensor) -> int:
    """How many tokens an input has, or images."""
    if _is_convolution(module):
        return len(x) if x.dim() == module.weight.dim() else 1
    return x.numel() // max(1, x.shape[-1])


def _refuse(name: str, setting: dict) -> None:
    for field, plain in (("rounding", "nearest"), ("bias_correction", False), ("input_weighted", False)):
        if setting.get(field, plain) != plain:
            raise UnsupportedError(
                f"{field.replace('_', ' ')} depends on calibration data, which a recipe does not have",
                f"weights of the recipe, '{name}'",
                f"{field}: {plain}",
                str(setting[field]),
                "give what Session.quantized() makes of the recipe in place of the recipe: it has the codes",
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


def _path_of(scopes: str) -> str:
    """Path of a name of PyTorch's older exporter: '/layer1/layer1.0/conv1' is layer1.0.conv1, as items repeat a list's name."""
    parts = []
    for scope in scopes[1:].split("/"):
        if parts and scope.startswith(parts[-1] + "."):
            parts[-1] = scope
        else:
            parts.append(scope)
    return ".".join(parts)


def _by_name(name: str, modules: dict) -> tuple[str, int] | None:
    """Module and the number of its run from 0. 'encoder.ffn/MatMul_3' is the third of 'encoder.ffn'; of PyTorch's older exporter,
    '/encoder/ffn/MatMul_2' is. The first has no number."""
    path, _, kind = name.rpartition("/")
    number, first = re.search(r"_(\d+)$", kind), 1
    if path.startswith("/"):
        path, first = _path_of(path), 0
    return (path, int(number[1]) - first if number else 0) if path and path in modules else None


class _Places:
    """Where the names of a recipe are in a module. layers: the weight of each, where that is known."""

    def __init__(self, module: nn.Module, names: dict[str, str], layers: dict[str, str]):
        self.module, self.names, self.layers = module, names, layers
        self.modules = dict(module.named_modules())
        self.parameters = dict(module.named_parameters(remove_duplicate=False))

    def owners(self, weight: str) -> list[tuple[nn.Module, str]]:
        """Every module that holds the parameter, tied ones too."""
        for name in (self.names.get(weight), weight, weight.removesuffix("_transposed")):
            if name in self.parameters:
                break
        else:
            raise _unknown("parameter", weight, self.parameters)
        found = []
        for owner in self.module.modules():
            of = owner.named_parameters(recurse=False)
            found += [(owner, key) for key, value in of if value is self.parameters[name]]
        return found

    def _by_weight(self, layer: str) -> tuple[str, int] | None:
        """The module that holds the layer's weight, where only one multiplies by it, and which of its runs this is."""
        weight = self.layers.get(layer)
        owners = [] if weight is None else [of for of, _ in self.owners(weight) if not isinstance(of, nn.Embedding)]
        if len(owners) != 1:
            return None
        path = next(path for path, each in self.modules.items() if each is owners[0])
        return path, [name for name, other in self.layers.items() if other == weight].index(layer)

    def layer(self, name: str) -> tuple[str, int]:
        """Path of the module and the number of its run from 0."""
        if name in self.names:
            return self.names[name], 0
        found = _by_name(name, self.modules) or self._by_weight(name)
        if found is None:
            raise _unknown("layer", name, self.modules)
        return found


def _hooks(kind: type, places: _Places, settings: dict[str, Any]) -> dict[str, Any]:
    """A hook for each submodule, from settings by the layer's name in the recipe."""
    hooks = {}
    for name, setting in settings.items():
        path, call = places.layer(name)
        output_axis(places.modules[path])  # refuses what is no layer
        hooks.setdefault(path, kind()).settings[call] = setting
    return hooks


def _inputs(places: _Places, activations: dict, scales: dict) -> dict[str, tuple[dict, float]]:
    """(setting, static scale) by the layer's name."""
    found = {}
    for name, setting in activations.items():
        if isinstance(places.modules[places.layer(name)[0]], nn.Embedding):
            continue  # indices are not rounded, as in the engine
        static = setting.get("chosen", "static") != "token" and _core._is_chosen_from_data(setting["scale"])
        if static and name not in scales:
            raise UsageError(
                "a static activation without its scale",
                f"activations of the recipe, '{name}'",
                "a scale for each",
                "none",
                "give `scales`, or what Session.quantized() makes of the recipe, or choose scales per token",
            )
        found[name] = (setting, float(scales.get(name, 1.0)))
    return found


def _rounded(weight: torch.Tensor, axis: int, setting: dict, given: QuantizedWeight | None) -> FakeQuantized:
    _check_group(setting)
    weight = weight.detach().cpu().float()
    if given is None:
        moved = weight.movedim(axis, 0)
        return FakeQuantized(_chosen_runs(moved.reshape(len(moved), -1).numpy(), setting), axis, _group(setting))
    rounded = FakeQuantized(_given_runs(given, setting), axis, _group(setting))
    rounded.take_values(weight, given.decode())
    return rounded


def _planned(name: str, weight: torch.Tensor, axis: int, setting: dict, given: QuantizedWeight | None) -> FakeQuantized:
    """_rounded(), with errors that name the weight."""
    if given is None:
        _refuse(name, setting)
    try:
        return _rounded(weight, axis, setting, given)
    except (InputError, UsageError) as error:
        error.where = ", ".join([f"weight '{name}'", *filter(None, [error.where])])
        raise


def _checked(recipe: Recipe | str | os.PathLike) -> Recipe:
    """The recipe, or that of a file, as the library reads it, with defaults. UsageError, InputError, TypeError."""
    if isinstance(recipe, (str, os.PathLike)):
        return Recipe.read(recipe)
    if not isinstance(recipe, Recipe):
        expected = "a posittune.Recipe, the path of one, or what Session.quantized() gives"
        raise TypeError(f"recipe is a {type(recipe).__name__}; expected {expected}")
    return Recipe.parse(recipe.to_yaml())


def apply_recipe(
    module: nn.Module,
    recipe: Recipe | QuantizedModel | str | os.PathLike,
    *,
    names: dict[str, str] | None = None,
    scales: dict[str, float] | None = None,
) -> nn.Module:
    """Makes a module, in place, compute under a recipe; returns it. remove_recipe() undoes it.

    recipe: a Recipe or the path of its file, whose scales of weights are chosen now, from the present values, by its
        rules; or what Session.quantized() made of one, whose codes and scales are taken as they are. What needs
        calibration data is only in the latter: compensated rounding, weighted errors, bias correction, static scales of
        inputs.
    names: from names of the recipe (weights; layers) to those of the module (parameters; submodules), where they differ.
        A weight is looked for under its own name, layers under what stands before their '/', or by their weight where
        that is known.
    scales: of static activations, by the name of the layer in the recipe.

    Training moves the values, not the scales; compensated weights start from their codes, too. Weights and inputs of
    other types than float32 are rounded in float32, and the result once more to their type.
    Raises UnsupportedError for what needs calibration data, exact sums, and modules of unknown kinds; InputError or
    UsageError for a recipe that is none, for codes or windows that do not fit the module, for names that fit nothing,
    and under another recipe; TypeError for what is no recipe.
    """
    if hasattr(module, _STATE):
        raise UsageError("the module is under a recipe already", hint="remove_recipe() first")
    weights, corrections, layers, scales = {}, {}, {}, dict(scales or {})
    if isinstance(recipe, QuantizedModel):
        weights, layers, recipe, of = recipe.weights, recipe.layers, recipe.recipe, recipe
        scales = {name: operands[0] for name, operands in of.input_scales.items()} | scales
        corrections = {name: torch.from_numpy(shift.copy()) for name, shift in of.corrections.items()}
    recipe = _checked(recipe)
    if recipe.accumulate != "fp32":
        raise UnsupportedError("posittune.torch has no exact sums", "accumulate", "fp32", recipe.accumulate)
    places, planned = _Places(module, names or {}, layers), []
    for name, setting in recipe.weights.items():
        owners = places.owners(name)
        axis = output_axis(owners[0][0])
        planned.append((owners, _planned(name, getattr(*owners[0]), axis, setting, weights.get(name))))
    inputs = _hooks(_Input, places, _inputs(places, recipe.activations, scales))
    outputs = _hooks(_Correction, places, corrections)
    handles = [module.get_submodule(path).register_forward_pre_hook(hook) for path, hook in inputs.items()]
    handles += [module.get_submodule(path).register_forward_hook(hook) for path, hook in outputs.items()]
    if handles:
        restart = functools.partial(_restart, [*inputs.values(), *outputs.values()])
        handles.append(module.register_forward_pre_hook(restart, prepend=True))
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
