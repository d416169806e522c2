import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/infinite_activation"


class InfiniteActivation(CliTest):
    def refused(self, calibrate, found, command, *arguments):
        message = self.fails(
            3, command, HERE / "ex.onnx", "--calibrate", calibrate, *arguments, "--threads", "2", "-o", "run"
        )
        for part in (
            "an activation that no scale can be chosen for",
            "calibrate: ",
            "c.npz, item 5,",
            "layer 'logits'",
            found,
            "position 2",
        ):
            self.assertIn(part, message)

    def test_calibration(self):
        for batch in ("0", "3", "16"):
            self.refused(
                HERE / "c.npz",
                "inf ",
                "compare",
                "--report",
                HERE / "r.npz",
                "--formats",
                "int8",
                "--what",
                "wa",
                "--batch",
                batch,
            )
        self.refused(HERE / "c.npz", "inf ", "sensitivity", "--search", HERE / "s.npz", "--formats", "int8")
        self.refused(HERE / "c.npz", "inf ", "search", "--search", HERE / "s.npz", "--bits", "6", "--no-report")

    def test_huge(self):
        x = np.load(HERE / "c.npz")["x"]
        x[5, 2] = 40
        np.savez(self.path / "c.npz", x=x)
        self.refused(self.path / "c.npz", "2.35385e+17", "sensitivity", "--search", HERE / "s.npz", "--formats", "int8")

    def test_no_calibration_is_asked_for(self):
        rows = json.loads(
            self.ok(
                "compare",
                HERE / "ex.onnx",
                "--report",
                HERE / "r.npz",
                "--formats",
                "int8",
                "--what",
                "w",
                "-o",
                "run",
                "--json",
            )
        )["rows"]
        self.assertTrue(np.isfinite(rows[0]["metrics"]["cosine"]["value"]))

    def test_rows_that_overflow_are_marked(self):
        x = np.load(HERE / "r.npz")["x"]
        x[3, 1] = x[7, 0] = 12  # exp(12) is above fp16's 65504
        np.savez(self.path / "r.npz", x=x)
        arguments = (
            "compare",
            HERE / "ex.onnx",
            "--report",
            "r.npz",
            "--formats",
            "fp32;fp16",
            "--what",
            "wa",
            "--scale",
            "none",
            "-o",
            "run",
        )
        for _ in range(2):  # measured, then served by the journal
            rows = {row["format"]: row for row in json.loads(self.ok(*arguments, "--json"))["rows"]}
            self.assertEqual(rows["fp16"]["nonfinite"], 2)
            self.assertNotIn("nonfinite", rows["fp32"])
        self.assertIn("! 2", self.ok(*arguments))
