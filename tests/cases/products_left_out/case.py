import json

import numpy as np
from onnx_bytes import OnnxFile
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/products_left_out"


class ProductsLeftOut(CliTest):
    def inspect(self, name, *arguments):
        return json.loads(self.ok("inspect", HERE / f"{name}.onnx", "--json", *arguments))

    def cost(self, name, formats="fp32", *arguments):
        return json.loads(
            self.ok("cost", HERE / f"{name}.onnx", "--formats", formats, "--table", "placeholder", "--json", *arguments)
        )["rows"]

    def compare(self, name, *arguments):
        return self.run_cli(
            "compare",
            HERE / f"{name}.onnx",
            "--calibrate",
            "c.npz",
            "--report",
            "x.npz",
            "--threads",
            1,
            "--resamples",
            20,
            "-o",
            f"run-{name}",
            "--json",
            *arguments,
        )

    def save_items(self, *shape):
        c, x = np.random.default_rng(1).standard_normal((2, 6, *shape)).astype(np.float32)
        np.savez(self.path / "c.npz", x=c)
        np.savez(self.path / "x.npz", x=x)
        return x.astype(np.float64)

    def test_gru(self):
        document = self.inspect("gru")
        (layer,) = document["rows"]
        (product,) = document["products"]
        self.assertEqual((layer["parameters"], layer["macs"]), (64, 64))
        self.assertEqual(
            [product[key] for key in ("product", "kind", "elements", "bytes", "macs")],
            ["Yh", "GRUSequence", 1152, 4608, 5760],
        )
        self.assertEqual(product["constants"], ["W", "R"])
        self.assertIn("recurrent", product["reason"])
        self.assertTrue(
            any("'Yh' (GRUSequence)" in note and "stays in FP32" in note for note in document["notes"]),
            document["notes"],
        )
        fp32, int8 = self.cost("gru", "fp32,int8")
        self.assertEqual(fp32["macs"], 5824)
        self.assertEqual(fp32["bytes"], 4 * 64 + document["other_bytes"])
        self.assertAlmostEqual(fp32["mac_bits"], 5824 * 1024)
        self.assertAlmostEqual(int8["mac_bits"], 5760 * 1024 + 64 * 64)
        self.assertEqual(int8["parts"]["others"], fp32["parts"]["others"])
        self.assertEqual(int8["parts"]["others"]["macs"], 5760)
        self.save_items(5, 8)
        done = self.compare("gru", "--formats", "int8", "--what", "w")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 product is no layer and stays as in the file, 5760 of 5824 MACs", done.stderr)

    def test_loop(self):
        document = self.inspect("loop")
        (product,) = document["products"]
        self.assertEqual((product["product"], product["kind"], product["macs"]), ("h/mm", "MatMul", 3 * 64))
        self.assertIn("in the body of 'h' (Loop)", product["reason"])
        (row,) = self.cost("loop")
        self.assertEqual((row["bytes"], row["macs"]), (384, 3 * 64 + 32))

    def test_if(self):
        document = self.inspect("if")
        self.assertEqual(
            [(p["product"], p["constants"]) for p in document["products"]], [("h/t", ["w1"]), ("h/e", ["w2"])]
        )
        (row,) = self.cost("if")
        self.assertEqual(row["macs"], 128 + 64)
        self.assertEqual(row["bytes"], 4 * (128 + 128 + 64 + 1))  # and the number that the condition compares with

    def test_names_of_the_file(self):
        document = self.inspect("named")
        self.assertEqual([row["layer"] for row in document["rows"]], ["y"])  # what gives an output is called after it
        self.assertEqual(
            [(p["product"], p["kind"], p["constants"], p["macs"]) for p in document["products"]],
            [
                ("encoder/lstm", "LSTMSequence", ["W", "R"], 5 * 4 * 16 * (8 + 16)),
                ("repeat/inner/gru", "GRUSequence", ["W2", "R2"], 3 * 5 * 3 * 16 * (16 + 16)),
                ("repeat/inner/gemm", "MatMul", ["w4"], 3 * 16 * 16),
            ],
        )
        self.assertEqual(
            document["elementwise"],
            [
                {"product": name, "kind": kind, "constants": [constant], "elements": count, "bytes": 4 * count} | where
                for name, kind, constant, count, where in (
                    ("norm", "Multiply", "gamma", 8, {}),
                    ("repeat/inner/scale", "Multiply", "scale", 16, {"where": "in the body of 'repeat' (Loop)"}),
                    ("act", "PRelu", "slope", 16, {}),
                )
            ],
        )
        self.assertIn(
            "3 nodes multiply by 40 constants element by element and stay FP32: Multiply (2), PRelu (1)\n",
            self.ok("inspect", HERE / "named.onnx"),
        )

    def test_einsum_is_a_layer(self):
        document = self.inspect("einsum")
        self.assertEqual(
            [(row["layer"], row["weight"], row["macs"]) for row in document["rows"]],
            [("h", "w", 480), ("y", "w2", 120)],
        )
        self.assertEqual(document["products"], [])
        x = self.save_items(5, 8)
        done = self.compare(
            *("einsum", "--formats", "fp32,int8", "--what", "w", "--granularity", "tensor", "--scale", "absmax"),
            *("--save-outputs", "out"),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        file = OnnxFile(HERE / "einsum.onnx")
        w, w2 = (
            np.array(file.values(key)).astype(np.float64).reshape(shape)
            for key, shape in (("w", (8, 2, 6)), ("w2", (6, 4)))
        )
        for name, weights in (
            ("fp32", (w, w2)),
            ("int8", [np.rint(v * 127 / np.abs(v).max()) * np.abs(v).max() / 127 for v in (w, w2)]),
        ):
            expected = np.einsum("bte,ehd->bthd", x, weights[0]).sum(2) @ weights[1]
            np.testing.assert_allclose(
                np.load(next((self.path / "out").glob(f"{name}*.y.npy"))), expected, rtol=1e-4, atol=1e-4, err_msg=name
            )

    def test_attention(self):
        document = self.inspect("attention23", "--attention")
        self.assertEqual([row["kind"] for row in document["rows"]].count("Attention"), 2)
        self.assertTrue(all(row["quantized"] for row in document["rows"]))
        (plain,) = self.cost("attention23", "int8")
        (asked,) = self.cost("attention23", "int8", "--attention")
        self.assertEqual(plain["macs"], 3 * 320 + 2 * 200)
        self.assertEqual(plain["parts"]["activations"]["macs"], 400)
        self.assertLess(asked["parts"]["activations"]["compute_pj"], plain["parts"]["activations"]["compute_pj"])

        x = self.save_items(5, 8)
        done = self.compare("attention23", "--formats", "fp32,int8", "--attention", "--save-outputs", "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        file = OnnxFile(HERE / "attention23.onnx")
        q, k, v = (
            (x @ np.array(file.values(key)).astype(np.float64).reshape(8, 8)).reshape(6, 5, 2, 4).transpose(0, 2, 1, 3)
            for key in ("wq", "wk", "wv")
        )
        scores = np.exp(q @ k.swapaxes(2, 3) / 2)
        expected = (scores / scores.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(6, 5, 8)
        np.testing.assert_allclose(
            np.load(next((self.path / "out").glob("fp32*.y.npy"))), expected, rtol=1e-4, atol=1e-5
        )
        self.assertFalse(
            np.array_equal(np.load(next((self.path / "out").glob("int8*.y.npy"))).astype(np.float64), expected)
        )

    def test_attention_where_there_is_none(self):
        self.assertTrue(
            any("no product of two activations" in note for note in self.inspect("gru", "--attention")["notes"])
        )
        self.save_items(5, 8)
        self.assertIn(
            "no product of two activations that can be quantized",
            self.compare("gru", "--formats", "int8", "--attention").stderr,
        )
