"""The pixels that reach the model are those of the upright picture."""

import numpy as np
from compare_support import CompareTest
from support import ROOT

HERE = ROOT / "tests/cases/exif"


class Exif(CompareTest):
    def test_pictures_stand_upright(self):
        self.compare(
            HERE / "see.onnx", "--data", HERE / "d.yaml", "--formats", "fp32", "--what", "w", "--save-outputs", "out"
        )
        (file,) = (self.path / "out").glob("fp32.*.npy")
        seen = np.load(file).reshape(2, 3, 16, 16).transpose(0, 2, 3, 1)
        ramp = np.zeros((16, 16, 3))
        ramp[..., 0] = np.arange(16)[None] * 16
        ramp[..., 1] = np.arange(16)[:, None] * 16
        # The files in the order of their names: turn3, turn6. np.rot90 turns against the clock.
        for got, turns in ((seen[0], 2), (seen[1], -1)):
            self.assertLess(np.abs(got - np.rot90(ramp, turns)).max(), 8)
