"""One model on one set of data: what formats cost it, which to take for which layer, and at what price.

    import posittune as pt

    session = pt.Session("model.onnx", data="data.yaml")
    print(session.compare(formats=["int8", "posit<8,1>"]).to_pandas())
    best = session.search(bits=4.5)
    recipe = best.recipe()

What a session measures goes to the journal of its run folder: the same call again, after an interruption too, measures only
what is missing there. Ctrl-C ends a job within two seconds.

Every job raises posittune.Error: UsageError for arguments, InputError for files and data, UnsupportedError,
ResourceError; and TypeError for arguments of another type.
After an exception the session is as it was before the job.
"""

import contextlib
import hashlib
import os
import pathlib
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from posittune import _core, results
from posittune.exceptions import GoalNotMet, InputError, UsageError, cannot_write
from posittune.metrics import Metric
from posittune.progress import Progress, Quiet
from posittune.quantized import QuantizedModel, from_native
from posittune.recipe import Recipe

Budget = float | str  # a number, or a text with a unit: "20MB", "0.5x"
OneRecipe = str | os.PathLike | Recipe  # a file, or the recipe itself
SPLITS = ("calibrate", "search", "report")
NUMBERS = "float16/32/64, int8/16/32/64, uint8/16/32/64 or bool"  # types of arrays, as in data/npy_numbers.h


