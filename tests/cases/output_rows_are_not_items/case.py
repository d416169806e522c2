"""Rows of an output with NMS inside the graph are boxes, not items."""

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/output_rows_are_not_items"


class OutputRowsAreNotItems(CliTest):
    def test_the_message_says_rows_items_and_output(self):
        for command in ("compare", "sensitivity"):
            split = "--report" if command == "compare" else "--search"
            message = self.fails(
                3, command, HERE / "m.onnx", "--calibrate", HERE / "c.npz", split, HERE / "r.npz", "--formats", "int8"
            )
            self.assertIn("an output that is scored has not a row for each item", message)
            self.assertIn("output 'det', from item 0 on", message)
            self.assertIn("12 rows", message)
            self.assertIn("shape (4, 5)", message)
            self.assertIn("--output", message)
