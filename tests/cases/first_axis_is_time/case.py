"""Items that are taken for time steps are not independent, which is found before anything is measured."""

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/first_axis_is_time"


class FirstAxisIsTime(CliTest):
    def refused(self, *arguments):
        message = self.fails(3, *arguments, "--formats", "int8", "--what", "w")
        self.assertIn("FP32's output of an item depends on the items that are run with it", message)
        self.assertIn("output 'y', item ", message)
        self.assertIn("--batch-axis NAME=1", message)
        self.assertIn("--batch alone", message)

    def test_each_command_whatever_the_batch(self):
        for batch in (), ("--batch", 1), ("--batch", 2), ("--batch", 5):
            self.refused("compare", HERE / "m.onnx", "--report", HERE / "r.npz", *batch)
        self.refused("sensitivity", HERE / "m.onnx", "--search", HERE / "r.npz", "--tier", "exact")
        self.refused("sensitivity", HERE / "m.onnx", "--calibrate", HERE / "c.npz", "--tier", "proxy")

    def test_alone_is_not_asked(self):
        self.ok(
            "compare",
            HERE / "m.onnx",
            "--report",
            HERE / "r.npz",
            "--formats",
            "int8",
            "--what",
            "w",
            "--batch",
            "alone",
        )

    def test_two_items_are_enough(self):
        np.savez(self.path / "two.npz", x=np.load(HERE / "r.npz")["x"][:2])
        self.refused("compare", HERE / "m.onnx", "--report", self.path / "two.npz")
