"""posittune.torch on the library posittune_cuda, compiled for the CPU, against the kernels of the extension, bit by bit.

FILE PACKAGE LIBRARY [unittest arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PACKAGE = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
sys.path.insert(0, PACKAGE)
LIBRARY = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else ""

try:
    import torch
except ModuleNotFoundError:
    print("skip: no torch here")
    sys.exit(77)
import numpy as np  # noqa: E402
from posittune.torch import device, tensors  # noqa: E402

import posittune as pt  # noqa: E402
from posittune import _core  # noqa: E402

FORMATS = (
    "posit<8,0>", "posit<8,1>", "posit<6,1>", "posit<8,1>ftz", "posit<16,1>", "posit<16,4>", "posit<32,2>", "posit<32,4>",
    "int2", "int8", "int16", "fp16", "bf16", "fp32", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "fp12_e5m6", "e5m23",
)  # fmt: skip
torch.manual_seed(0)
X = torch.randn(3, 64, 40) * torch.exp2(torch.randint(-8, 8, (3, 64, 40)).float())
X[0, 0, :6] = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1e-45])


def patterns(x):
    return np.asarray(x, np.float32).view(np.uint32)


class Tensors(unittest.TestCase):
    def setUp(self):
        self.library = device.Library(LIBRARY)

    def check(self, x, format, scales, axis, group=0):
        text = f"{format} {tuple(x.shape)} axis {axis} group {group}"
        array = x.contiguous().numpy()
        expected = pt.quantize(array, format, scales.numpy(), axis, group=group)
        found = tensors.quantize_by(self.library, x, format, scales, axis, group)
        np.testing.assert_array_equal(patterns(found), patterns(expected), text)
        codes = pt.encode(array, format, scales.numpy(), axis, group=group)
        ours = tensors.encode_by(self.library, x, pt.Format(format), scales, axis, group, False)
        np.testing.assert_array_equal(ours.codes.numpy(), codes.codes, text)
        np.testing.assert_array_equal(patterns(tensors.decode_by(self.library, ours)), patterns(codes.decode()), text)

    def test_each_format_and_axis(self):
        for format in FORMATS:
            for axis in (None, 0, 1, 2, -1):
                channels = 1 if axis is None else X.shape[axis]
                self.check(X, format, torch.exp2(torch.randn(channels)), axis)

    def test_groups(self):
        for group, per_channel in ((32, 80), (100, 26), (4096, 1)):
            self.check(X, "posit<8,1>", torch.exp2(torch.randn(3, per_channel)), 0, group)
        for axis, scales in ((1, torch.randn(64, 4)), (2, torch.randn(40, 6)), (None, torch.randn(240))):
            self.check(X, "int4", torch.exp2(scales), axis, 32)

    def test_views(self):
        self.check(X.transpose(0, 2), "posit<8,1>", torch.exp2(torch.randn(40)), 0)
        self.check(X.flatten()[1:], "posit<8,1>", torch.ones(1), None)
        for empty in (torch.zeros(0), torch.zeros(3, 0)):
            self.check(empty, "int8", torch.ones(1), None)
        self.check(torch.tensor(3.2), "int4", torch.ones(1), None)

    def test_saturates(self):
        x = torch.tensor([1e6, -float("inf")])
        self.assertEqual(
            tensors.quantize_by(self.library, x, "fp16", torch.ones(1), saturate=True).tolist(), [65504, -65504]
        )
        self.assertEqual(
            tensors.quantize_by(self.library, x, "fp16", torch.ones(1)).tolist(), [float("inf"), -float("inf")]
        )

    def test_scales(self):
        for scale in (0.0, -1.0, float("nan"), float("inf")):
            found = tensors.quantize_by(self.library, X, "int8", torch.tensor([1.0, scale, 1.0]), 0)
            self.assertTrue(found[1].isnan().all())
            np.testing.assert_array_equal(patterns(found[0]), patterns(pt.quantize(X[0].numpy(), "int8")))
        with self.assertRaises(pt.UsageError):
            tensors.quantize_by(self.library, X, "int8", torch.ones(5), 0)

    def test_errors(self):
        x, scales = X.reshape(3, -1), torch.exp2(torch.arange(-4.0, 5))
        for weights in (None, torch.rand(x.shape[1])):
            found = self.library.errors(x, "posit<6,1>", True, scales, weights)
            again = self.library.errors(x, "posit<6,1>", True, scales.repeat(3, 1), weights)
            self.assertTrue(torch.equal(found, again))
            for i, scale in enumerate(scales.tolist()):
                error = pt.quantize(x.numpy(), "posit<6,1>", scale).astype(np.float64) - x.numpy()
                error = np.where(np.isfinite(x.numpy()), error, 0) ** 2 * (1 if weights is None else weights.numpy())
                np.testing.assert_allclose(found[:, i].numpy(), error.sum(1), rtol=1e-6)  # differences are float32's

    def test_blocks_are_refused(self):
        with self.assertRaises(pt.UnsupportedError):
            _core._device_parameters("mxfp4", False)


class Loading(unittest.TestCase):
    def test_not_a_library(self):
        with tempfile.TemporaryDirectory() as folder:
            wrong = Path(folder) / "wrong.so"
            wrong.write_text("no library")
            for path in (wrong, Path(folder) / "absent.so"):
                with self.assertRaisesRegex(pt.UsageError, "cannot be loaded"):
                    device.Library(str(path))
        with self.assertRaisesRegex(pt.UsageError, "cannot be loaded"):
            device.Library("libc.so.6")

    def test_another_version(self):
        known, _core._device_abi = _core._device_abi, -1
        try:
            with self.assertRaisesRegex(pt.UsageError, "another version"):
                device.Library(LIBRARY)
        finally:
            _core._device_abi = known

    def test_environment(self):
        def loads(value):
            code = "from posittune.torch import device; print(device.library() is not None)"
            variables = {**os.environ, "PYTHONPATH": PACKAGE, "POSITTUNE_CUDA": value}
            done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
            return done.stdout.strip() or done.stderr

        self.assertEqual(loads(LIBRARY), "True")
        self.assertEqual(loads("off"), "False")
        self.assertIn("cannot be loaded", loads("/absent/libposittune_cuda.so"))


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=[sys.argv[0], *sys.argv[3:]], exit=False, verbosity=1).result.wasSuccessful())
