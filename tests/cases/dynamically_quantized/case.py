import json

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/dynamically_quantized"


class DynamicallyQuantized(CliTest):
    def test_the_product_is_named_and_nothing_is_refused(self):
        document = json.loads(self.ok("inspect", HERE / "m.onnx", "--json"))
        self.assertEqual(document["rows"], [])
        self.assertTrue(any("already quantized" in note and "float32 model" in note for note in document["notes"]), document["notes"])
