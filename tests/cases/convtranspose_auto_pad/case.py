"""auto_pad=SAME_* of ConvTranspose with an open batch: output = input * stride."""

import sys

import numpy as np
from support import ROOT, CliTest

sys.path.insert(0, str(ROOT / "tests/cli"))
from onnx_bytes import OnnxFile  # noqa: E402

HERE = ROOT / "tests/cases/convtranspose_auto_pad"


def same_upper(x, w):
    """Stride 2, kernel 3: of the 2 * size + 1 outputs of a kernel's scatter the last is cut (SAME_UPPER: 0 pads before, 1 behind)."""
    full = np.zeros((x.shape[0], w.shape[1], 2 * x.shape[2] + 1, 2 * x.shape[3] + 1))
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            full[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += np.einsum(
                "nc,cokl->nokl", x[:, :, i, j].astype(float), w
            )
    return full[:, :, :-1, :-1]


class ConvTransposeAutoPad(CliTest):
    def refused(self, code, model):
        return self.fails(
            code, "compare", HERE / model, "--report", HERE / "r.npz", "--formats", "fp16", "--what", "w", "-o", "run"
        )

    def test_the_output_is_input_times_stride(self):
        self.ok(
            "compare",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--report",
            HERE / "r.npz",
            "--formats",
            "fp32,fp16",
            "--scale",
            "rms_pow2",
            "--resamples",
            20,
            "--threads",
            1,
            "--save-outputs",
            "out",
            "-o",
            "run",
        )
        expected = same_upper(np.load(HERE / "r.npz")["x"], OnnxFile(HERE / "m.onnx").values("w"))
        files = sorted((self.path / "out").glob("*.npy"))
        self.assertEqual(len(files), 3)
        for file in files:
            got = np.load(file)
            self.assertEqual(got.shape, (3, 4, 12, 10), file.name)
            self.assertLess(np.abs(got - expected).max(), 1e-5 if file.name.startswith("fp32") else 5e-3, file.name)

    def test_what_the_file_declares_is_compared(self):
        message = self.refused(3, "declared.onnx")
        for part in ("tensor 'y'", "[?,4,12,10] (declared)", "[?,4,13,11]", "onnxruntime"):
            self.assertIn(part, message)
        message = self.refused(3, "found_by_run.onnx")
        for part in ("output 'y'", "[?,4,12,10] (declared)", "(3, 4, 13, 11)"):
            self.assertIn(part, message)

    def test_pads_that_cannot_be_known(self):
        message = self.refused(4, "open.onnx")
        self.assertIn("ConvTranspose 'up' is not supported: output_shape with an input of open size", message)
