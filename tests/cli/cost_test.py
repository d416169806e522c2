"""posittune cost on the models of the zoo, with the built-in table and tables of our own."""

import csv
import json

from support import ROOT, CliTest, main

ZOO = ROOT / "zoo"
COLUMNS = "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_pj,leakage_nw"
SHAPE = ("--shape", "input_ids=1,64")


class CostTest(CliTest):
    def setUp(self):
        super().setUp()
        self.env = {"POSITTUNE_ZOO": str(ZOO)}

    def cost(self, *arguments):
        """With the built-in model, unless --table says another."""
        if "--table" not in arguments:
            arguments += ("--table", "placeholder")
        return json.loads(self.ok("cost", *arguments, "--json", env=self.env))

    def refused(self, code, *arguments):
        message = self.fails(code, "cost", *arguments, env=self.env)
        self.assertEqual(message.count("error: "), 1, message)
        return message

    def table(self, *rows, name="t.csv"):
        (self.path / name).write_text("\n".join((COLUMNS, *rows)) + "\n", encoding="utf-8")
        return name


class ModelTest(CostTest):
    def test_formats_beside_fp32_and_int8(self):
        document = self.cost("zoo:gpt2", *SHAPE, "--formats", "fp32,int8,posit<8,1>,posit<4,1>")
        self.assertTrue(document["table"]["placeholder"])
        self.assertIn("Horowitz", document["table"]["source"])
        self.assertEqual(document["memory"], {"weight_pj_per_bit": 20.0, "activation_pj_per_bit": 0.15625})
        fp32, int8, posit8, posit4 = document["rows"]
        self.assertEqual([row["format"] for row in document["rows"]], ["fp32", "int8", "posit<8,1>", "posit<4,1>"])
        self.assertEqual(set(fp32["relative_to_fp32"].values()), {1})
        self.assertEqual(set(int8["relative_to_int8"].values()), {1})
        self.assertEqual(fp32["bits_per_weight"], 32)
        self.assertAlmostEqual(fp32["compute_pj"] / fp32["macs"], 4.6, places=9)
        for low, high in ((posit4, posit8), (posit8, fp32)):
            for key in (
                "bits_per_weight",
                "bytes",
                "mac_bits",
                "activation_bits",
                "compute_pj",
                "memory_pj",
                "energy_pj",
            ):
                self.assertLess(low[key], high[key], key)
        for row in document["rows"]:
            self.assertAlmostEqual(
                row["energy_pj"], row["compute_pj"] + row["memory_pj"], delta=1e-9 * row["energy_pj"]
            )
            for key, value in row["relative_to_fp32"].items():
                self.assertAlmostEqual(value, row[key] / fp32[key], places=12)

    def test_layers_sum_to_the_model(self):
        document = self.cost("zoo:albert", "--by-layer", "--formats", "posit<6,1>", "--attention")
        (row,) = document["rows"]
        for key in ("compute_pj", "memory_pj", "mac_bits"):
            self.assertAlmostEqual(sum(layer[key] for layer in row["layers"]) / row[key], 1, places=9)
        self.assertEqual([layer["layer"] for layer in document["layers"]], [layer["layer"] for layer in row["layers"]])
        self.assertEqual(sum(layer["macs"] for layer in document["layers"]), row["macs"])
        self.assertEqual(row["activation_bits"], 6)
        inspected = json.loads(self.ok("inspect", "zoo:albert", "--json", env=self.env))["rows"]
        self.assertEqual([layer["macs"] for layer in document["layers"]], [layer["macs"] for layer in inspected])

    def test_activations(self):
        same, fixed, plain = (
            self.cost("zoo:gpt2", *SHAPE, "--formats", "int4", "--activations", a)["rows"][0]
            for a in ("same", "int8", "fp32")
        )
        self.assertEqual([row["activations"] for row in (same, fixed, plain)], ["int4", "int8", "fp32"])
        self.assertLess(same["energy_pj"], fixed["energy_pj"])
        self.assertLess(fixed["energy_pj"], plain["energy_pj"])
        self.assertEqual(plain["activation_bits"], 32)

    def test_memory_costs_scale(self):
        free, once, twice = (
            self.cost("zoo:gpt2", *SHAPE, "--formats", "int8", "--activation-pj-per-bit", 0, "--memory-pj-per-bit", x)[
                "rows"
            ][0]["memory_pj"]
            for x in (0, 1, 2)
        )
        self.assertEqual(free, 0)
        self.assertAlmostEqual(twice, 2 * once, delta=1e-6)

    def test_a_recipe(self):
        uniform = self.cost("zoo:gpt2", *SHAPE, "--formats", "posit<8,1>", "--granularity", "tensor", "--by-layer")
        weights = {layer["weight"] for layer in uniform["layers"] if layer["weight"]}
        inputs = [layer["layer"] for layer in uniform["layers"] if layer["kind"] == "MatMul"]
        lines = [
            "version: 1",
            "weights:",
            *(f'  "{name}": {{format: "posit<8,1>"}}' for name in sorted(weights)),
            "activations:",
            *(f'  "{name}": {{format: "posit<8,1>"}}' for name in inputs),
        ]
        (self.path / "r.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (row,) = self.cost("zoo:gpt2", *SHAPE, "--recipe", "r.yaml")["rows"]
        for key, value in uniform["rows"][0].items():
            if isinstance(value, float):
                self.assertAlmostEqual(row[key], value, delta=1e-9 * abs(value), msg=key)
        self.assertEqual(row["format"], "recipe")
        (self.path / "r.yaml").write_text("version: 1\nweights: {none_such: {format: int8}}\n", encoding="utf-8")
        self.assertIn("none_such", self.refused(3, "zoo:gpt2", "--recipe", "r.yaml"))
        (self.path / "q.yaml").write_text("version: 1\naccumulate: quire\n", encoding="utf-8")
        self.assertTrue(any("quire" in note for note in self.cost("zoo:gpt2", "--recipe", "q.yaml")["notes"]))

    def test_table_for_people(self):
        done = self.run_cli(
            "cost", "zoo:yolo", "--formats", "int8", "--by-layer", "--table", "placeholder", env=self.env
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("bits/weight", done.stdout)
        self.assertIn("Convolution", done.stdout)
        self.assertIn("placeholder", done.stderr)
        self.assertIn("Horowitz", done.stderr)
        self.assertIn("--shape", done.stderr)


class SynthesisedTest(CostTest):
    """The table of rtl/syn, which is the default where it has all pairs."""

    def setUp(self):
        super().setUp()
        self.env["POSITTUNE_RTL"] = str(ROOT / "rtl")
        lines = [
            line for line in (ROOT / "rtl" / "syn" / "costs.csv").read_text().splitlines() if not line.startswith("#")
        ]
        self.rows = [row for row in csv.DictReader(lines)]

    def row(self, name, accumulator):
        return next(
            r
            for r in self.rows
            if (r["weight_format"], r["activation_format"], r["accumulator"], r["pipeline"])
            == (name, name, accumulator, "0")
        )

    def default(self, *arguments):
        done = self.run_cli("cost", *arguments, "--json", env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_units_are_the_rows(self):
        document, _ = self.default("--formats", "int8,posit<8,1>")
        self.assertFalse(document["table"]["placeholder"])
        self.assertTrue(document["table"]["source"].endswith("rtl/syn/costs.csv"))
        self.assertEqual(document["table"]["node"], "180 nm at 1.8 V")
        found = next(row for row in document["rows"] if row["format"] == "posit<8,1>" and row["pipeline"] == "0")
        for key in ("area_um2", "nand2_eq", "delay_ns", "energy_pj", "leakage_nw"):
            self.assertEqual(found[key], float(self.row("posit<8,1>", "quire")[key]), key)

    def test_memory_is_of_the_same_node(self):
        document, _ = self.default("zoo:gpt2", *SHAPE, "--formats", "int8")
        self.assertAlmostEqual(document["memory"]["weight_pj_per_bit"] / 20, 37.74, places=2)
        (row,) = document["rows"]
        self.assertGreater(row["compute_pj"], row["macs"] * float(self.row("int8", "int")["energy_pj"]) * 0.99)
        free, _ = self.default(
            "zoo:gpt2", *SHAPE, "--formats", "int8", "--memory-pj-per-bit", 0, "--activation-pj-per-bit", 0
        )
        self.assertEqual(free["rows"][0]["memory_pj"], 0)

    def test_a_pair_that_it_lacks(self):
        document, talk = self.default("zoo:gpt2", *SHAPE, "--formats", "int8,mxfp8")
        self.assertTrue(document["table"]["placeholder"])
        self.assertEqual(document["memory"]["weight_pj_per_bit"], 20)
        self.assertIn("mxfp8", talk)
        self.assertIn("built-in model", talk)
        message = self.refused(3, "zoo:gpt2", "--formats", "mxfp8", "--table", "rtl")
        self.assertIn("nearest", message)
        self.assertIn("costs.csv", message)

    def test_no_table(self):
        self.env["POSITTUNE_RTL"] = str(self.path)
        self.assertIn("POSITTUNE_RTL", self.refused(3, "--table", "rtl"))
        self.assertTrue(self.default("--formats", "int8")[0]["table"]["placeholder"])


class TableTest(CostTest):
    def test_units(self):
        document = self.cost("--formats", "int8,posit<8,1>,bf16")
        self.assertTrue(document["table"]["placeholder"])
        rows = {(row["format"], row["accumulator"]): row for row in document["rows"]}
        self.assertAlmostEqual(rows["int8", "int"]["energy_pj"], 0.3, places=9)
        self.assertAlmostEqual(
            rows["posit<8,1>", "quire"]["area_um2"] / rows["int8", "int"]["area_um2"], 50.2 / 33.0, places=9
        )
        for format in ("int8", "posit<8,1>", "bf16"):
            used = [row for row in document["rows"] if row["format"] == format and row["used"]]
            self.assertEqual(len(used), 1)
            self.assertEqual(
                used[0]["energy_pj"], min(row["energy_pj"] for row in document["rows"] if row["format"] == format)
            )
        used = [
            row["accumulator"]
            for row in self.cost("--formats", "posit<8,1>,int8", "--accumulator", "fp32")["rows"]
            if row["used"]
        ]
        self.assertEqual(used, ["fp32", "int"])
        text = self.ok("cost", "--table", "placeholder")
        self.assertIn("posit<16,1>", text)
        self.assertIn("fp4_e2m1", text)

    def test_csv_comes_back(self):
        (self.path / "all.csv").write_text(self.ok("cost", "--table-csv", "--table", "placeholder"), encoding="utf-8")
        lines = [line for line in (self.path / "all.csv").read_text().splitlines() if not line.startswith("#")]
        rows = list(csv.DictReader(lines))
        self.assertEqual(",".join(rows[0]), COLUMNS)
        pairs = {(row["weight_format"], row["activation_format"]) for row in rows}
        self.assertEqual(len(pairs), 102**2)
        own = self.cost("zoo:gpt2", *SHAPE, "--table", "all.csv")
        self.assertFalse(own["table"]["placeholder"])
        self.assertEqual(own["table"]["source"], "all.csv")
        self.assertEqual(own["rows"], self.cost("zoo:gpt2", *SHAPE)["rows"])
        some = self.ok("cost", "--table-csv", "--formats", "int8,posit<8,1>", "--table", "placeholder")
        self.assertEqual(sum(not line.startswith("#") for line in some.splitlines()), 1 + 1 + 3 * 2)

    def test_own_units_count(self):
        rows = [
            f"m,{w},{a},x,1,{area},1,2,{pj},0"
            for w, a, area, pj in (("int8", "int8", 10, 1), ("fp32", "fp32", 40, 5), ("int8", "fp32", 20, 3))
        ]
        (row,) = self.cost("zoo:gpt2", *SHAPE, "--table", self.table(*rows), "--formats", "int8", "--attention")["rows"]
        self.assertEqual((row["area_um2"], row["mean_area_um2"], row["delay_ns"]), (10, 10, 2))
        self.assertEqual(row["compute_pj"], row["macs"])
        self.assertEqual(row["relative_to_fp32"]["compute_pj"], 0.2)
        (row,) = self.cost("zoo:gpt2", *SHAPE, "--table", self.table(rows[0]), "--formats", "int8", "--attention")[
            "rows"
        ]
        self.assertIsNone(row["relative_to_fp32"])

    def test_missing_pairs(self):
        table = self.table("m,int8,int8,x,1,10,1,2,1,0", "m,fp32,fp32,x,1,10,1,2,1,0")
        for arguments in (
            ("--formats", "posit<8,1>"),
            ("zoo:gpt2", "--formats", "int8", "--activations", "posit<8,1>"),
        ):
            message = self.refused(3, "--table", table, *arguments)
            self.assertIn("posit<8,1>", message)
            self.assertIn(table, message)
            self.assertIn("int8 x int8", message)

    def test_broken_tables(self):
        message = self.refused(3, "--table", self.table("m,int8,int8,x,1,10,1,2,one,0"))
        self.assertIn("t.csv, line 2, column energy_pj", message)
        self.assertIn("'one'", message)
        self.assertIn("number of cells", self.refused(3, "--table", self.table("m,posit<8,1>,int8,x,1,10,1,2,1,0")))
        self.assertIn("also on line 2", self.refused(3, "--table", self.table(*2 * ("m,int8,int8,x,1,10,1,2,1,0",))))
        self.assertIn("did you mean", self.refused(3, "--table", self.table('m,"posit<8,9>",int8,x,1,10,1,2,1,0')))
        self.assertIn("no rows", self.refused(3, "--table", self.table()))
        self.refused(3, "--table", "none.csv")
        (self.path / "b.csv").write_bytes(bytes(range(256)))
        self.refused(3, "--table", "b.csv")

    def test_usage(self):
        self.assertIn("posit<8,1>", self.refused(2, "--formats", "posit<8,9>"))
        self.assertIn("--activations", self.refused(2, "--activations", "int99"))
        self.assertIn("fp32, int, quire", self.refused(2, "--accumulator", "quires"))
        self.refused(2, "--pipeline", "9")
        self.refused(2, "zoo:gpt2", "--granularity", "rows")
        for pj in ("-1", "nan", "inf", "x"):
            self.refused(2, "zoo:gpt2", "--memory-pj-per-bit", pj)
        self.refused(2, "--by-layer")
        self.refused(2, "--recipe", "r.yaml")
        self.refused(2, "zoo:gpt2", "--recipe", "r.yaml", "--formats", "int8")
        self.refused(2, "zoo:gpt2", "--recipe", "r.yaml", "--activations", "int8")
        self.refused(2, "zoo:gpt2", "--table-csv")
        self.refused(2, "zoo:gpt2", "--shape", "input_ids=1,x")
        self.refused(2, "zoo:gpt2", "--shape", "x=1,8")
        self.refused(3, "none.onnx")
        self.refused(3, "zoo:gpt2", "--recipe", "none.yaml")


if __name__ == "__main__":
    main()
