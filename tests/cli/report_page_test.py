"""Reports in a headless Chromium: nothing is logged, plots have marks, names stay text, keys do what a pointer does; and the
other formats of reports. With POSITTUNE_PICTURES=FOLDER the pictures of the pages are left there, to be looked at.

FILE POSITTUNE ROOT [unittest arguments]
"""

import csv
import hashlib
import io
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import browser
from support import ROOT, CliTest, main

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>&amp;<b>"
ENV = {"POSITTUNE_ZOO": str(ROOT / "zoo")}
FORMATS = "int4;int6;posit<6,*>"
JOBS = {
    "compare": ["--formats", "fp32;int8;posit<8,1>"],
    "sensitivity": ["--formats", FORMATS, "--channels", 64, "--mixes", 3, "--spot-checks", 4],
    "search": ["--formats", FORMATS, "--bits", "5,5.5", "--baselines"],
}
# A plot has marks: points, bars, lines, or the picture of a heat map.
PLOTS = """[...document.querySelectorAll(".plot")].map(plot => [
  plot.previousElementSibling?.closest(".figure")?.querySelector("h3").textContent ?? plot.getAttribute("aria-label"),
  plot.querySelectorAll(".points path, .point path, .js-line, .heatmaplayer image").length])"""


def replace_in(folder, old, new):
    """Another name in the results and details of a run."""
    text = (folder / "results.json").read_text()
    replaced = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    (folder / "results.json").write_text(replaced)
    if (folder / "details.json").exists():
        details = (folder / "details.json").read_text().replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
        details = json.loads(details)
        details["results_sha256"] = hashlib.sha256(replaced.encode()).hexdigest()
        (folder / "details.json").write_text(json.dumps(details))


