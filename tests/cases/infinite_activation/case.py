import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/infinite_activation"


class InfiniteActivation(CliTest):
    def refused(self, calibrate, found, command, *arguments):
        message = self.fails(3, command, HERE / "ex.onnx", "--calibrate", calibrate, *arguments, "--threads", "2", "-o", "run")
        for part in ("an activation that no scale can be chosen for", "calibrate: ", "c.npz, item 5,", "layer 'logits'", found, "position 2"):
            self.assertIn(part, message)

    def test_calibration(self):
        for batch in ("0", "3", "16"):
            self.refused(HERE / "c.npz", "inf ", "compare", "--report", HERE / "r.npz", "--formats", "int8", "--what", "wa", "--batch", batch)
        self.refused(HERE / "c.npz", "inf ", "sensitivity", "--search", HERE / "s.npz", "--formats", "int8")
        self.refused(HERE / "c.npz", "inf ", "search", "--search", HERE / "s.npz", "--bits", "6", "--no-report")

    def test_huge(self):
        x = np.load(HERE / "c.npz")["x"]
        x[5, 2] = 40
        np.savez(self.path / "c.npz", x=x)
        self.refused(self.path / "c.npz", "2.35385e+17", "sensitivity", "--search", HERE / "s.npz", "--formats", "int8")

    def test_no_calibration_is_asked_for(self):
        rows = json.loads(self.ok("compare", HERE / "ex.onnx", "--report", HERE / "r.npz", "--formats", "int8", "--what", "w", "-o", "run", "--json"))["rows"]
        self.assertTrue(np.isfinite(rows[0]["metrics"]["cosine"]["value"]))
