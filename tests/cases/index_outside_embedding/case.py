import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/index_outside_embedding"


class IndexOutsideEmbedding(CliTest):
    def refused(self, command, *arguments):
        message = self.fails(3, command, HERE / "m.onnx", *arguments, "-o", "run")
        for part in ("an index is outside the embedding", "r.npz, item 17,", "0 to 49", "50 at position 3"):
            self.assertIn(part, message)
        return message

    def test_report(self):
        for batch in ("0", "1", "5", "32"):
            self.refused(
                "compare", "--report", HERE / "r.npz", "--formats", "fp32;int8", "--what", "w", "--batch", batch
            )
        self.refused("compare", "--calibrate", HERE / "c.npz", "--report", HERE / "r.npz", "--formats", "int8")
        self.assertEqual(list(self.path.glob("run/results*")), [])

    def test_calibrate(self):
        message = self.refused(
            "compare", "--calibrate", HERE / "r.npz", "--report", HERE / "c.npz", "--formats", "int8", "--what", "wa"
        )
        self.assertIn("calibrate: ", message)
        self.refused("sensitivity", "--calibrate", HERE / "r.npz", "--search", HERE / "c.npz", "--formats", "int4")

    def test_the_rest_is_measured(self):
        ids = np.load(HERE / "r.npz")["ids"]
        ids[17, 3] = 49
        np.savez(self.path / "good.npz", ids=ids)
        self.ok("compare", HERE / "m.onnx", "--report", "good.npz", "--formats", "int8", "--what", "w", "-o", "run")