class RunsTest(CliTest):
    """The three jobs, run once for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.runs = tempfile.TemporaryDirectory()
        cls.run_folder = pathlib.Path(cls.runs.name)
        case = cls("ok")
        case.path = cls.run_folder
        for command, options in JOBS.items():
            case.ok(command, "zoo:albert", "--limit", 8, "-o", command, *options, env=ENV)

    @classmethod
    def tearDownClass(cls):
        cls.runs.cleanup()

    def copy(self, command):
        return pathlib.Path(shutil.copytree(self.run_folder / command, self.path / command))


@unittest.skipUnless(browser.EXECUTABLE, "no chromium")
class PageTest(RunsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.browser.problems.clear()
        self.browser.size(1400)
        self.browser.media()

    def look(self, path):
        self.browser.open(path)
        self.assertEqual(self.browser.problems, [])

    def keep(self, name):
        folder = os.environ.get("POSITTUNE_PICTURES")
        path = (pathlib.Path(folder) if folder else self.path) / f"{name}.png"
        self.browser.picture(path)
        self.assertGreater(path.stat().st_size, 20000)

    def test_each_job_leaves_a_page_whose_plots_have_marks(self):
        for command, least in (("compare", 6), ("sensitivity", 4), ("search", 8)):
            self.look(self.run_folder / command / "report.html")
            plots = self.browser.run(PLOTS)
            self.assertGreaterEqual(len(plots), least, plots)
            for title, marks in plots:
                self.assertGreater(marks, 0, f"{command}: {title}")
            self.assertIn("albert", self.browser.run("document.querySelector('h1').textContent"))

    def test_two_widths(self):
        for command in JOBS:
            for width in (380, 1400):
                self.browser.size(width)
                self.look(self.run_folder / command / "report.html")
                self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), width)
                self.keep(f"{command}-{width}")

    def test_a_window_that_becomes_narrow(self):
        self.look(self.run_folder / "sensitivity" / "report.html")
        vertical = "[...document.querySelectorAll('.plot')].filter(each => each.data?.[0].colorbar?.orientation !== 'h').length"
        wide = self.browser.run(vertical)
        self.browser.size(380)
        self.browser.run("new Promise(done => setTimeout(done, 1000))")
        self.assertEqual(self.browser.run(vertical), wide - 2)  # the bars of both heat maps lie down
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 380)
        self.assertEqual(self.browser.problems, [])

    def test_dark(self):
        self.browser.media(prefers_color_scheme="dark")
        self.look(self.run_folder / "search" / "report.html")
        self.assertEqual(self.browser.run("getComputedStyle(document.body).backgroundColor"), "rgb(20, 24, 29)")
        self.keep("search-dark")
        self.browser.run("document.getElementById('theme').click()")
        self.assertEqual(self.browser.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")

    def test_paper(self):
        self.browser.media(prefers_color_scheme="dark")
        self.look(self.run_folder / "search" / "report.html")
        self.browser.pdf(self.path / "page.pdf")
        self.assertGreater((self.path / "page.pdf").stat().st_size, 50000)
        self.browser.run("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(self.browser.run("document.documentElement.dataset.theme"), "light")
        self.browser.run("window.dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.browser.run("document.documentElement.dataset.theme"), "dark")

    def test_hostile_names_stay_text(self):
        for command in JOBS:
            folder = self.copy(command)
            results = json.loads((folder / "results.json").read_text())
            replace_in(folder, results["model"]["path"], f"/{HOSTILE}/model.onnx")
            layers = json.loads((folder / "details.json").read_text())["layers"] if command != "sensitivity" else []
            name = layers[0]["layer"] if layers else results["rows"][0]["layer"]
            replace_in(folder, name, HOSTILE)
            self.ok("report", folder)
            self.look(folder / "report.html")
            self.assertIsNone(self.browser.run("window.hacked ?? null"))
            self.assertEqual(self.browser.run("document.querySelectorAll('script').length"), 3)
            self.assertEqual(self.browser.run("document.querySelectorAll('main img, main b b').length"), 0)
            self.browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            self.browser.run("new Promise(done => setTimeout(done, 200))")
            self.assertIn("window.hacked = 1</script>", self.browser.run("document.querySelector('main').textContent"))
            self.assertIsNone(self.browser.run("window.hacked ?? null"))
            self.assertEqual(self.browser.problems, [])

    def chosen(self):
        return self.browser.run("document.querySelector('[aria-live]').textContent")

    def test_a_click_and_keys_choose_a_mix(self):
        self.look(self.run_folder / "search" / "report.html")
        before = self.chosen()
        self.assertIn("% ", before)
        other = """(() => {
          const plot = document.querySelector(".plot");
          const trace = plot.data.find(each => each.name === "uniform int");
          plot.emit("plotly_click", {points: [{customdata: trace.customdata[0]}]});
        })()"""
        self.browser.run(other)
        self.assertIn("uniform int", self.chosen())
        self.assertIn("100 % int", self.chosen())
        self.browser.run("document.querySelectorAll('select')[2].focus()")
        self.browser.press("Home", 36)
        self.assertIn("search, bits 5", self.chosen())
        # A row of a table is chosen by Enter.
        self.browser.run("document.querySelector('details.data').open = true")
        self.browser.run("new Promise(done => setTimeout(done, 200))")
        self.browser.run("document.querySelectorAll('details.data tr[tabindex]')[2].focus()")
        self.browser.press("Enter", 13, "\r")
        self.assertNotIn("search, bits 5:", self.chosen())

    def test_errors_and_histograms_follow_the_mix(self):
        self.look(self.run_folder / "search" / "report.html")
        details = json.loads((self.run_folder / "search" / "details.json").read_text())
        self.assertEqual([mix["title"] for mix in details["mixes"]], ["search, bits 5", "search, bits 5.5"])
        figure = (
            """[...document.querySelectorAll('.figure')].find(each => each.querySelector('h3').textContent === '%s')"""
        )
        errors, weights = figure % "Errors by layer", figure % "Weights on their grid"
        choose = """(() => {
          const select = [...(%s).querySelectorAll('label')].find(each => each.textContent.startsWith('%s')).querySelector('select');
          select.selectedIndex = %d;
          select.dispatchEvent(new Event('change'));
        })()"""
        for at, mix in enumerate(details["mixes"]):
            self.browser.run(choose % (errors, "Mix", at))
            self.assertIn(mix["title"], self.chosen())
            looks = [details["looks"][each] for each in mix["looks"]]
            drawn = self.browser.run(f"({errors}).querySelector('.plot').data[2].y")
            self.assertEqual(drawn, [look["weight_error"] for look in looks if isinstance(look["weight_error"], float)])
            for place, look in enumerate([look for look in looks if look["histograms"]][:3]):
                self.browser.run(choose % (weights, "Layer", place))
                first = look["histograms"][0]
                self.assertIn(
                    first["format"], self.browser.run(f"({weights}).querySelector('[aria-live]').textContent")
                )
                self.assertEqual(
                    self.browser.run(f"[...({weights}).querySelector('.plot').data[0].y]"), first["counts"]
                )
        # A row that is no mix has no close look: that of the mix stays.
        self.browser.run("document.querySelectorAll('select')[2].focus()")
        self.browser.press("End", 35)
        self.assertNotIn("search", self.chosen())
        self.assertEqual(self.browser.run(f"({errors}).querySelector('.plot').data[2].y"), drawn)

    def test_everything_is_reached_by_tab(self):
        self.look(self.run_folder / "search" / "report.html")
        seen = []
        for _ in range(60):
            self.browser.press("Tab", 9)
            seen.append(self.browser.run("document.activeElement.tagName"))
        for tag in ("A", "BUTTON", "SELECT", "SUMMARY"):
            self.assertIn(tag, seen)
        named = """[...document.querySelectorAll('select')].every(each => each.labels.length === 1)
          && [...document.querySelectorAll('.plot')].every(each => each.getAttribute('aria-label'))"""
        self.assertTrue(self.browser.run(named))

    def test_an_older_run_says_what_is_missing(self):
        folder = self.copy("search")
        (folder / "details.json").unlink()
        self.ok("report", folder)
        self.look(folder / "report.html")
        self.assertIn("no details.json", self.browser.run("document.querySelector('.warning').textContent"))
        for title, marks in self.browser.run(PLOTS):
            self.assertGreater(marks, 0, title)

    def test_several_runs(self):
        self.ok("report", *(self.run_folder / command for command in JOBS))
        self.look(self.path / "report.html")
        text = self.browser.run("document.querySelector('#runs').textContent")
        for command in JOBS:
            self.assertIn(command, text)
        for title, marks in self.browser.run(PLOTS):
            self.assertGreater(marks, 0, title)
        self.browser.size(380)
        self.look(self.path / "report.html")
        self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 380)
        self.keep("several-380")


class FormatsTest(RunsTest):
    def text(self, format_name, *commands):
        return self.ok("report", *(self.run_folder / each for each in commands), "--format", format_name)

    def test_json_lines_are_metrics(self):
        lines = [json.loads(line) for line in self.text("jsonl", "search", "compare").splitlines()]
        rows = json.loads((self.run_folder / "search" / "results.json").read_text())["rows"]
        self.assertEqual(lines[0]["metrics/kl"], rows[0]["metrics"]["kl"]["value"])
        self.assertEqual(sum(line["command"] == "search" for line in lines), len(rows))

    def test_csv_has_the_rows_of_all_runs(self):
        rows = list(csv.DictReader(io.StringIO(self.text("csv", "search"))))
        with open(self.run_folder / "search" / "results.csv", newline="") as file:
            self.assertEqual([{k: v for k, v in row.items() if k != "run"} for row in rows], list(csv.DictReader(file)))

    def test_json_holds_the_results(self):
        document = json.loads(self.text("json", "search"))
        results = json.loads((self.run_folder / "search" / "results.json").read_text())
        self.assertEqual(document["runs"][0]["results"], results)

    def test_texts(self):
        self.assertIn("**Best mix**", self.text("md", "search"))
        self.assertIn("Best mix", self.text("console", "search"))
        card = self.text("card", "search")
        self.assertTrue(card.startswith("---\ntags:"))

    def test_a_page_on_demand(self):
        folder = self.path / "quiet"
        stderr = self.run_cli(
            "compare", "zoo:albert", "--limit", 4, "-o", folder, "--no-html", *JOBS["compare"], env=ENV
        ).stderr
        self.assertNotIn("report.html", stderr)
        self.assertFalse((folder / "report.html").exists())
        self.assertIn("<!doctype html>", self.ok("report", folder, "-o", "-")[:100])
        self.ok("report", folder, "-o", self.path / "page.html")
        self.assertLess((self.path / "page.html").stat().st_size, 8_000_000)

    def test_what_cannot_be(self):
        self.assertIn("none", self.fails(3, "report", "none"))
        self.assertIn("jsonl", self.fails(2, "report", self.run_folder / "search", "--format", "pdf"))
        self.assertIn(
            "one run",
            self.fails(2, "report", self.run_folder / "search", self.run_folder / "compare", "--format", "card"),
        )
        self.fails(2, "report")


if __name__ == "__main__":
    main()
