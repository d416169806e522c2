"""Inputs that belong to the run: a scalar and an array of shape (3,)."""

import json
import sys

import numpy as np
from support import ROOT, CliTest

sys.path.insert(0, str(ROOT / "tests/cli"))
from onnx_bytes import OnnxFile  # noqa: E402

HERE = ROOT / "tests/cases/inputs_of_a_run"
DATA = (
    "--calibrate",
    HERE / "c.npz",
    "--report",
    HERE / "r.npz",
    "--formats",
    "fp32,int8",
    "--resamples",
    20,
    "--threads",
    1,
)
GIVEN = ("--constant", "s=2", "--constant", "scales=0.667,0.5,0.8")


class InputsOfARun(CliTest):
    def right(self, factor):
        return np.load(HERE / "r.npz")["x"].astype(float) * factor @ OnnxFile(HERE / "m.onnx").values("w")

    def compare(self, *arguments):
        document = json.loads(self.ok("compare", HERE / "m.onnx", *arguments, "--save-outputs", "out", "--json"))
        return document, np.load(next((self.path / "out").glob("fp32*.y.npy")))

    def test_numbers_of_the_command_line(self):
        document, got = self.compare(*DATA, *GIVEN, "-o", "run")
        self.assertLess(np.abs(got - self.right(2 * 0.5)).max(), 1e-5)
        self.assertEqual({row["bits_per_weight"] for row in document["rows"] if row["format"] == "fp32"}, {32})
        text = (self.path / "run/config.yaml").read_text()
        self.assertIn("constant:", text)
        # Another value is another run, in the same folder refused and in the journal another key.
        self.assertIn(
            "constant", self.fails(2, "compare", HERE / "m.onnx", *DATA, "--constant", "s=3", *GIVEN[2:], "-o", "run")
        )

    def test_files_and_data_without_the_arrays(self):
        for split in ("c", "r"):
            np.savez(self.path / f"{split}.npz", x=np.load(HERE / f"{split}.npz")["x"])
        np.save(self.path / "scales.npy", np.array([1, 0.25, 1]))
        (self.path / "data.yaml").write_text(
            "calibrate: c.npz\nreport: r.npz\nconstants:\n  s: 4\n  scales: scales.npy\n"
        )
        _, got = self.compare("--data", "data.yaml", *DATA[4:], "-o", "run")
        self.assertLess(np.abs(got - self.right(4 * 0.25)).max(), 1e-5)

    def test_the_message_names_the_option(self):
        message = self.fails(3, "compare", HERE / "m.onnx", *DATA, "-o", "run")
        self.assertIn("array is a scalar", message)
        self.assertIn("--constant NAME=VALUE", message)
        self.assertIn(
            "--constant NAME=VALUE", self.fails(3, "compare", HERE / "m.onnx", *DATA, "--constant", "s=1", "-o", "run")
        )

    def test_what_does_not_fit_is_refused(self):
        def said(code, *constants):
            return self.fails(code, "compare", HERE / "m.onnx", *DATA, "-o", "bad", *constants)

        np.save(self.path / "two.npy", np.ones(2, np.float32))
        self.assertIn("2 numbers", said(2, "--constant", "s=1", "--constant", "scales=1,2"))
        self.assertIn("(2,) in two.npy", said(3, "--constant", "s=1", "--constant", "scales=two.npy"))
        self.assertIn("is no number", said(2, "--constant", "s=one"))
        self.assertIn("not a finite number", said(3, "--constant", "s=nan"))
        self.assertIn("no input of the model", said(2, "--constant", "rate=1"))
        self.assertIn("given twice", said(2, "--constant", "s=1", "--constant", "s=2"))
        self.save(np.ones((1, 8), np.float32), "x.npy")
        self.assertIn("no input that is of an item", said(2, *GIVEN, "--constant", "x=x.npy"))

    def test_cost_and_inspect_take_them(self):
        rows = json.loads(
            self.ok(
                "cost",
                HERE / "m.onnx",
                "--formats",
                "fp32",
                "--table",
                "placeholder",
                *GIVEN,
                "--shape",
                "x=6,8",
                "--json",
            )
        )["rows"]
        self.assertEqual(rows[0]["macs"], 6 * 8 * 4)
        self.assertEqual(rows[0]["bytes"], 4 * 8 * 4)
        document = json.loads(self.ok("inspect", HERE / "m.onnx", *GIVEN, "--shape", "x=6,8", "--json"))
        self.assertEqual([row["macs"] for row in document["rows"]], [6 * 8 * 4])
        for command in ("cost", "inspect"):
            # An input that is given is none any more.
            self.assertIn("scales", self.fails(2, command, HERE / "m.onnx", *GIVEN, "--shape", "scales=3"))
            self.assertIn("is no number", self.fails(2, command, HERE / "m.onnx", "--constant", "s=one"))
            self.assertIn(
                "given twice", self.fails(2, command, HERE / "m.onnx", "--constant", "s=1", "--constant", "s=2")
            )
        self.assertIn("need a model", self.fails(2, "cost", "--constant", "s=1"))
