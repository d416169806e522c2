import json
import re

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/off_forecast"
TRIED = re.compile(
    r"bits 7: loss (\S+) for a forecast of (\S+): scales of inputs static for output and output for static"
)


class OffForecast(CliTest):
    def search(self, activations, data, *arguments):
        return self.run_cli(
            "search",
            HERE / "m.onnx",
            "--calibrate",
            HERE / "c.npz",
            "--search",
            HERE / data,
            "--no-report",
            "--what",
            "wa",
            "--bits",
            7,
            "--formats",
            "int8;int4",
            "--activations",
            activations,
            "--gain-items",
            1,
            "--rounding",
            "nearest",
            "--threads",
            1,
            "-o",
            f"run-{activations}-{data}".replace("/", "-"),
            *arguments,
        )

    def result(self, activations, data):
        done = self.search(activations, data, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        (row,) = document["rows"]
        recipe = (self.path / f"run-{activations}-{data}" / "recipes" / row["recipe"]).read_text()
        tried = [(TRIED.fullmatch(each["change"]), each) for each in document["refinement"]]
        return row, set(re.findall(r"chosen: (\w+)", recipe)), [(match, each) for match, each in tried if match]

    def test_the_better_kind_is_taken_and_said(self):
        asked, chosen, ((match, tried),) = self.result("posit<6,1>@output", "s.npz")
        loss, forecast = map(float, match.groups())
        self.assertGreater(loss, 2 * forecast)
        self.assertEqual((tried["verdict"], chosen), ("taken", {"static"}))
        self.assertLess(tried["high"], 0)
        self.assertAlmostEqual(asked["search_loss"]["value"], loss + tried["measured"], delta=0.01 * loss)
        # The same in a table for people.
        text = self.search("posit<6,1>@output", "s.npz").stdout
        self.assertRegex(text, TRIED.pattern + r" .* taken")

        # Where the better kind was asked for, the other is tried, and loses.
        static, chosen, ((match, tried),) = self.result("posit<6,1>@static", "s.npz")
        loss, forecast = map(float, match.groups())
        self.assertGreater(loss, 2 * forecast)
        self.assertEqual((tried["verdict"], chosen), ("not taken", {"static"}))
        self.assertGreater(tried["low"], 0)
        self.assertEqual(static["search_loss"], asked["search_loss"])

    def test_nothing_is_tried_within_the_forecast(self):
        for activations in ("posit<6,1>@output", "posit<6,1>@static"):
            row, chosen, tried = self.result(activations, "like.npz")
            self.assertEqual((chosen, tried), ({activations.split("@")[1]}, []))
            ratio = row["search_loss"]["value"] / row["predicted_loss"]
            self.assertTrue(0.5 <= ratio <= 2, ratio)
