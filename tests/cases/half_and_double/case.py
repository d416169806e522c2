"""Half and double models are read as float32: outputs are numpy's on the widened weights."""

import json

import numpy as np
from onnx_bytes import OnnxFile
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/half_and_double"


class HalfAndDouble(CliTest):
    def outputs(self, model, report):
        self.ok(
            "compare",
            HERE / model,
            "--report",
            HERE / report,
            "--formats",
            "fp32",
            "--what",
            "w",
            "--resamples",
            20,
            "--threads",
            1,
            "--save-outputs",
            "out",
            "-o",
            f"run-{model}",
            "--json",
        )
        return np.load(next((self.path / "out").glob("fp32*.y.npy")))

    def weights(self, model, *names):
        text = json.loads(self.ok("inspect", HERE / model, "--json"))
        self.assertTrue(any("read as float32" in note for note in text["notes"]), text["notes"])
        return [row["parameters"] for row in text["rows"]]

    def test_layers_are_listed(self):
        self.assertEqual(self.weights("fp16.onnx"), [128, 64])
        self.assertEqual(self.weights("double.onnx"), [128, 64])
        self.assertEqual(self.weights("fp16_keep_io.onnx"), [128])

    def test_values(self):
        for name in ("fp16", "double"):
            file = OnnxFile(HERE / f"{name}.onnx")
            w, w2, b = (np.array(file.values(key)).astype(np.float64) for key in ("w", "w2", "b"))
            x = np.load(HERE / f"r_{name}.npz")["x"].astype(np.float64)
            expected = np.maximum(x @ w.reshape(8, 16), 0) @ w2.reshape(16, 4) + b
            found = self.outputs(f"{name}.onnx", f"r_{name}.npz")
            self.assertEqual(found.dtype, np.float32)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=name)
