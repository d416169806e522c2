import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/first_output_is_an_integer"
OPTIONS = (
    "--formats",
    "fp32,int3",
    "--what",
    "w",
    "--scale",
    "mse_pow2",
    "--resamples",
    20,
    "--threads",
    1,
    "--save-outputs",
    "out",
)


class FirstOutputIsAnInteger(CliTest):
    def compare(self, model):
        done = self.run_cli(
            "compare", HERE / model, "--report", HERE / "r.npz", *OPTIONS, "-o", f"run {model}", "--json"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_the_first_float_output_is_scored(self):
        document, said = self.compare("m.onnx")
        self.assertEqual(document["scored"]["output"], "logits")
        self.assertEqual(document["scored"]["scores"], "logits")
        self.assertIn("output 'logits' is scored, the first of float numbers of cls, logits", said)
        self.assertIn("--output", said)
        self.assertGreater(document["rows"][-1]["metrics"]["kl"]["value"], 0)

    def test_integers_alone_are_counted(self):
        self.compare("m.onnx")
        plain, rounded = (
            np.load(next((self.path / "out").glob(f"{name}*.logits.npy"))).argmax(1) for name in ("fp32", "int3")
        )
        document, _ = self.compare("integers.onnx")
        self.assertEqual(document["scored"]["task"], "agreement")
        agreement = document["rows"][-1]["metrics"]["agreement"]
        self.assertAlmostEqual(agreement["value"], np.mean(plain == rounded), places=12)
        self.assertLessEqual(agreement["low"], agreement["value"])
        self.assertEqual(document["rows"][0]["metrics"]["agreement"]["value"], 1)