class Session:
    """A model and its data, opened and checked.

    model: an ONNX file, an OpenVINO IR (.xml), or "zoo:NAME", which brings its data
    data: a data.yaml; or a dict with "calibrate", "search", "report" (which of them a job needs, it says), each a path (.npz,
        .txt, a folder of images, COCO .json), a dict of arrays, or an iterable of dicts of arrays, one for each item; None:
        inspect() and cost() alone, or the zoo's
    include, exclude: regular expressions on names of layers and weights: what is quantized
    attention: products of two activations too
    constants: inputs that are the same for all items: {"rate": 16000}
    batch_axes: axis of the items, where it is not the first: {"x": 1}
    tokenizer, annotations, labels, sequence: of data that are paths, as the command line has them
    limit: items of each split at most
    threads: 0 for all
    runs: folder in which each job has a run folder, JOB-MODEL-HASH, for its results and journal. Arrays that are given as data
        are kept there too, in data/HASH.npz, so that the same call continues a run
    progress: True: notes and bars (tqdm) on stderr; False: nothing; or an object as posittune.progress.Quiet
    """

    def __init__(
        self,
        model: str | os.PathLike,
        data: str | os.PathLike | Mapping[str, Any] | None = None,
        *,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        attention: bool = False,
        constants: Mapping[str, Any] | None = None,
        batch_axes: Mapping[str, int] | None = None,
        tokenizer: str | os.PathLike | None = None,
        annotations: str | os.PathLike | None = None,
        labels: str | os.PathLike | None = None,
        sequence: int = 0,
        limit: int = 0,
        threads: int = 0,
        runs: str | os.PathLike = "runs",
        progress: bool | Quiet = True,
    ):
        model = os.fspath(model)
        self._runs = pathlib.Path(runs)
        observer = (Progress() if progress else Quiet()) if isinstance(progress, bool) else progress
        options = {
            "include": _texts(include),
            "exclude": _texts(exclude),
            "attention": attention,
            "constants": {name: _constant(value) for name, value in (constants or {}).items()},
            "batch_axes": dict(batch_axes or {}),
            "tokenizer": _path(tokenizer),
            "annotations": _path(annotations),
            "labels": _path(labels),
            "sequence": sequence,
            "limit": limit,
            "threads": threads,
            "runs": os.fspath(runs),
            "command_line": ["posittune.Session", model],
            "with_data": data is not None or model.startswith("zoo:"),
            **self._data(data),
        }
        self._native = _core._Session(model, {k: v for k, v in options.items() if v is not None}, observer)

    def _data(self, data) -> dict[str, str]:
        if data is None:
            return {}
        if isinstance(data, (str, os.PathLike)):
            return {"data": os.fspath(data)}
        if not isinstance(data, Mapping):
            raise TypeError(f"data is a {type(data).__name__}: a path, or a dict with {', '.join(SPLITS)}")
        unknown = [name for name in data if name not in SPLITS]
        if unknown:
            raise UsageError(f"unknown split '{unknown[0]}'", "data", ", ".join(SPLITS))
        return {name: self._split(name, split) for name, split in data.items()}

    def _split(self, name: str, split) -> str:
        if isinstance(split, (str, os.PathLike)):
            return os.fspath(split)
        return str(_kept(_arrays(name, split), self._runs))

    def compare(
        self,
        formats: str | list[str] | None = None,
        *,
        what: str | list[str] | None = None,
        scales: str | list[str] | None = None,
        recipes: OneRecipe | Sequence[OneRecipe] | None = None,
        metrics: Metric | Sequence[Metric] | None = None,
        **options,
    ) -> results.Comparison:
        """How good the model is under each format: all of them on the same items of the report split.

        formats: names, also "posit<6,*>" (each output channel takes the es that suits it); default: FP32 and seven others
        what: "w" (weights) and "wa" (weights and the inputs of layers); default: both
        scales: rules that choose scales, each for all formats; default: rms_pow2 and mse_pow2
        recipes: one or more files or Recipe objects, measured as they are after the formats
        metrics: of your own, beside those of the task
        granularity ("channel"), rounding ("nearest"), activation_scale ("static"), input_weighted, bias_correction,
            accumulate ("fp32")
        task, output, scores, tokens, class_axis, blank: what is scored; default: what model and data suggest
        batch (0: chosen; "alone": one by one, for a model whose items influence each other), resamples (1000), seed (1),
            save_outputs (a folder)
        """
        with tempfile.TemporaryDirectory(prefix="posittune-") as folder:
            arguments = _arguments(
                folder, formats=formats, what=what, scales=scales, recipes=recipes, metrics=metrics, **options
            )
            text, run_folder = self._native.compare(arguments)
        return results.load(results.Comparison, results.parse(text) | {"run_folder": run_folder})

    def sensitivity(
        self,
        formats: str | list[str] | None = None,
        *,
        what: str | list[str] | None = None,
        tier: str = "gain",
        channels: int = 0,
        scales: str | list[str] | None = None,
        **options,
    ) -> results.Sensitivity:
        """What each format costs in each layer, on the search split.

        what: "w" (weights), "a" (inputs of layers), "wa" (both together); default "w"
        tier: how scores are found. "proxy": the error at the layer's own output; "gain": that times how much errors of the
            layer matter; "exact": the loss of the model's output
        channels: also score groups of this many output channels
        check (all three tiers, and how well they agree), precision, no_early_stop, spot_checks, naive, exact_channels, mixes,
            upgrade_points, upgrade_from, upgrade_to, reference, segments, cache_limit, batch, seed; formats, settings and
            scoring as compare()
        """
        arguments = _arguments(None, formats=formats, what=what, scales=scales, tier=tier, channels=channels, **options)
        text, run_folder = self._native.sensitivity(arguments)
        return results.load(results.Sensitivity, results.parse(text) | {"run_folder": run_folder})

    def search(
        self,
        formats: str | list[str] | None = None,
        *,
        bits: Budget | list[Budget] | None = None,
        size: Budget | list[Budget] | None = None,
        energy: Budget | list[Budget] | None = None,
        area: Budget | list[Budget] | None = None,
        activation_bits: Budget | list[Budget] | None = None,
        mac_bits: Budget | list[Budget] | None = None,
        max_drop: str | float | None = None,
        what: str = "w",
        activations: str | list[str] | None = None,
        windows: int = 0,
        baselines: bool = False,
        metrics: Metric | Sequence[Metric] | None = None,
        **options,
    ) -> results.Search:
        """The best format for each layer (or window of output channels) within budgets.

        bits (stored bits per weight), size ("20MB"), energy ("0.5x" of FP32, "2mJ"), area, activation_bits, mac_bits: numbers
            or texts; a list is a search for each; several kinds bind together
        max_drop: the fewest bits that lose at most this part of the metric on the search split: "1%" or 0.01
        what: "w", or "wa": inputs of layers get formats too, of `activations`
        windows: output channels that get a format together; 0: whole weights
        metrics: of your own, beside those of the task on the report split; the first by name is the one that max_drop means
        pairs, assign, ties, tie_inputs, scale, activation_rule, pareto, refine, no_report, gap, solver_seconds, reference,
            gain_items, segments, cache_limit, batch, resamples, seed; table, accumulator, pipeline, memory_pj_per_bit,
            activation_pj_per_bit as cost(); settings and scoring as compare()

        The result is on disk when a budget cannot be met, too: `missed` holds why. GoalNotMet is raised by Search.recipe().
        """
        arguments = _arguments(
            None,
            formats=formats,
            bits=bits,
            size=size,
            energy=energy,
            area=area,
            activation_bits=activation_bits,
            mac_bits=mac_bits,
            max_drop=max_drop,
            what=what,
            activations=activations,
            windows=windows,
            baselines=baselines,
            metrics=metrics,
            **options,
        )
        text, run_folder, missed = self._native.search(arguments)
        found = results.parse(text) | {"run_folder": run_folder}
        search = results.load(results.Search, found)
        search.missed.extend(GoalNotMet(*parts) for parts in missed)
        return search

    def cost(
        self,
        formats: str | list[str] | None = None,
        *,
        recipe: OneRecipe | None = None,
        shapes: Mapping[str, tuple] | None = None,
        **options,
    ) -> results.Document:
        """What formats, or a recipe, cost: bytes, MAC-bits, energy and area on a table of MAC units.

        shapes: of inputs; 1 for each open dimension that none names
        activations ("same"), granularity, attention, table, accumulator, pipeline, memory_pj_per_bit, activation_pj_per_bit
        """
        with tempfile.TemporaryDirectory(prefix="posittune-") as folder:
            arguments = _arguments(
                folder,
                formats=formats,
                recipe=None if recipe is None else _recipe_path(recipe, folder, 0),
                shapes={name: list(shape) for name, shape in (shapes or {}).items()},
                **options,
            )
            return results.Document(results.parse(self._native.cost(arguments)))

    def quantized(self, recipe: OneRecipe, **options) -> QuantizedModel:
        """The numbers that the model runs with under a recipe: codes, scales and formats of each weight (of compensated rounding
        too), scales of inputs, corrections of biases. They are those that compare(recipes=[recipe]) measures.

        recipe: a file, or a Recipe such as search().recipe()
        task, output, scores, tokens, class_axis, blank, batch: as compare(); calibration depends on them in the last bit

        posittune.torch.apply_recipe() takes the result in place of a recipe. Nothing is kept in a run folder. UsageError where
        the recipe needs calibration data and the session has none.
        """
        recipe = recipe if isinstance(recipe, Recipe) else Recipe.read(recipe)
        return from_native(recipe, self._native.quantized(recipe.to_yaml(), _given(**options)))

    def export_to(self, path: str | os.PathLike, recipe: OneRecipe, *, to: str = "onnx", **options) -> results.Export:
        """Writes the model under a recipe for other tools, to `path`: a file, or for some targets a folder.

        recipe: a file, or a Recipe such as search().recipe(); or an archive (a file .safetensors that `to="posit"` wrote), whose
        numbers are then not computed anew
        to: "onnx" (standard operators: codes, tables and scales), "posit" (archive), "fp32", "fp16" (ONNX, snapped weights),
        "safetensors", "transformers", "compressed-tensors" (with hub=FOLDER, which the model was made from), "gguf", "recipe"
        resident: codes stay in onnxruntime's memory, and its runs are slower
        snap: what other engines have no format for becomes floats on its grid; otherwise it is UnsupportedError
        task, output, scores, tokens, class_axis, blank, batch: as quantized()
        """
        if not isinstance(recipe, Recipe) and os.fspath(recipe).endswith(".safetensors"):
            options["archive"], recipe = os.fspath(recipe), Recipe()
        recipe = recipe if isinstance(recipe, Recipe) else Recipe.read(recipe)
        arguments = _given(path=os.fspath(path), **options)
        return results.Export(*self._native.export_to(recipe.to_yaml(), to, arguments))

    def verify(self, exported: str | os.PathLike, *, runtime: str = "onnxruntime", **options) -> results.Document:
        """The model and its export on the report split, both in one runtime: differences of outputs, and metrics.

        runtime: "onnxruntime", in a process of Python (python: this one), or "openvino"
        exact: False lets onnxruntime round inputs of int8 and int4 weights, as it does by default
        batch, resamples, seed, task, output, scores, tokens, class_axis, blank: as compare()
        """
        options.setdefault("python", sys.executable)
        return results.Document(
            results.parse(self._native.verify(os.fspath(exported), _given(runtime=runtime, **options)))
        )

    def inspect(self, *, shapes: Mapping[str, tuple] | None = None) -> results.Document:
        """What can be quantized in the model, and what cannot and why."""
        arguments = {"shapes": {name: list(shape) for name, shape in (shapes or {}).items()}}
        return results.Document(results.parse(self._native.inspect(arguments)))

    def estimate(self, job: str, **options) -> dict[str, Any]:
        """What "compare", "sensitivity" or "search" would do with these options, and in how many seconds, by the time of one
        item; nothing else is measured. A plain dict, without rows."""
        with tempfile.TemporaryDirectory(prefix="posittune-") as folder:
            return results.parse(self._native.estimate(job, _arguments(folder, **options)))


