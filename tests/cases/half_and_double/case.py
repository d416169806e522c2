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
        self.assertEqual(self.weights("fp16_ends.onnx"), [128, 64])

    def test_values(self):
        for name in ("fp16", "double"):
            file = OnnxFile(HERE / f"{name}.onnx")
            w, w2, b = (np.array(file.values(key)).astype(np.float64) for key in ("w", "w2", "b"))
            x = np.load(HERE / f"r_{name}.npz")["x"].astype(np.float64)
            expected = np.maximum(x @ w.reshape(8, 16), 0) @ w2.reshape(16, 4) + b
            found = self.outputs(f"{name}.onnx", f"r_{name}.npz")
            self.assertEqual(found.dtype, np.float32)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=name)

    def matrices(self, name, *shapes):
        file = OnnxFile(HERE / f"{name}.onnx")
        return [
            np.array(file.values(key)).astype(np.float64).reshape(shape)
            for key, shape in zip(("w", "w2", "b"), shapes, strict=False)
        ]

    def expect_close_to_onnxruntime(self, name, data, bound):
        found = self.outputs(f"{name}.onnx", f"{data}.npz")
        self.assertEqual(found.dtype, np.float32)
        error = np.abs(found.astype(np.float64) - np.load(HERE / f"y_{name}.npy").astype(np.float64))
        self.assertTrue((error <= bound).all(), f"{name}: {(error / bound).max()} of the bound")

    def test_values_are_those_of_onnxruntime(self):
        """It rounds to half where the file says so, we do not: each rounding is off by U of its value at most.

        A sum of k products in half is off by (k + 1) U of the sum of their sizes at most (Higham, "Accuracy and Stability
        of Numerical Algorithms", 2002, 3.1, without its second order), whether it is kept in half or in float32."""
        U = 2.0**-11
        half, single = (np.load(HERE / f"{data}.npz")["x"].astype(np.float64) for data in ("r_fp16", "r_keep_io"))

        (w,) = self.matrices("fp16_keep_io", (8, 16))
        sizes = np.abs(single) @ np.abs(w)  # x is rounded, then 8 products are summed, 2 % for the second order
        self.expect_close_to_onnxruntime("fp16_keep_io", "r_keep_io", 1.02 * (8 + 2) * U * sizes)

        w, w2, b = self.matrices("fp16", (8, 16), (16, 4), (4,))
        sizes = np.abs(half) @ np.abs(w)
        outputs = np.maximum(half @ w, 0) @ np.abs(w2) + np.abs(b)
        bound = 1.02 * U * ((8 + 1) * sizes @ np.abs(w2) + (16 + 2) * outputs)
        self.expect_close_to_onnxruntime("fp16", "r_fp16", bound)

        w, w2, b = self.matrices("fp16_ends", (8, 16), (16, 4), (4,))
        sizes = np.abs(half) @ np.abs(w) @ np.abs(w2) + np.abs(b)
        expected = np.maximum(half @ w, 0) @ w2 + b
        # One rounding to half, at the end; 2^-24 at each of the sums in float32 on both sides.
        self.expect_close_to_onnxruntime("fp16_ends", "r_fp16", U * np.abs(expected) + 2 * 26 * 2.0**-24 * sizes)
