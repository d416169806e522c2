import json

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/computed_weight"


class ComputedWeight(CliTest):
    def test_sizes(self):
        document = json.loads(self.ok("inspect", HERE / "m.onnx", "--json"))
        self.assertEqual(document["rows"][0]["parameters"], 120)
        self.assertEqual(document["other_parameters"], 6)
        self.assertEqual(document["elementwise"], [])  # what makes the weight is not beside it

    def test_a_budget_that_fp32_meets(self):
        done = self.run_cli(
            "search",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--search",
            HERE / "s.npz",
            "--report",
            HERE / "r.npz",
            "--size",
            "600B",
            "--resamples",
            100,
            "--threads",
            1,
            "-o",
            "run",
            "--json",
        )
        self.assertEqual(done.returncode, 0, done.stderr)