LISTS = ("formats", "scales", "activations", "pairs", "bits", "size", "energy", "area", "activation_bits", "mac_bits")


def _arguments(folder: str | None, **options) -> dict[str, Any]:
    """Arguments of a job or its estimate, as the extension takes them; Recipe objects are written to `folder`."""
    for name in LISTS:
        if name in options:
            options[name] = _texts(options[name])
    if options.get("max_drop") is not None:
        options["max_drop"] = str(options["max_drop"])
    if options.get("metrics") is not None:
        options["metrics"] = _metrics(options["metrics"])
    if options.get("recipes") is not None:
        options["recipes"] = [_recipe_path(each, folder, i) for i, each in enumerate(_recipes(options["recipes"]))]
    return _given(**options)


def _given(**options) -> dict[str, Any]:
    paths = {name: os.fspath(value) for name, value in options.items() if isinstance(value, os.PathLike)}
    given = {**options, **paths}
    return {name: value for name, value in given.items() if value is not None and not _is_empty_list(value)}


def _is_empty_list(value) -> bool:
    return isinstance(value, list) and not value


def _recipes(recipes) -> list:
    return [recipes] if isinstance(recipes, (str, os.PathLike, Recipe)) else list(recipes)


def _texts(value) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, (str, int, float)) or not isinstance(value, Iterable):
        return [str(value)]
    return [str(each) for each in value]


