"""posittune.Session on the zoo: the same results as the command line, data from Python, interruptions, bad input.

FILE POSITTUNE ROOT PACKAGE [unittest arguments]
"""

import errno
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
import unittest.mock

POSITTUNE, ROOT, PACKAGE = (
    os.path.abspath(sys.argv[1]),
    pathlib.Path(sys.argv[2]).resolve(),
    os.path.abspath(sys.argv[3]),
)
sys.path.insert(0, PACKAGE)
os.environ["POSITTUNE_ZOO"] = str(ROOT / "zoo")

import numpy as np  # noqa: E402

import posittune as pt  # noqa: E402
from posittune import results  # noqa: E402
from posittune.session import _kept  # noqa: E402

ZOO = ROOT / "zoo"
FEW = {"limit": 8, "threads": 2, "progress": False}


class Told(pt.Quiet):
    def __init__(self):
        self.notes, self.steps = [], []

    def note(self, text):
        self.notes.append(text)

    def step(self, title, total, unit):
        done = []
        self.steps.append((title, total, unit, done))
        return done.append


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.before = os.getcwd()
        os.chdir(self.path)

    def tearDown(self):
        os.chdir(self.before)
        self.folder.cleanup()

    def session(self, model="zoo:albert", data=None, **options):
        return pt.Session(model, data, **{**FEW, "runs": "runs", **options})


