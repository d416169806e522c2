import json

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/map_tie_order"


class MapTieOrder(CliTest):
    def map_of(self, data):
        document = json.loads(
            self.ok(
                "compare",
                HERE / "det.onnx",
                "--data",
                HERE / data,
                "--formats",
                "fp32",
                "--what",
                "w",
                "--scale",
                "none",
                "--resamples",
                10,
                "--threads",
                1,
                "-o",
                data,
                "--json",
            )
        )
        metrics = document["rows"][0]["metrics"]
        return metrics["map"]["value"], metrics["map50"]["value"]

    def test_equal_scores_come_in_the_order_of_image_ids(self):
        for data, precision in (("rising.yaml", 1 / 2), ("falling.yaml", 1)):  # up to recall 0.50: 51 of 101 places
            for found in self.map_of(data):
                self.assertAlmostEqual(found, 51 * precision / 101, places=12, msg=data)
