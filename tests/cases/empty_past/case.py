"""An axis of length 0 within an item is not a data set without items."""

import sys

import numpy as np
from support import ROOT, CliTest

sys.path.insert(0, str(ROOT / "tests/cli"))
from onnx_bytes import OnnxFile  # noqa: E402

HERE = ROOT / "tests/cases/empty_past"


class EmptyPast(CliTest):
    def test_equals_numpy(self):
        self.ok(
            "compare",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--report",
            HERE / "r.npz",
            "--formats",
            "int8",
            "--resamples",
            20,
            "--save-outputs",
            self.path / "out",
        )
        found = [np.load(p) for p in sorted((self.path / "out").rglob("*fp32*.npy"))]
        self.assertEqual(len(found), 1)
        file = OnnxFile(HERE / "m.onnx")
        e = file.values("emb")[np.load(HERE / "r.npz")["ids"]]
        k = e @ file.values("wk")
        s = e @ k.transpose(0, 2, 1)
        p = np.exp(s - s.max(-1, keepdims=True))
        want = p / p.sum(-1, keepdims=True) @ k @ file.values("wo")
        np.testing.assert_allclose(found[0].reshape(want.shape), want, atol=1e-4)

    def test_a_search_counts_what_a_run_does(self):
        data = ("--calibrate", HERE / "c.npz", "--search", HERE / "r.npz", "--no-report")
        self.ok("search", HERE / "m.onnx", *data, "--what", "wa", "--bits", 6, "-o", self.path / "run")

    def test_cost_and_inspect_take_its_shape(self):
        shapes = ("--shape", "ids=1,5", "--shape", "past=1,0,8")
        self.ok("inspect", HERE / "m.onnx", *shapes)
        self.ok("cost", HERE / "m.onnx", *shapes)
        self.assertIn("not an input shape", self.fails(2, "cost", HERE / "m.onnx", "--shape", "past=0,5,8"))

    def test_no_items_are_refused(self):
        np.savez(self.path / "none.npz", ids=np.zeros((0, 5), np.int64), past=np.zeros((0, 0, 8), np.float32))
        message = self.fails(
            3, "compare", HERE / "m.onnx", "--report", self.path / "none.npz", "--formats", "int8", "--what", "w"
        )
        self.assertIn("array is empty", message)
