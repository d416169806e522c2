"""fp16 under a scale of absmax, on data that go beyond the calibration."""

import math

import numpy as np
from compare_support import CompareTest, by_name, value
from support import ROOT

HERE = (ROOT / "tests/cases/fp16_absmax").resolve()


def weights():
    """Both initializers, from the bytes of the model: raw float32 data of 8 x 16 and 16 x 10."""
    data = (HERE / "ab.onnx").read_bytes()
    found = []
    for shape in ((8, 16), (16, 10)):
        length = 4 * shape[0] * shape[1]
        # Field 9 (raw_data) of a TensorProto: tag 0x4a, length as a varint of two bytes.
        tag = bytes([0x4A, length & 0x7F | 0x80, length >> 7])
        at = data.index(tag) + len(tag)
        found.append(np.frombuffer(data[at : at + length], np.float32).reshape(shape))
    return found


class Fp16BeyondCalibration(CompareTest):
    def rows(self, formats, *arguments):
        return by_name(
            self.compare(
                HERE / "ab.onnx",
                "--calibrate",
                HERE / "c.npz",
                "--search",
                HERE / "s.npz",
                "--report",
                HERE / "r.npz",
                "--formats",
                formats,
                "--what",
                "wa",
                "--task",
                "classify",
                *arguments,
            )
        )

    def test_every_rule_is_finite(self):
        first, second = weights()
        report = np.load(HERE / "r.npz")
        x = np.clip(report["x"], -3, 3).astype(np.float16).astype(np.float32)
        right = (np.maximum(x @ first, 0) @ second).argmax(1) == report["labels"]
        rows = self.rows("fp16;bf16;fp12_e5m6;int8", "--scale", "absmax,rms_pow2,mean_pow2,mse_pow2,mse")
        for (form, what, rule), row in rows.items():
            kl = value(row, "kl")
            self.assertTrue(math.isfinite(kl) and (kl < 0.01 or form == "int8"), (form, what, rule, kl))
            if form == "fp16":
                self.assertEqual(value(row, "accuracy"), right.mean(), rule)

    def test_the_card_says_so(self):
        for form in ("fp16", "bf16", "fp12_e5m6"):
            self.assertIn("under a chosen scale saturates", self.ok("formats", form))
        self.assertNotIn("infinity", self.ok("formats", "fp8_e4m3").split("overflow")[1].splitlines()[0])
