import json

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/dynamically_quantized"


class DynamicallyQuantized(CliTest):
    def test_the_product_is_named_and_nothing_is_refused(self):
        document = json.loads(self.ok("inspect", HERE / "m.onnx", "--json"))
        self.assertEqual(document["rows"], [])
        self.assertTrue(
            any("already quantized" in note and "float32 model" in note for note in document["notes"]),
            document["notes"],
        )
        (product,) = document["products"]
        self.assertEqual((product["constants"], product["bytes"], product["macs"]), (["wq"], 32, 32))
        self.assertTrue(product["already_quantized"])

    def test_it_costs_as_int8(self):
        (row,) = json.loads(self.ok("cost", HERE / "m.onnx", "--formats", "fp32", "--table", "placeholder", "--json"))[
            "rows"
        ]
        self.assertEqual((row["macs"], row["mac_bits"]), (32, 32 * 64))
        self.assertEqual(row["parts"]["others"]["macs"], 32)
