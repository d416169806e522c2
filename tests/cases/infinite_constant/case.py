"""+inf in a constant that is not quantized is a number: sigmoid(inf) = 1."""

import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/infinite_constant"


class InfiniteConstant(CliTest):
    def test_jobs_say_so_too(self):
        for arguments in (
            ("compare", HERE / "m.onnx", "--report", HERE / "r.npz", "--what", "w", "--resamples", 20),
            ("sensitivity", HERE / "m.onnx", "--calibrate", HERE / "r.npz", "--tier", "proxy"),
        ):
            done = self.run_cli(*arguments, "--formats", "int8", "-o", f"run {arguments[0]}\x1b[31m")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("note: tensor 'anchors' holds +inf", done.stderr)
            self.assertIn(f"results: run {arguments[0]}\\x1b[31m", done.stderr)

    def test_the_model_runs(self):
        document = json.loads(self.ok("inspect", HERE / "m.onnx", "--json"))
        self.assertEqual([row["layer"] for row in document["rows"]], ["d"])
        self.assertTrue(any("'anchors' holds +inf" in note for note in document["notes"]), document["notes"])
        document = json.loads(
            self.ok(
                "compare",
                HERE / "m.onnx",
                "--report",
                HERE / "r.npz",
                "--formats",
                "fp32,int8",
                "--what",
                "w",
                "--resamples",
                20,
                "--threads",
                1,
                "--save-outputs",
                "out",
                "-o",
                "run",
                "--json",
            )
        )
        plain = np.load(next((self.path / "out").glob("fp32*.box.npy")))
        self.assertTrue(np.isfinite(plain).all())
        self.assertTrue((plain == 1).any())
        for name, metric in document["rows"][-1]["metrics"].items():  # of int8
            self.assertTrue(np.isfinite(float(metric["value"])), name)
