"""posittune sensitivity on the models of the zoo."""

import csv
import json
import math
import signal
import subprocess
import time

from compare_support import QUICK, ZOO
from support import POSITTUNE, CliTest, main

FORMATS = "posit<8,1>,posit<5,1>,int4"


class SensitivityTest(CliTest):
    def setUp(self):
        super().setUp()
        self.env = {"POSITTUNE_ZOO": str(ZOO)}

    def sensitivity(self, model, *arguments, run="run"):
        done = self.run_cli(
            "sensitivity", model, "--json", "--threads", 2, "-o", run, "--formats", FORMATS, *arguments, env=self.env
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, code, *arguments):
        message = self.fails(code, "sensitivity", *arguments, env=self.env)
        self.assertEqual(message.count("error: "), 1, message)
        self.assertEqual(self.files(), [])
        return message


def scores(document, tier, what="w"):
    return {
        (row["layer"], row["format"]): row for row in document["rows"] if row["tier"] == tier and row["what"] == what
    }


class RoundingTest(SensitivityTest):
    def test_compensated_proxies_are_lower(self):
        arguments = ("--tier", "proxy", "--limit", 24)
        nearest = scores(self.sensitivity("zoo:gpt2", *arguments, run="nearest"), "proxy")
        better = scores(self.sensitivity("zoo:gpt2", *arguments, "--rounding", "compensated", run="better"), "proxy")
        self.assertEqual(nearest.keys(), better.keys())
        self.assertTrue(all("rounding" not in row for row in nearest.values()))
        self.assertEqual({row["rounding"] for row in better.values()}, {"compensated"})
        lower = [key for key in better if better[key]["score"] < nearest[key]["score"]]
        self.assertGreater(len(lower), 0.8 * len(better))

    def test_formats_by_channel(self):
        document = self.sensitivity(
            "zoo:albert", "--tier", "proxy", "--limit", 24, "--formats", "posit<6,*>,posit<6,1>"
        )
        rows = scores(document, "proxy")
        self.assertLessEqual({"posit<6,*>", "posit<6,1>"}, {form for _, form in rows})
        better = [
            rows[layer, form]["score"] <= rows[layer, "posit<6,1>"]["score"]
            for layer, form in rows
            if form == "posit<6,*>"
        ]
        self.assertGreater(sum(better), 0.7 * len(better))  # |dW| is what rows choose by, not the output's error


