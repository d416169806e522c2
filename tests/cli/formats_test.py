"""posittune formats, posittune doctor, and the examples of the README."""

import json
import re
import shlex
import shutil
import sys
import xml.dom.minidom

from support import ROOT, CliTest, main, np


class FormatsTest(CliTest):
    def test_list_names_every_family(self):
        text = self.ok("formats")
        for name in ("fp32", "bf16", "fp8_e4m3", "int8", "posit<8,1>", "mxfp4"):
            self.assertRegex(text, rf"(?m)^{re.escape(name)} ")

    def test_card(self):
        text = self.ok("formats", "P8E1")
        self.assertTrue(text.startswith("posit<8,1>\n"))
        for fact in ("largest            2^12", "epsilon at 1       0.0625", "NaR = 10000000"):
            self.assertIn(fact, text)

    def test_non_standard_is_named(self):
        self.assertIn("NON-STANDARD", self.ok("formats", "posit<8,1>ftz"))

    def test_json(self):
        rows = json.loads(self.ok("formats", "posit<8,1>", "fp8_e4m3", "--json"))["rows"]
        self.assertEqual([r["name"] for r in rows], ["posit<8,1>", "fp8_e4m3"])
        self.assertEqual(rows[1]["max"], 448)

    def test_code_table(self):
        lines = self.ok("formats", "posit<8,1>", "--codes", "csv").splitlines()
        self.assertEqual(len(lines), 257)
        self.assertEqual(lines[1 + 64], "64,01000000,1")
        self.assertEqual(lines[1 + 128], "128,10000000,nan")
        self.ok("formats", "int4", "--codes", "json", "-o", "codes.json")
        rows = json.loads((self.path / "codes.json").read_text())["rows"]
        self.assertEqual([r["value"] for r in rows[:8]], list(range(8)))
        self.assertEqual(rows[8]["value"], "nan")

    def test_plot_is_svg(self):
        self.ok("formats", "posit<8,1>", "fp8_e4m3", "--plot", "a.svg")
        svg = xml.dom.minidom.parse(str(self.path / "a.svg"))
        self.assertEqual(len(svg.getElementsByTagName("polyline")), 2)

    def test_plot_names_its_formats(self):
        self.ok("formats", "posit<8,1>", "--plot", "a.svg")
        self.assertIn("posit&lt;8,1&gt;", (self.path / "a.svg").read_text())
        self.assertIn("no accuracy to plot", self.run_cli("formats", "posit<2,0>", "--plot", "a.svg").stderr)

    def test_unknown_name(self):
        self.assertIn("did you mean posit<", self.fails(2, "formats", "posit"))
        self.assertNotIn("\033", self.fails(2, "formats", "p\033[31m8e1"))
        message = self.fails(2, "formats", "posit<8,9>")
        self.assertIn("unknown format 'posit<8,9>'", message)
        self.assertIn("did you mean posit<8,0>, posit<8,1>", message)

    def test_usage_errors(self):
        self.fails(2, "formats", "--codes", "csv")
        self.fails(2, "formats", "--codes", "xml", "int8")
        self.fails(2, "formats", "--plot", "a.svg")
        self.fails(2, "formats", "int8", "--codes", "csv", "-o", "x", "--plot", "x")
        self.fails(2, "formats", "int8", "--codes", "csv", "--json")
        self.fails(2, "formats", "int8", "-o", "x")
        self.fails(4, "formats", "posit<32,2>", "--codes", "csv")
        self.fails(2)
        self.fails(2, "no-such-command")
        self.fails(3, "formats", "int8", "--plot", "no/such/folder/a.svg")


class DoctorTest(CliTest):
    def test_reports_and_forces_kernels(self):
        document = json.loads(self.ok("doctor", "--json"))
        names = [t["name"] for t in document["targets"]]
        self.assertIn("scalar", names)
        for target in document["targets"]:
            env = {"POSITTUNE_SIMD": target["name"]}
            if target["supported"]:
                self.assertEqual(json.loads(self.ok("doctor", "--json", env=env))["kernels"], target["name"])
            else:
                self.fails(4, "doctor", env=env)
        message = self.fails(2, "doctor", env={"POSITTUNE_SIMD": "mmx"})
        self.assertIn("POSITTUNE_SIMD", message)

    def test_products_by_speed(self):
        cache = {"XDG_CACHE_HOME": str(self.path / "cache"), "POSITTUNE_PATH": ""}
        document = json.loads(self.ok("doctor", "--json", env=cache))
        self.assertFalse(document["products_forced"])
        products = document["products"]
        self.assertEqual({p["name"] for p in products}, {"int8", "bf16", "fp32"})
        self.assertTrue(next(p for p in products if p["name"] == "fp32")["used"])
        for product in products:
            self.assertEqual(product["works"], product.get("gflops", 0) > 0)
        kept = json.loads((self.path / "cache/posittune/paths.json").read_text(encoding="utf-8"))
        self.assertEqual(len(kept), 1)
        # The same again: the times are read, not measured.
        self.assertEqual(json.loads(self.ok("doctor", "--json", env=cache))["products"], products)
        # A cache that cannot be written is no error.
        self.ok("doctor", env={"XDG_CACHE_HOME": "/proc/nowhere", "POSITTUNE_PATH": ""})

    def test_forces_products(self):
        for path in ("fp32", "bf16", "int8"):
            document = json.loads(self.ok("doctor", "--json", env={"POSITTUNE_PATH": path}))
            self.assertTrue(document["products_forced"])
        forced = json.loads(self.ok("doctor", "--json", env={"POSITTUNE_PATH": "fp32"}))
        self.assertEqual([p["name"] for p in forced["products"] if p["used"]], ["fp32"])
        message = self.fails(2, "doctor", env={"POSITTUNE_PATH": "fp64"})
        self.assertIn("POSITTUNE_PATH", message)
        self.assertIn("fp32, bf16 or int8", message)


class ReadmeTest(CliTest):
    def test_examples_run(self):
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines() if line.startswith("posittune ")]
        self.assertGreater(len(lines), 3)
        self.save(np.random.default_rng(9).standard_normal((64, 256)).astype(np.float32), "weights.npy")
        zoo = ROOT / "zoo"
        for name, source in (
            ("model.onnx", "model.onnx"),
            ("c.npz", "calibrate.npz"),
            ("s.npz", "search.npz"),
            ("r.npz", "report.npz"),
        ):
            shutil.copy(zoo / "gpt2" / source, self.path / name)
        (self.path / "data.yaml").write_text("calibrate: c.npz\nsearch: s.npz\nreport: r.npz\n")
        (self.path / "mix.yaml").write_text("version: 1\naccumulate: fp32\nweights:\n  {}\nactivations:\n  {}\n")
        self.ok(
            "compare",
            "zoo:albert",
            "--limit",
            2,
            "--formats",
            "int8",
            "-o",
            "runs/gpt2",
            env={"POSITTUNE_ZOO": str(zoo)},
        )
        for line in lines:
            arguments = shlex.split(re.split(" [#>]", line)[0])[1:]
            if arguments[0] in ("compare", "sensitivity", "search"):  # whole models: what would be done
                arguments = [a for a in arguments if a != "--json"] + ["--dry-run", "--limit", "2"]
            if arguments[0] == "verify":
                arguments += ["--limit", "2"]
            self.ok(*arguments, env={"POSITTUNE_ZOO": str(zoo), "POSITTUNE_PYTHON": sys.executable})


if __name__ == "__main__":
    main()
