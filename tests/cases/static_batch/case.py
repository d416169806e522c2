"""A fixed batch of 5 works by itself; 17 items leave a last batch of 2, which is padded and not scored so."""

import json
import pathlib
import sys

import numpy as np
from support import ROOT, CliTest

sys.path.insert(0, str(ROOT / "tests/cli"))
from onnx_bytes import OnnxFile  # noqa: E402

HERE = ROOT / "tests/cases/static_batch"


class StaticBatch(CliTest):
    def outputs(self, report, items, *more):
        document = json.loads(
            self.ok(
                "compare",
                HERE / "m.onnx",
                "--calibrate",
                HERE / "c.npz",
                "--report",
                report,
                "--formats",
                "int8",
                "--resamples",
                20,
                "--save-outputs",
                self.path / "out",
                "--json",
                *more,
            )
        )
        self.assertEqual(document["data"]["report"]["items"], items)
        found = [np.load(p) for p in sorted(pathlib.Path(self.path / "out").rglob("*fp32*.npy"))]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_multiples_and_a_last_batch_that_is_not_full(self):
        w = OnnxFile(HERE / "m.onnx").values("w")
        x15 = np.load(HERE / "r.npz")["x"]
        np.testing.assert_allclose(self.outputs(HERE / "r.npz", 15), x15 @ w, atol=1e-5)
        x17 = np.random.default_rng(5).standard_normal((17, 8)).astype(np.float32)
        np.savez(self.path / "r17.npz", x=x17)
        np.testing.assert_allclose(self.outputs(self.path / "r17.npz", 17, "--batch", 2), x17 @ w, atol=1e-5)

    def test_a_search_counts_what_a_run_does(self):
        data = ("--calibrate", HERE / "c.npz", "--search", HERE / "r.npz", "--no-report")
        self.ok("search", HERE / "m.onnx", *data, "--bits", 5, "-o", self.path / "run")

    def test_padding_does_not_enter_calibration(self):
        x = np.load(HERE / "c.npz")["x"]
        rows = []
        for count in (10, 12):  # the two of the last batch are left out
            np.savez(self.path / "c.npz", x=np.concatenate([x, 100 * x[:2]])[:count])
            document = json.loads(
                self.ok(
                    "compare",
                    HERE / "m.onnx",
                    "--calibrate",
                    self.path / "c.npz",
                    "--report",
                    HERE / "r.npz",
                    "--formats",
                    "int8",
                    "--resamples",
                    20,
                    "--json",
                )
            )
            rows.append([row["metrics"] for row in document["rows"]])
        self.assertEqual(rows[0], rows[1])

    def test_fewer_items_than_a_batch_calibrate_and_are_measured(self):
        w, x = OnnxFile(HERE / "m.onnx").values("w"), np.load(HERE / "r.npz")["x"][:3]
        np.savez(self.path / "c.npz", x=np.load(HERE / "c.npz")["x"][:2])
        np.savez(self.path / "r.npz", x=x)
        document = json.loads(
            self.ok(
                "compare",
                HERE / "m.onnx",
                "--calibrate",
                self.path / "c.npz",
                "--report",
                self.path / "r.npz",
                "--formats",
                "fp32,int8",
                "--resamples",
                20,
                "--save-outputs",
                self.path / "few",
                "--json",
            )
        )
        self.assertEqual(document["data"]["report"]["items"], 3)
        np.testing.assert_allclose(np.load(next((self.path / "few").glob("fp32*.npy"))), x @ w, atol=1e-5)

    def test_sensitivity_has_the_items_that_are_there(self):
        self.ok(
            "sensitivity",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--search",
            HERE / "r.npz",
            "--formats",
            "int8",
            "--tier",
            "exact",
        )