class TiersTest(SensitivityTest):
    def test_three_tiers_and_their_files(self):
        document = self.sensitivity(
            "zoo:albert", "--tier", "exact", "--limit", 24, "--no-early-stop", "--what", "w,a,wa"
        )
        exact, gain, proxy = (scores(document, tier) for tier in ("exact", "gain", "proxy"))
        self.assertEqual(len(exact), 12 * 3)  # one weight for each of ALBERT's six depths' twelve
        self.assertEqual(set(exact), set(gain))
        self.assertEqual(set(exact), set(proxy))
        self.assertEqual(len(scores(document, "exact", "a")), 39 * 3)
        for row in exact.values():
            self.assertTrue(0 <= row["low"] <= row["score"] <= row["high"], row)
            self.assertEqual(row["units"], next(iter(exact.values()))["units"])
            self.assertEqual(row["stopped"], "")
        # The reference is its own gain.
        for (layer, form), row in gain.items():
            if form == "posit<5,1>":
                self.assertAlmostEqual(row["score"] / exact[layer, form]["score"], 1, places=9)
        for record in document["agreement"]:
            if (record["tier"], record["reference"], record["what"]) == ("gain", "exact", "w"):
                self.assertGreater(record["spearman"], 0.9)
        rows = list(csv.DictReader((self.path / "run" / "results.csv").read_text(encoding="utf-8").splitlines()))
        self.assertEqual(len(rows), len(document["rows"]))
        self.assertEqual(json.loads((self.path / "run" / "results.json").read_text()), document)
        self.assertGreater(len(document["cuts"]), 4)
        self.assertEqual([cost["tier"] for cost in document["costs"]], ["proxy", "gain", "exact"])

    def test_exact_is_what_compare_measures(self):
        layer = "transformer.h.3.mlp.c_fc"
        split = ("--limit", 3)
        found = scores(
            self.sensitivity("zoo:gpt2", "--tier", "exact", "--no-early-stop", "--include", layer, *split), "exact"
        )
        done = self.run_cli(
            "compare",
            ZOO / "gpt2" / "model.onnx",
            "--report",
            ZOO / "gpt2" / "search.npz",
            "--include",
            layer,
            *split,
            *QUICK,
            "--formats",
            FORMATS,
            "--what",
            "w",
            "--scale",
            "mse_pow2",
            "--granularity",
            "channel",
            "--json",
            "-o",
            "c",
            env=self.env,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        for row in json.loads(done.stdout)["rows"]:
            kl = row["metrics"]["kl"]["value"]
            score = found[layer + "/Gemm", row["format"]]["score"]
            # Cut and whole graph sum in another order, and KL is a small difference of large numbers.
            self.assertLess(abs(score - kl), 1e-3 * kl + 1e-8, row["format"])

    def test_an_early_end_is_inside_the_interval(self):
        whole = scores(
            self.sensitivity("zoo:albert", "--tier", "exact", "--no-early-stop", "--limit", 200, "--include", "ffn"),
            "exact",
        )
        early = scores(
            self.sensitivity(
                "zoo:albert", "--tier", "exact", "--precision", 0.3, "--limit", 200, "--include", "ffn", run="early"
            ),
            "exact",
        )
        stopped = [pair for pair, row in early.items() if row["stopped"]]
        self.assertTrue(stopped)
        for pair in stopped:
            self.assertLess(early[pair]["units"], 200)
            slack = 3 * (early[pair]["high"] - early[pair]["score"])
            self.assertLess(abs(early[pair]["score"] - whole[pair]["score"]), slack, pair)

    def test_nothing_is_done_twice(self):
        first = self.sensitivity("zoo:albert", "--limit", 16, "--include", "pooler|classifier")
        again = self.sensitivity("zoo:albert", "--limit", 16, "--include", "pooler|classifier")
        self.assertEqual([cost["probes"] for cost in first["costs"]][:2], [0, 2])
        self.assertEqual(again["rows"], first["rows"])
        self.assertEqual(again["cuts"], first["cuts"])
        # Costs are those of the session that measured: what is measured anew takes another time.
        third = self.sensitivity("zoo:albert", "--limit", 16, "--include", "pooler|classifier")
        self.assertEqual(third["costs"], again["costs"])
        self.assertEqual([cost["probes"] for cost in third["costs"]], [cost["probes"] for cost in first["costs"]])

    def test_compensated_scores_are_measured_later(self):
        # The proxies are journaled then, and rounding still needs the calibration data.
        for tier in ("gain", "exact"):
            document = self.sensitivity(
                "zoo:albert",
                "--limit",
                16,
                "--include",
                "pooler",
                "--formats",
                "int4",
                "--rounding",
                "compensated",
                "--tier",
                tier,
            )
        self.assertTrue(scores(document, "exact"))

    def test_products_of_inputs_are_measured(self):
        found = self.sensitivity(
            "zoo:albert",
            "--limit",
            8,
            "--include",
            "layers.0.attention/",
            "--formats",
            "int6",
            "--what",
            "a",
            "--attention",
            "--spot-checks",
            0,
        )
        self.assertTrue(found["rows"])
        self.assertEqual({row["tier"] for row in found["rows"]}, {"exact"})

    def test_an_interrupted_run_goes_on(self):
        arguments = [
            POSITTUNE,
            "sensitivity",
            "zoo:gpt2",
            "--tier",
            "exact",
            "--limit",
            "12",
            "--formats",
            FORMATS,
            "-o",
            "run",
        ]
        running = subprocess.Popen(
            arguments,
            cwd=self.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment(), **self.env},
        )
        time.sleep(6)
        running.send_signal(signal.SIGTERM)  # a shell in the background ignores SIGINT
        message = running.communicate(timeout=60)[1]
        self.assertEqual(running.returncode, 130, message)
        self.assertIn("interrupted", message)
        document = self.sensitivity("zoo:gpt2", "--tier", "exact", "--limit", 12)
        self.assertEqual(len(scores(document, "exact")), 26 * 3)

    def environment(self):
        import os

        return dict(os.environ)


