"""posittune search: budgets are kept, results are written and come again for free, and what cannot be is said."""

import csv
import json
import math
import pathlib

from support import ROOT, CliTest, main

ZOO = ROOT / "zoo"
FORMATS = "posit<4,1>;posit<5,*>;int6;posit<8,1>|int8"


class SearchTest(CliTest):
    env = {"POSITTUNE_ZOO": str(ZOO)}

    def search(self, *arguments, model="zoo:albert", limit=24, run="run", code=0):
        limits = ["--limit", limit] if limit else []
        done = self.run_cli("search", model, *limits, "-o", run, "--json", *arguments, env=self.env)
        self.assertEqual(done.returncode, code, done.stderr)
        return (json.loads(done.stdout) if done.stdout else None), done.stderr

    def refused(self, code, *arguments, model="zoo:albert"):
        return self.fails(code, "search", model, "--limit", 8, "-o", "none", *arguments, env=self.env)


class BudgetTest(SearchTest):
    def test_bits(self):
        document, _ = self.search("--bits", "5.5,6.5", "--formats", FORMATS, "--baselines")
        rows = {(row["method"], row["budget"]): row for row in document["rows"]}
        for budget in (5.5, 6.5):
            ours = rows["search", f"bits {budget}"]
            self.assertLessEqual(ours["bits_per_weight"], budget)
            self.assertGreater(ours["bits_per_weight"], budget - 0.2)
            # The best measured of its own proposal and of all baselines within the budget: one of these may win.
            for other in document["rows"]:
                if other["bits_per_weight"] <= budget and other["budget"] in ("", f"bits {budget}"):
                    self.assertLessEqual(ours["search_loss"]["value"], other["search_loss"]["value"], other["method"])
            won = any(
                each["verdict"] == "taken" and each["change"].startswith(f"bits {budget}:")
                for each in document["refinement"]
            )
            self.assertTrue(won or ours["optimality_gap"] < 1e-8)
            self.assertAlmostEqual(ours["bytes"] * 8, ours["bits_per_weight"] * 1e6, delta=10 * ours["bytes"])
            self.assertTrue({"kl", "accuracy"} <= ours["metrics"].keys())
            self.assertLessEqual(ours["search_loss"]["low"], ours["search_loss"]["value"])
            for method in (
                "random",
                "small layers first",
                "greedy by SQNR",
                "AIMET list",
                "HAWQ-like order",
                "shuffled scores",
                "FlexPosit scheme",
            ):
                other = rows[method, f"bits {budget}"]
                self.assertLessEqual(other["bits_per_weight"], budget + 1e-9, method)
                if method != "FlexPosit scheme" and not won:  # its scores are of other choices
                    self.assertLessEqual(ours["predicted_loss"], other["predicted_loss"] * (1 + 1e-9), method)
            self.assertLess(ours["search_loss"]["value"], rows["random", f"bits {budget}"]["search_loss"]["value"])
        self.assertIn(("uniform posit<5,*>", ""), rows)
        self.assertLess(rows["search", "bits 6.5"]["predicted_loss"], rows["search", "bits 5.5"]["predicted_loss"])
        self.check_files(document)
        # Again: nothing is measured; other budgets would read the report a second time.
        again, _ = self.search("--bits", "5.5,6.5", "--formats", FORMATS, "--baselines")
        self.assertEqual(again["rows"], document["rows"])
        _, message = self.search("--bits", 6, "--formats", FORMATS, code=2)
        self.assertIn("already read", message)
        self.assertIn("--no-report", message)
        self.assertIn("--run names another folder", message)
        trial, _ = self.search("--bits", 6, "--formats", FORMATS, "--no-report")
        self.assertEqual(trial["rows"][0]["metrics"], {})

    def test_report_is_read_after_a_trial(self):
        # Scores and KL are all in the journal then; scales still need the calibration data.
        trial, _ = self.search("--bits", 5, "--formats", FORMATS, "--no-report")
        document, _ = self.search("--bits", 5, "--formats", FORMATS)
        self.assertEqual(document["rows"][0]["search_loss"], trial["rows"][0]["search_loss"])
        self.assertIn("kl", document["rows"][0]["metrics"])

    def test_a_written_recipe_is_compared(self):
        # What compare makes of the recipe is what search said of it.
        document, _ = self.search("--bits", 5, "--formats", FORMATS, "--rounding", "compensated")
        (row,) = document["rows"]
        done = self.run_cli(
            "compare",
            "zoo:albert",
            "--limit",
            24,
            "--json",
            "-o",
            "compared",
            "--resamples",
            1000,
            "--recipe",
            f"run/recipes/{row['recipe']}",
            env=self.env,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        fp32, again = json.loads(done.stdout)["rows"][-2:]
        self.assertEqual((fp32["format"], again["format"]), ("fp32", pathlib.Path(row["recipe"]).stem))
        self.assertEqual((again["scale"], again["rounding"]), ("recipe", "compensated"))
        self.assertEqual(again["bits_per_weight"], row["bits_per_weight"])
        self.assertEqual(again["metrics"]["kl"], row["metrics"]["kl"])

    def check_files(self, document):
        run = self.path / "run"
        self.assertEqual(json.loads((run / "results.json").read_text()), document)
        for row in document["rows"]:
            self.assertTrue((run / "recipes" / row["recipe"]).is_file())
        lines = list(csv.DictReader((run / "results.csv").read_text(encoding="utf-8").splitlines()))
        self.assertEqual(len({line["recipe"] for line in lines}), len(document["rows"]))
        self.assertTrue((run / "front.svg").is_file())

    def test_pareto_front_falls(self):
        document, _ = self.search("--pareto", 6, "--formats", FORMATS, "--no-report", "--rounding", "nearest")
        bits = [row["bits_per_weight"] for row in document["rows"]]
        scores = [row["predicted_loss"] for row in document["rows"]]
        self.assertEqual(bits, sorted(bits))
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertGreater(len(bits), 4)

    def test_inputs_energy_and_several_budgets(self):
        document, _ = self.search(
            "--what",
            "wa",
            "--energy",
            "0.9xint8",
            "--bits",
            7,
            "--formats",
            "posit<6,1>;int6;int8",
            "--activations",
            "int8;posit<8,1>;int8@token",
            "--no-report",
            "--rounding",
            "nearest",
            limit=8,
        )
        row = document["rows"][0]
        self.assertEqual(row["budget"], "bits 7, energy 0.9xint8")
        self.assertLessEqual(row["bits_per_weight"], 7)
        self.assertEqual(row["activation_bits"], 8)
        recipe = (self.path / "run" / "recipes" / row["recipe"]).read_text()
        self.assertIn("activations:", recipe)

    def test_max_drop(self):
        document, _ = self.search(
            "--max-drop", "2%", "--formats", "int3;int4;int5;int6;int8", "--no-report", "--rounding", "nearest"
        )
        (row,) = document["rows"]
        self.assertEqual(row["budget"], "max-drop 2%")
        self.assertLess(row["bits_per_weight"], 8.2)

    def test_windows_ties_and_pins(self):
        document, _ = self.search(
            "--bits",
            5,
            "--formats",
            "int4;int6",
            "--windows",
            64,
            "--assign",
            "classifier=fp16",
            "--no-report",
            "--rounding",
            "nearest",
            limit=8,
        )
        recipe = (self.path / "run" / "recipes" / document["rows"][0]["recipe"]).read_text()
        self.assertIn("windows:", recipe)
        self.assertEqual(recipe.count("fp16"), 1)
        document, _ = self.search(
            "--bits",
            5,
            "--formats",
            "int4;int6",
            "--tie",
            "embed",
            "--tie-inputs",
            "--no-report",
            "--rounding",
            "nearest",
            limit=8,
        )
        self.assertLessEqual(document["rows"][0]["bits_per_weight"], 5)

    def test_refine(self):
        document, _ = self.search(
            "--bits", 5, "--formats", FORMATS, "--refine", 3, "--no-report", "--rounding", "nearest"
        )
        tried = [each for each in document["refinement"] if each["verdict"] in ("better", "not better")]
        self.assertEqual(len(tried), 3)
        for each in tried:
            self.assertIn(" -> ", each["change"])
            self.assertEqual(each["verdict"] == "better", each["high"] < 0)
        # And what else keeps to the budget, measured beside the result.
        beside = [each for each in document["refinement"] if each not in tried]
        self.assertTrue(beside)
        for each in beside:
            self.assertTrue(each["change"].startswith("bits 5: "), each)
            self.assertEqual(each["verdict"] == "taken", each["measured"] < 0)


class HonestyTest(SearchTest):
    def test_what_is_blind_is_worse(self):
        # That shuffled scores are no better than chance takes many draws: tests/search/baselines_test.cc.
        for seed in (1, 2):
            document, _ = self.search(
                "--bits",
                5.5,
                "--formats",
                "posit<4,1>;int5;int6;int8",
                "--baselines",
                "--no-report",
                "--rounding",
                "nearest",
                "--seed",
                seed,
                model="zoo:gpt2",
                limit=4,
                run=f"run{seed}",
            )
            rows = {row["method"]: row["search_loss"]["value"] for row in document["rows"]}
            self.assertLess(rows["search"], rows["shuffled scores"])
            self.assertLess(rows["search"], rows["random"])

    def test_better_than_fp32_is_flagged(self):
        document, _ = self.search("--bits", 8.5, "--formats", "int8;fp8_e4m3", "--rounding", "nearest", limit=60)
        for row in document["rows"]:
            for name, metric in row["metrics"].items():
                if name == "accuracy" and metric["delta"]["value"] > 0:
                    self.assertTrue(metric["noise"])
                if name == "kl":
                    self.assertFalse(metric["noise"])


class ErrorsTest(SearchTest):
    def test_infeasible_budgets_are_written_and_fail(self):
        document, message = self.search(
            "--bits", 3, "--formats", "int4;int6", "--no-report", "--rounding", "nearest", limit=8, code=1
        )
        self.assertIn("at least 4.0", message)
        self.assertIn("bits 3", message)
        (row,) = document["rows"]
        self.assertAlmostEqual(row["bits_per_weight"], 4.1, delta=0.1)
        self.assertTrue((self.path / "run" / "results.json").is_file())

    def test_usage(self):
        for part, arguments in {
            "nothing to search for": (),
            "not a budget": ("--bits", "few"),
            "contradict": ("--bits", 5, "--assign", "embeddings=int4", "--assign", "word_embeddings=int6"),
            "matches nothing": ("--bits", 5, "--assign", "lm_haed=int4"),
            "did you mean posit<8": ("--bits", 5, "--formats", "posit81"),
            "not an assignment": ("--bits", 5, "--assign", "int4"),
            "two lists of budgets": ("--bits", "4,5", "--size", "1MB,2MB"),
            "--what w": ("--bits", 5, "--what", "wa", "--windows", 64),
            "changes nothing": ("--bits", 5, "--activations", "int8"),
            "not a number": ("--bits", 5, "--gap", "nan"),
            "--assign 'lm_haed=int4'": ("--bits", 5, "--dry-run", "--assign", "lm_haed=int4"),
            "not a pair": ("--bits", 5, "--what", "wa", "--pairs", "int8"),
            "among the choices": (
                "--bits",
                5,
                "--what",
                "wa",
                "--formats",
                "int4",
                "--activations",
                "int8",
                "--pairs",
                "int4/int6",
            ),
        }.items():
            self.assertIn(part, self.refused(2, *arguments, "--rounding", "nearest"), arguments)
        self.assertEqual([name for name in self.files() if name != "none"], [])

    def test_cost_tables_without_a_format(self):
        table = self.path / "table.csv"
        table.write_text(
            "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_pj,leakage_nw\n"
            "mac,int8,int8,int,0,1,1,1,1,1\nmac,fp32,fp32,fp32,0,9,9,9,9,9\nmac,int8,fp32,fp32,0,9,9,9,9,9\nmac,fp32,int8,fp32,0,9,9,9,9,9\n"
        )
        message = self.refused(
            3, "--energy", "0.5x", "--formats", "int8;posit<8,1>", "--table", table, "--rounding", "nearest"
        )
        self.assertIn("posit<8,1>", message)
        self.assertIn("table.csv", message)

    def test_missing_splits(self):
        model = ZOO / "albert" / "model.onnx"
        self.assertIn(
            "--search", self.refused(2, "--bits", 5, "--calibrate", ZOO / "albert" / "calibrate.npz", model=model)
        )
        self.assertIn(
            "--no-report",
            self.refused(
                2,
                "--bits",
                5,
                "--calibrate",
                ZOO / "albert" / "calibrate.npz",
                "--search",
                ZOO / "albert" / "search.npz",
                model=model,
            ),
        )

    def test_dry_run(self):
        plan = json.loads(
            self.ok("search", "zoo:albert", "--bits", "4,5", "--limit", 8, "--dry-run", "--json", env=self.env)
        )
        self.assertEqual(plan["weights"], 12)
        self.assertEqual(plan["recipes"], 2)
        self.assertTrue(math.isfinite(plan["estimated_seconds"]))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    main()
