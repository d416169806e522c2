"""An LSTM whose input is (time, items, features): --batch-axis names the axis of the items."""

import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/first_axis_is_time"  # the same model and data
AXES = ("--batch-axis", "x=1", "--batch-axis", "y=1")
QUICK = ("--formats", "fp32,int8", "--resamples", 20, "--threads", 1)


class BatchAxis(CliTest):
    def fp32(self, *arguments):
        self.ok(
            "compare",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--report",
            HERE / "r.npz",
            *QUICK,
            "--save-outputs",
            "out",
            *arguments,
        )
        return np.load(next((self.path / "out").glob("fp32*.y.npy")))

    def test_each_sequence_is_an_item_in_every_batch(self):
        expected = np.load(HERE / "true.npy")
        for batch in (1, 2, 5, 12, 0):
            got = self.fp32("--batch", batch, *AXES, "-o", f"run{batch}")
            self.assertEqual(got.shape, expected.shape)
            self.assertLess(np.abs(got - expected).max(), 1e-5, batch)

    def test_axes_of_a_data_yaml(self):
        (self.path / "data.yaml").write_text(
            f"calibrate: {HERE / 'c.npz'}\nreport: {HERE / 'r.npz'}\nbatch_axis:\n  x: 1\n  y: 1\n"
        )
        self.ok("compare", HERE / "m.onnx", "--data", "data.yaml", *QUICK, "--save-outputs", "out", "-o", "run")
        got = np.load(next((self.path / "out").glob("fp32*.y.npy")))
        self.assertLess(np.abs(got - np.load(HERE / "true.npy")).max(), 1e-5)

    def test_sensitivity_and_search_take_it(self):
        np.savez(self.path / "s.npz", x=np.load(HERE / "r.npz")["x"][::-1] * 0.5)
        data = ("--calibrate", HERE / "c.npz", "--search", "s.npz", *AXES, "--threads", 1)
        self.ok("sensitivity", HERE / "m.onnx", *data, "--formats", "int8", "-o", "s")
        self.ok("search", HERE / "m.onnx", *data, "--formats", "int8,int4", "--bits", "6", "--no-report", "-o", "t")

    def test_cost_and_inspect_have_the_items_first(self):
        # 12 sequences of 5 steps, whose sizes depend on neither order; a shape of the file's own order has 5 items of 12 steps.
        steps, items, features = np.load(HERE / "r.npz")["x"].shape[1], 12, np.load(HERE / "r.npz")["x"].shape[2]
        shape = ("--shape", f"x={items},{steps},{features}", *AXES, "--json")
        (product,) = json.loads(self.ok("inspect", HERE / "m.onnx", *shape))["products"]
        self.assertEqual(product["macs"], items * steps * product["elements"])
        cost = json.loads(self.ok("cost", HERE / "m.onnx", "--formats", "fp32", "--table", "placeholder", *shape))
        self.assertEqual(cost["rows"][0]["parts"]["others"]["macs"], product["macs"])
        for command in ("cost", "inspect"):
            self.assertIn("0 to 2", self.fails(2, command, HERE / "m.onnx", "--batch-axis", "x=3"))
            self.assertIn("'x', 'y'", self.fails(2, command, HERE / "m.onnx", "--batch-axis", "z=1"))
        self.assertIn("need a model", self.fails(2, "cost", "--batch-axis", "x=1"))

    def test_the_axes_belong_to_the_run(self):
        self.fp32(*AXES, "-o", "run")
        message = self.fails(
            2,
            "compare",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--report",
            HERE / "r.npz",
            *QUICK,
            "-o",
            "run",
            "--batch-axis",
            "y=1",
        )
        self.assertIn("run", message)

    def test_what_does_not_fit_is_refused(self):
        def said(code, axis):
            return self.fails(
                code,
                "compare",
                HERE / "m.onnx",
                "--report",
                HERE / "r.npz",
                "--what",
                "w",
                *QUICK,
                "-o",
                "bad",
                "--batch-axis",
                axis,
            )

        self.assertIn("0 to 2", said(2, "x=3"))
        self.assertIn("'x', 'y'", said(2, "z=1"))
        self.assertIn("not an axis", said(2, "x=-1"))
        self.assertIn("NAME=AXIS", said(2, "x"))