class AsTheCommandLine(Case):
    """results.json of both but for what a run cannot repeat."""

    def compare(self, command, words, result):
        line = [POSITTUNE, command, "zoo:albert", "--limit", "8", "--threads", "2", "-o", "theirs", *words]
        done = subprocess.run(line, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs = self.stripped("theirs")
        self.assertEqual(self.stripped(result.run_folder), theirs)
        self.assertEqual(len(result.rows), len(theirs["rows"]))

    def stripped(self, folder):
        def without_times(value):
            if isinstance(value, dict):
                return {k: without_times(v) for k, v in value.items() if k not in ("seconds", "evaluations")}
            return [without_times(v) for v in value] if isinstance(value, list) else value

        return without_times(json.loads((self.path / folder / "results.json").read_text()))

    def test_compare(self):
        options = {"formats": ["int8", "posit<6,*>"], "granularity": "channel", "resamples": 50}
        words = ["--formats", "int8,posit<6,*>", "--resamples", "50"]
        self.compare("compare", words, self.session().compare(**options))

    def test_sensitivity(self):
        result = self.session().sensitivity(["int4", "posit<6,1>"], spot_checks=2)
        self.compare("sensitivity", ["--formats", "int4,posit<6,1>", "--spot-checks", "2"], result)
        row = result.find(layer=result.rows[0].layer, format="int4", tier="gain")
        self.assertGreater(row.score, 0)

    def test_search(self):
        result = self.session().search(["posit<4,*>", "int6"], bits=[4.5, 5], resamples=50)
        self.compare("search", ["--formats", "posit<4,*>;int6", "--bits", "4.5,5", "--resamples", "50"], result)
        recipe = result.recipe()
        self.assertEqual(recipe, pt.Recipe.read(self.path / result.run_folder / "recipes" / result.rows[0].recipe))
        self.assertEqual(result.missed, [])

    def test_report_is_read_once(self):
        """Other budgets would read it again. What the error names can be done."""
        options = {"formats": ["posit<4,*>", "int6"], "resamples": 50}
        self.session().search(bits=5, **options)
        with self.assertRaises(pt.UsageError) as caught:
            self.session().search(bits=4.5, **options)
        self.assertIn("`no_report`", caught.exception.hint)
        self.assertIn("`runs` names another folder", caught.exception.hint)
        self.assertEqual(self.session().search(bits=4.5, no_report=True, **options).rows[0].metrics, {})
        self.assertTrue(self.session(runs="others").search(bits=4.5, **options).rows[0].metrics)

    def test_reports(self):
        result = self.session().compare(["int8", "posit<8,1>"], scales="mse_pow2", what="w", resamples=50)
        folder = pathlib.Path(result.run_folder)
        page = pt.report(result)
        self.assertEqual(page, folder / "report.html")
        self.assertIn("<!doctype html>", page.read_text()[:40])
        lines = pt.report(folder, format="jsonl").read_text().splitlines()
        self.assertEqual(len(lines), len(result.rows))
        self.assertEqual(pt.report([folder, result]), pathlib.Path("report.html"))
        self.assertIn("| int8 | w |", pt.report(str(folder), "some.md", format="md").read_text())
        with self.assertRaises(pt.UsageError):
            pt.report(folder, format="pdf")
        with self.assertRaises(pt.InputError):
            pt.report("none")

    def test_cost_and_inspect(self):
        session = self.session()
        for command, result, words in (
            ("cost", session.cost(["int8", "fp32"]), ["--formats", "int8;fp32", "--by-layer"]),
            ("inspect", session.inspect(), []),
        ):
            line = [POSITTUNE, command, "zoo:albert", "--json", *words]
            theirs = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
            self.assertEqual(result.rows, theirs["rows"])
            self.assertGreater(len(result.rows), 1)


class Tables(unittest.TestCase):
    """to_pandas() of a record made by hand, in the form of results.json."""

    RECORD = {
        "model": {"path": "m.onnx", "sha256": ""},
        "scored": {"output": "y", "task": "classify"},
        "data": {},
        "rows": [
            {
                "format": "fp32", "what": "w", "scale": "none", "granularity": "tensor", "bits_per_weight": 32, "seconds": 1,
                "metrics": {"accuracy": {"value": 0.75, "low": 0.5, "high": 1, "better": "higher", "rank": 1}},
            },
            {
                "format": "int4", "what": "w", "scale": "mse", "granularity": "channel", "bits_per_weight": 4, "seconds": 2,
                "metrics": {
                    "accuracy": {
                        "value": 0.5, "low": 0.25, "high": 0.625, "delta": {"value": -0.25, "low": -0.5, "high": -0.125},
                        "noise": False, "better": "higher", "unit": "", "rank": 1,
                    },
                    "kl": {
                        "value": "Infinity", "low": 0.5, "high": "Infinity",
                        "delta": {"value": "Infinity", "low": "-Infinity", "high": "NaN"}, "better": "lower", "rank": 0,
                    },
                },
            },
        ],
    }  # fmt: skip

    def test_differences(self):
        try:
            import pandas
        except ModuleNotFoundError:  # what to_pandas() asks of it
            pandas = types.SimpleNamespace(DataFrame=lambda lines: types.SimpleNamespace(to_dict=lambda _: lines))
        with unittest.mock.patch.dict(sys.modules, pandas=pandas):
            fp32, int4 = results.load(results.Comparison, self.RECORD).to_pandas().to_dict("records")
        self.assertEqual([fp32[f"accuracy{end}"] for end in ("", "_low", "_high")], [0.75, 0.5, 1])
        for line in (fp32, int4):
            self.assertNotIn("metrics", line)
        self.assertFalse(any(not missing(value) for name, value in fp32.items() if "_delta" in name or "kl" in name))
        ends = ("", "_low", "_high", "_delta", "_delta_low", "_delta_high")
        self.assertEqual([int4[f"accuracy{end}"] for end in ends], [0.5, 0.25, 0.625, -0.25, -0.5, -0.125])
        self.assertEqual([int4[f"kl{end}"] for end in ends[:5]], [math.inf, 0.5, math.inf, math.inf, -math.inf])
        self.assertTrue(math.isnan(int4["kl_delta_high"]))
        self.assertEqual((int4["format"], int4["granularity"], int4["bits_per_weight"]), ("int4", "channel", 4))
        order = [name for name in int4 if name.startswith("accuracy")]
        self.assertEqual(order, [f"accuracy{end}" for end in ends])

    def test_without_pandas(self):
        with unittest.mock.patch.dict(sys.modules, pandas=None), self.assertRaises(ModuleNotFoundError) as caught:
            results.load(results.Comparison, self.RECORD).to_pandas()
        self.assertIn("posittune[notebook]", str(caught.exception))

    def test_find(self):
        comparison = results.load(results.Comparison, self.RECORD)
        for result in (comparison, results.Document(self.RECORD)):
            self.assertIs(result.find(format="int4"), result.rows[1])
            for fields, part in (
                ({"what": "w"}, "2 rows"),
                ({"format": "x"}, "0 rows"),
                ({"form": 1}, "known: format"),
            ):
                with self.assertRaises(KeyError) as caught:
                    result.find(**fields)
                self.assertIn(part, str(caught.exception))

    def test_lists_of_rows(self):
        names = ("layer", "weight", "format", "scale", "granularity", "tier")
        channel = {**{name: name for name in names}, **{name: 1 for name in ("first", "count", "score", "low", "high")}}
        record = {**self.RECORD, "rows": [], "channels": [{**channel, "error": "NaN"}], "mixes": [{"mix": 1}]}
        found = results.load(results.Sensitivity, record)
        pandas = types.SimpleNamespace(DataFrame=lambda lines: lines)
        with unittest.mock.patch.dict(sys.modules, pandas=pandas):
            lines = found.channels.to_pandas()
            self.assertEqual((found.mixes.to_pandas(), found.upgrades.to_pandas()), ([{"mix": 1}], []))
        self.assertEqual((lines[0]["layer"], lines[0]["score"]), ("layer", 1))
        self.assertEqual((found.mixes, found.upgrades), ([{"mix": 1}], []))
        self.assertEqual(json.loads(json.dumps(found.to_dict()))["mixes"], record["mixes"])


def missing(value):
    return isinstance(value, float) and math.isnan(value)


class Data(Case):
    def test_arrays_and_items(self):
        data = np.load(ZOO / "albert" / "report.npz") if (ZOO / "albert" / "report.npz").exists() else None
        if data is None:
            self.skipTest("the zoo keeps its data elsewhere")
        arrays = {name: data[name][:6] for name in data.files}
        items = [{name: array[i] for name, array in arrays.items()} for i in range(6)]
        model = ZOO / "albert" / "model.onnx"
        values = []
        for split in (arrays, items, iter(items)):
            result = self.session(model, {"report": split}).compare("int8", what="w", resamples=50)
            values.append(result.rows)
        self.assertEqual(values[0], values[1])
        self.assertEqual(values[0], values[2])
        self.assertEqual(len(list(self.path.glob("runs/data/*.npz"))), 1)

    def test_any_name(self):
        path = _kept({"file": np.arange(3), "a/b": np.ones((2, 0), np.float16)}, self.path)
        with np.load(path) as found:
            self.assertEqual(sorted(found), ["a/b", "file"])
            np.testing.assert_array_equal(found["file"], np.arange(3))

    def test_what_is_not_finished_goes(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        for raised, kind in ((full, pt.ResourceError), (KeyboardInterrupt(), KeyboardInterrupt)):
            with unittest.mock.patch("numpy.lib.format.write_array", side_effect=raised), self.assertRaises(kind):
                _kept({"x": np.arange(3)}, self.path)
            self.assertEqual(list(self.path.glob("data/*")), [])
        (self.path / "file").write_text("")
        with self.assertRaises(pt.InputError):
            _kept({"x": np.arange(3)}, self.path / "file")

    def test_types_of_arrays(self):
        for place, split in (("", {"x": None}), (", item 1", [{"x": np.ones(3)}, {"x": None}])):
            for array in (["a"], [None], np.datetime64("2026-01-01"), 3j, np.longdouble(1), [[1], [1, 2]]):
                (split if isinstance(split, dict) else split[1])["x"] = array
                with self.assertRaises(pt.InputError) as caught:
                    self.session(ZOO / "albert" / "model.onnx", {"report": split})
                self.assertEqual(caught.exception.where, f"split 'report'{place}, 'x'")
        self.assertFalse(pathlib.Path("runs/data").exists())

    def test_bad_items(self):
        one = {"x": np.zeros((2, 3), np.float32)}
        model = ZOO / "albert" / "model.onnx"

        def broken():
            yield one
            raise RuntimeError("the source is gone")

        for kind, part, split in (
            (pt.InputError, "no items", []),
            (TypeError, "item 1", [one, 3]),
            (pt.InputError, "item 1, 'x'", [one, {"x": np.zeros((2, 4), np.float32)}]),
            (pt.InputError, "item 1", [one, {"y": np.zeros(3)}]),
            (RuntimeError, "the source is gone", broken()),
            (TypeError, "the split 'report'", 7),
            (pt.InputError, "", {"x": np.zeros(3, np.float32)}),
        ):
            with self.assertRaises(kind) as caught:
                self.session(model, {"report": split})
            self.assertIn(part, str(caught.exception))
        self.assertEqual(list(self.path.glob("runs/compare*")), [])
        with self.assertRaises(pt.UsageError):
            self.session(model, {"reports": [one]})
        with self.assertRaises(TypeError):
            self.session(model, 3)


class Metrics(Case):
    """Metrics of the user, beside those of the task."""

    @staticmethod
    def right(outputs, item):
        return int(outputs["logits"].argmax()) == item.label

    def test_as_our_own(self):
        accuracy = pt.Metric(self.right, "right", version="1")
        result = self.session().compare(["int4", "posit<8,1>"], what="w", resamples=200, metrics=[accuracy])
        for row in result.rows:
            own, ours = row.metrics["right"], row.metrics["accuracy"]
            for part in ("value", "low", "high", "delta", "noise", "better", "unit"):
                self.assertEqual(getattr(own, part), getattr(ours, part), part)
            self.assertEqual((own.version, own.rank, ours.rank), ("1", 1, 3))

    def test_journal_knows_name_and_version(self):
        calls = []

        def counted(outputs, item):
            calls.append(item.index)
            self.assertEqual(set(item), {"input_ids", "attention_mask", "token_type_ids"} & set(item))
            self.assertTrue(all(array.shape[:1] != (8,) for array in item.values()))
            return outputs["logits"][0]

        def compare(**options):
            before = len(calls)
            metric = pt.Metric(counted, **{"name": "first", "version": "1", **options})
            row = self.session().compare("int8", what="w", scales="absmax", resamples=50, metrics=metric).rows[-1]
            return len(calls) - before, row.metrics[metric.name]

        count, first = compare()
        self.assertEqual((count, calls), (16, [*range(8), *range(8)]))  # FP32, int8
        self.assertEqual(compare(), (0, first))
        for options in ({"version": "2"}, {"name": "one"}, {"higher_is_better": False}):
            count, again = compare(**options)
            self.assertEqual((count, again.value), (16, first.value), options)

    def test_arrays_are_shared(self):
        """One copy of a batch for all metrics, which they cannot change and may keep."""
        kept = []

        def keep(outputs, item):
            kept.append((outputs["logits"], item["input_ids"], float(outputs["logits"].sum())))
            with self.assertRaises(ValueError):
                outputs["logits"][0] = 7
            return item.index

        metrics = [pt.Metric(keep, name, "1") for name in ("one", "two", "three")]
        self.session().compare("int8", what="w", scales="absmax", resamples=50, metrics=metrics)
        self.assertEqual(len(kept), 2 * 3 * 8)
        fp32, int8 = kept[:24], kept[24:]
        for run in (fp32, int8):
            for a, b in zip(run[:8], run[8:16]):
                self.assertTrue(np.shares_memory(a[0], b[0]) and np.shares_memory(a[1], b[1]))
        self.assertFalse(any(np.shares_memory(a[0], b[0]) for a, b in zip(fp32, int8)))
        self.assertEqual([float(logits.sum()) for logits, _, _ in kept], [sum for _, _, sum in kept])
        self.assertNotEqual([each[2] for each in fp32], [each[2] for each in int8])

    def test_search(self):
        metric = pt.Metric(self.right, "right", version="1")
        options = {"formats": ["posit<4,*>", "int6"], "bits": 5, "resamples": 50}
        result = self.session().search(**options, metrics=[metric])
        for row in result.rows:
            self.assertEqual(row.metrics["right"].value, row.metrics["accuracy"].value)
        without = self.session(runs="without").search(**options)
        self.assertEqual(result.recipe(), without.recipe())
        dropped = self.session(runs="drop").search(["int4", "int8"], max_drop="50%", resamples=50, metrics=[metric])
        self.assertIn("right", dropped.rows[0].metrics)

    def test_what_cannot_be(self):
        session = self.session()

        def compare(function, **names):
            metric = pt.Metric(function, **{"name": "mine", "version": "1", **names})
            session.compare("int8", what="w", scales="absmax", resamples=50, metrics=[metric])

        def late(outputs, item):
            return 1.0 if item.index < 5 else [][1]

        for kind, part, function, names in (
            (IndexError, "range", late, {}),
            (KeyError, "nothing", lambda outputs, item: outputs["nothing"], {}),
            (TypeError, "metric 'mine' returned a str for item 0", lambda outputs, item: "0.5", {}),
            (TypeError, "returned a NoneType", lambda outputs, item: None, {}),
            (TypeError, "returned a ndarray", lambda outputs, item: outputs["logits"], {}),
            (pt.InputError, "metric 'mine', item 0", lambda outputs, item: float("nan"), {}),
            (pt.InputError, "infinity", lambda outputs, item: np.float32("inf"), {}),
            (pt.UsageError, "name of a metric", self.right, {"name": "my metric"}),
            (pt.UsageError, "no version", self.right, {"version": ""}),
            (pt.UsageError, "metric 'kl'", self.right, {"name": "kl"}),
            (TypeError, "`version`", self.right, {"version": 1}),
            (TypeError, "cannot be called", 7, {}),
        ):
            with self.assertRaises(kind, msg=part) as caught:
                compare(function, **names)
            self.assertIn(part, str(caught.exception))
        for kind, part, names in (
            (TypeError, "`higher_is_better`", {"higher_is_better": "no"}),
            (pt.UsageError, "`version`", {"version": "\ud800"}),
            (pt.UsageError, "`name`", {"name": "\ud800"}),
            (pt.UsageError, "column", {"name": "format"}),
            (pt.UsageError, "column", {"name": "seconds"}),
            (pt.UsageError, "NAME_low", {"name": "kl_delta_low"}),
            (pt.UsageError, "NAME_delta", {"name": "mine_delta"}),
        ):
            with self.assertRaises(kind, msg=part) as caught:
                pt.Metric(self.right, **{"name": "mine", "version": "1", **names})
            self.assertIn(part, str(caught.exception))
        with self.assertRaises(pt.UsageError):
            session.sensitivity("int8", metrics=[pt.Metric(self.right, "right", "1")])
        with self.assertRaises(TypeError):
            session.compare("int8", metrics=[self.right])
        self.assertEqual(list(self.path.glob("runs/*/results.json")), [])
        compare(self.right)
        self.assertEqual(len(list(self.path.glob("runs/*/results.json"))), 1)


class Exports(Case):
    def test_a_recipe_goes_out_and_comes_back(self):
        session = self.session()
        compared = session.compare("posit<6,1>", what="w", scales="mse_pow2", resamples=50)
        recipe = next((pathlib.Path(compared.run_folder) / "recipes").glob("*.yaml"))
        made = session.export_to(self.path / "e.onnx", recipe)
        self.assertEqual(made.files, [str(self.path / "e.onnx")])
        self.assertLess(abs(made.weight_bytes / made.promised_bytes - 1), 0.02)
        archive = self.path / "a.safetensors"
        session.export_to(archive, recipe, to="posit")
        session.export_to(self.path / "again.onnx", archive)
        self.assertEqual((self.path / "again.onnx").read_bytes(), (self.path / "e.onnx").read_bytes())
        verified = session.verify(self.path / "e.onnx", runtime="openvino", resamples=50).to_dict()
        self.assertLess(verified["differences"][0]["relative"], 0.5)
        with self.assertRaises(pt.UsageError):
            session.export_to(self.path / "x", recipe, to="tflite")
        with self.assertRaises(pt.UnsupportedError):
            session.export_to(self.path / "x", recipe, to="gguf")
        self.assertFalse((self.path / "x").exists())


class Telling(Case):
    def test_progress_and_notes(self):
        told = Told()
        session = self.session(progress=told, data=None)
        session.search(["posit<4,*>"], bits=4.5, resamples=50, no_report=True)
        self.assertTrue(any("rounded to nearest" in note for note in told.notes), told.notes)
        self.assertTrue(told.steps)
        for title, total, _, done in told.steps:
            self.assertLessEqual(sum(done), max(total, sum(done)), title)

    def test_what_a_listener_raises(self):
        class Angry(pt.Quiet):
            def step(self, title, total, unit):
                raise ZeroDivisionError(title)

        session = self.session(progress=Angry())
        with self.assertRaises(ZeroDivisionError):
            session.compare("int8", what="w", resamples=50)

    def test_interrupted_and_continued(self):
        formats = [f"posit<{n},1>" for n in range(4, 16)]
        expected = self.session(runs="whole").compare(formats, what="w", resamples=50)
        session = self.session()
        main = threading.main_thread().ident
        timer = threading.Timer(0.7, lambda: signal.pthread_kill(main, signal.SIGINT))
        timer.start()
        try:
            with self.assertRaises(KeyboardInterrupt):
                for _ in range(50):
                    session.compare(formats, what="w", resamples=50, seed=1)
                    session = self.session(runs=f"run{time.monotonic_ns()}")
        finally:
            timer.cancel()
        again = self.session().compare(formats, what="w", resamples=50, seed=1)
        self.assertEqual([r.metrics for r in again.rows], [r.metrics for r in expected.rows])


class BadInput(Case):
    def test_the_session_goes_on(self):
        session = self.session()
        for kind, part, options in (
            (pt.UsageError, "unknown argument `whot`", {"whot": "w"}),
            (pt.UsageError, "int16", {"formats": "int99"}),
            (pt.UsageError, "w or wa", {"what": "a"}),
            (TypeError, "`seed`", {"seed": "x"}),
            (pt.UsageError, "`batch`", {"batch": -1}),
            (pt.UsageError, "", {"granularity": "row"}),
            (pt.UsageError, "", {"output": "nothing"}),
        ):
            with self.assertRaises(kind) as caught:
                session.compare(**{"formats": "int8", **options})
            self.assertIn(part, str(caught.exception))
        with self.assertRaises(pt.UsageError) as caught:
            session.estimate("guess")
        self.assertEqual(caught.exception.expected, "compare, sensitivity, search")
        self.assertGreater(session.estimate("compare", formats="int8")["estimated_seconds"], 0)
        # An estimate takes what its job takes.
        pt.Recipe().write("r.yaml")
        for recipes in ([pt.Recipe()], pt.Recipe(), "r.yaml", pathlib.Path("r.yaml"), None):
            plan = session.estimate("compare", recipes=recipes, metrics=None, save_outputs=pathlib.Path("outputs"))
            self.assertGreater(plan["estimated_seconds"], 0)
        plan = session.estimate("search", formats=["int4", "int8"], what="w", bits=5, max_drop=0.01)
        self.assertGreater(plan["estimated_seconds"], 0)
        self.assertEqual(len(session.compare("int8", what="w", scales="absmax", resamples=50).rows), 1)

    def test_goals_that_cannot_be_met(self):
        result = self.session().search(["int8"], bits=3, resamples=50, no_report=True)
        self.assertEqual(len(result.missed), 1)
        with self.assertRaises(pt.GoalNotMet):
            result.recipe()

    def test_models_and_recipes(self):
        with self.assertRaises(pt.InputError):
            pt.Session(self.path / "none.onnx", progress=False)
        with self.assertRaises(pt.UsageError):
            self.session(include="no such layer")
        with self.assertRaises(pt.UsageError):
            pt.Recipe({"w": {"format": "posit<99,1>"}}).to_yaml()
        with self.assertRaises(pt.InputError):
            pt.Recipe({"w": {"form": "int8"}}).to_yaml()
        with self.assertRaises(TypeError):
            pt.Recipe({"w": {"format": object()}}).to_yaml()
        with self.assertRaises(pt.Error):
            self.session().compare(recipes=[pt.Recipe({"no such weight": {"format": "int8"}})])

    def test_files_of_recipes(self):
        text = pt.Recipe({"w": {"format": pt.Format("int8"), "bias_correction": np.bool_(True)}}).to_yaml()
        self.assertIn("format: int8", text)
        pathlib.Path("bad.yaml").write_bytes(b"version: 1\n\xff")
        for path in ("no.yaml", "bad.yaml", self.path):
            for read in (pt.Recipe.read, self.session().quantized):
                with self.assertRaises(pt.InputError) as caught:
                    read(path)
                self.assertEqual(caught.exception.where, str(path))
        os.mkdir("folder")
        for path in ("folder", "none/r.yaml"):
            with self.assertRaises(pt.InputError) as caught:
                pt.Recipe().write(path)
            self.assertEqual(caught.exception.where, path)
        full = OSError(errno.ENOSPC, "No space left on device")
        with unittest.mock.patch("pathlib.Path.replace", side_effect=full), self.assertRaises(pt.ResourceError):
            pt.Recipe().write("r.yaml")
        self.assertEqual(sorted(os.listdir()), ["bad.yaml", "folder"])


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False, verbosity=1).result.wasSuccessful())