def _metrics(metrics) -> list[Metric]:
    metrics = [metrics] if isinstance(metrics, Metric) else list(metrics)
    for metric in metrics:
        if not isinstance(metric, Metric):
            raise TypeError(f"a metric is a {type(metric).__name__}: posittune.Metric(function, name, version)")
    return metrics


def _path(path) -> str | None:
    return None if path is None else os.fspath(path)


def _constant(value) -> str:
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    return ",".join(repr(float(x)) for x in np.asarray(value).reshape(-1))


def _recipe_path(recipe, folder: str, number: int) -> str:
    if not isinstance(recipe, Recipe):
        return os.fspath(recipe)
    path = pathlib.Path(folder) / f"recipe{number}.yaml"
    recipe.write(path)
    return str(path)


def _kept(arrays: dict[str, np.ndarray], folder: pathlib.Path) -> pathlib.Path:
    """The arrays as a file that is named after what it holds, written whole or not at all."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.data)
    path = folder / "data" / f"{digest.hexdigest()[:16]}.npz"
    if not path.exists():
        _write(path, arrays)
    return path


def _write(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    unfinished = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            unfinished = file.name
            _write_arrays(file, arrays)
        os.replace(unfinished, path)
    except BaseException as error:
        if unfinished:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        if isinstance(error, OSError):
            raise cannot_write("the data cannot be kept in the runs' folder", str(path), error) from error
        raise


def _write_arrays(file, arrays: dict[str, np.ndarray]) -> None:
    """An .npz file; its arrays may have any name, which those of numpy.savez() may not."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _array(place: str, name, value) -> np.ndarray:
    """A named array of a split, in one of the types that models take."""
    if not isinstance(name, str) or not name.isprintable():
        raise InputError("an array has no usable name", place, "a text", f"{name!r:.80}")
    where = f"{place}, '{name}'"
    try:
        array = np.asarray(value)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise InputError("this is no array", where, NUMBERS, f"{type(value).__name__}: {error}") from error
    if array.dtype.kind not in "biuf" or array.itemsize > 8:
        raise InputError("an array cannot have this type", where, NUMBERS, str(array.dtype))
    return array


def _arrays(split: str, data) -> dict[str, np.ndarray]:
    """All items, the first axis of each array."""
    if isinstance(data, Mapping):
        return {name: _array(f"split '{split}'", name, array) for name, array in data.items()}
    if not isinstance(data, Iterable):
        raise TypeError(
            f"the split '{split}' is a {type(data).__name__}: a path, a dict of arrays or an iterable of dicts"
        )
    columns: dict[str, list[np.ndarray]] = {}
    count = 0
    for item in data:
        if not isinstance(item, Mapping):
            raise TypeError(
                f"item {count} of the split '{split}' is a {type(item).__name__}, expected a dict of arrays"
            )
        arrays = {name: _array(f"split '{split}', item {count}", name, array) for name, array in item.items()}
        if count and arrays.keys() != columns.keys():
            raise InputError(
                "an item has other arrays than those before it",
                f"split '{split}', item {count}",
                ", ".join(columns),
                ", ".join(arrays),
            )
        for name, array in arrays.items():
            known = columns.setdefault(name, [])
            if known and (array.shape, array.dtype) != (known[0].shape, known[0].dtype):
                raise InputError(
                    "an array has another shape or type than in the items before it",
                    f"split '{split}', item {count}, '{name}'",
                    f"{known[0].dtype} {known[0].shape}",
                    f"{array.dtype} {array.shape}",
                )
            known.append(array)
        count += 1
    if count == 0:
        raise InputError("no items", f"split '{split}'")
    return {name: np.stack(arrays) for name, arrays in columns.items()}