class ChannelsTest(SensitivityTest):
    def test_windows_sum_to_the_layer(self):
        document = self.sensitivity(
            "zoo:albert", "--limit", 16, "--channels", 16, "--exact-channels", 2, "--include", "pooler"
        )
        gain = scores(document, "gain")
        for form in (
            FORMATS.replace("posit<8,1>,posit<5,1>", "posit<8,1>;posit<5,1>").replace(",int4", ";int4").split(";")
        ):
            windows = [row for row in document["channels"] if row["format"] == form and row["tier"] == "gain"]
            self.assertEqual([row["first"] for row in windows], list(range(0, 192, 16)))
            total = sum(row["score"] for row in windows)
            self.assertAlmostEqual(total / gain["albert.pooler/Gemm", form]["score"], 1, places=6)
            exact = [row for row in document["channels"] if row["format"] == form and row["tier"] == "exact"]
            self.assertEqual(len(exact), 2)
            best = sorted(windows, key=lambda row: -row["score"])[:2]
            self.assertEqual({row["first"] for row in exact}, {row["first"] for row in best})
        self.assertEqual(
            len((self.path / "run" / "channels.csv").read_text().splitlines()), len(document["channels"]) + 1
        )

    def test_mixes_and_upgrades(self):
        document = self.sensitivity("zoo:albert", "--limit", 16, "--mixes", 4, "--upgrade-points", 2, "--channels", 32)
        self.assertEqual(len(document["mixes"]), 4)
        for mix in document["mixes"]:
            self.assertTrue(4 < mix["bits_per_weight"] < 9)
            self.assertTrue(0.2 < mix["measured"] / mix["predicted"] < 5, mix)
        upgrades = document["upgrades"]
        self.assertEqual([u["order"] for u in upgrades], ["score"] * 3 + ["error"] * 3 + ["random"] * 3)
        for ends in (upgrades[0::3], upgrades[2::3]):  # nothing and everything upgraded are the same in all orders
            self.assertEqual(len({u["loss"] for u in ends}), 1)
            self.assertEqual(len({u["windows"] for u in ends}), 1)
        self.assertLess(upgrades[2]["loss"], upgrades[0]["loss"])


class ErrorsTest(SensitivityTest):
    def test_usage(self):
        for part, arguments in {
            "did you mean posit<8": ("--formats", "posit81"),
            "names like": ("--include", "h.0.mpl"),
            "proxy, gain or exact": ("--tier", "fast"),
            "w, a or wa": ("--what", "aw"),
            "unknown scale rule": ("--scale", "best"),
            "bits": (
                "--upgrade-points",
                2,
                "--upgrade-from",
                "int8",
                "--upgrade-to",
                "int4",
                "--limit",
                2,
                "--include",
                "wpe",
            ),
        }.items():
            if part == "bits":
                message = self.fails(2, "sensitivity", "zoo:gpt2", *arguments, "-o", "run", env=self.env)
            else:
                message = self.refused(2, "zoo:gpt2", *arguments)
            self.assertIn(part, message)

    def test_a_cache_too_small_for_one_cut(self):
        # Proxies were measured before, and stay in the journal.
        message = self.fails(
            2,
            "sensitivity",
            "zoo:gpt2",
            "--cache-limit",
            "10KiB",
            "--limit",
            4,
            "--formats",
            "int8",
            "-o",
            "run",
            env=self.env,
        )
        for part in ("--cache-limit of at least", "MiB", "segment ", "4 items", "10 KiB"):
            self.assertIn(part, message)

    def test_missing_data(self):
        model = ZOO / "gpt2" / "model.onnx"
        self.assertIn("--calibrate", self.refused(2, model, "--search", ZOO / "gpt2" / "search.npz"))
        self.assertIn("--search", self.refused(2, model, "--calibrate", ZOO / "gpt2" / "calibrate.npz"))
        # Weights alone need none, measured exactly; proxies need no search data.
        self.ok(
            "sensitivity",
            model,
            "--search",
            ZOO / "gpt2" / "search.npz",
            "--tier",
            "exact",
            "--limit",
            1,
            "--include",
            "wpe",
            "--formats",
            "int8",
            "-o",
            "exact",
            env=self.env,
        )
        self.ok(
            "sensitivity",
            model,
            "--calibrate",
            ZOO / "gpt2" / "calibrate.npz",
            "--tier",
            "proxy",
            "--limit",
            1,
            "--formats",
            "int8",
            "-o",
            "proxy",
            env=self.env,
        )

    def test_dry_run(self):
        plan = json.loads(self.ok("sensitivity", "zoo:gpt2", "--limit", 4, "--dry-run", "--json", env=self.env))
        self.assertEqual((plan["sites"], plan["formats"]), (26, 12))
        self.assertTrue(math.isfinite(plan["estimated_seconds"]))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    main()
