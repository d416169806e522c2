"""posittune inspect on the models of the zoo, whose weights are read here without it."""

import collections
import json

from onnx_bytes import OnnxFile
from support import ROOT, CliTest, main, np

ZOO = ROOT / "zoo"


class InspectTest(CliTest):
    def inspect(self, model, *arguments):
        return json.loads(self.ok("inspect", ZOO / model / "model.onnx", "--json", *arguments))

    def kinds(self, document):
        return collections.Counter(row["kind"] for row in document["rows"])

    def test_layers_of_the_zoo(self):
        # GPT-2: 6 blocks of 4 Gemms and 2 attention products. ALBERT: one block of 6 MatMuls, 6 times.
        expected = {
            "gpt2": {"Embedding": 2, "MatMul": 6 * 4 + 1, "Attention": 12},
            "albert": {"Embedding": 3, "MatMul": 1 + 6 * 6 + 2, "Attention": 12},
            "yolo": {"Convolution": 63},
        }
        for model, kinds in expected.items():
            document = self.inspect(model)
            self.assertEqual(self.kinds(document), kinds)
            self.assertEqual(document["notes"], ["MACs are for 1 in each open dimension; --shape gives others"])
            names = [row["layer"] for row in document["rows"]]
            self.assertEqual(len(set(names)), len(names))
            for row in document["rows"]:
                self.assertEqual(row["quantized"], row["kind"] != "Attention", row["layer"])

    def test_every_number_of_a_weight(self):
        for model in ("gpt2", "albert", "yolo"):
            file, document = OnnxFile(ZOO / model / "model.onnx"), self.inspect(model)
            weights = {}
            for row in document["rows"]:
                if row["weight"] is None:
                    self.assertNotIn("parameters", row)
                    continue
                weights[row["weight"]] = row["parameters"]
                x = file.values(row["weight"]).astype(np.float64)
                self.assertEqual(sorted(row["weight_shape"]), sorted(x.shape))
                self.assertEqual(row["parameters"], x.size)
                self.assertIn(row["channels"], x.shape)
                self.assertEqual((row["min"], row["max"]), (x.min(), x.max()))
                self.assertAlmostEqual(row["rms"] / np.sqrt(np.mean(x**2)), 1, places=9)
                kurtosis = np.mean((x - x.mean()) ** 4) / np.var(x) ** 2
                self.assertAlmostEqual(row["kurtosis"] / kurtosis, 1, places=6)
            floats = sum(i.size for i in file.initializers.values() if i.dtype == np.float16)
            # Constants of the graph itself (epsilons, scales) may be counted beside the initializers.
            self.assertEqual(sum(weights.values()), sum(file.initializers[name].size for name in weights))
            self.assertGreaterEqual(sum(weights.values()) + document["other_parameters"], floats)
            self.assertLess(sum(weights.values()) + document["other_parameters"], floats + 500)

    def test_shared_weights(self):
        rows = self.inspect("albert")["rows"]
        used = collections.Counter(row["weight"] for row in rows if row["weight"])
        self.assertEqual(sorted(used.values()), [1] * 6 + [6] * 6)
        ffn = [row for row in rows if (row["weight"] or "").endswith("ffn.weight")]
        self.assertEqual(len(ffn), 6)
        for row in ffn:
            self.assertEqual(sorted(row["shares_weight_with"] + [row["layer"]]), sorted(r["layer"] for r in ffn))
        rows = {row["layer"]: row for row in self.inspect("gpt2")["rows"]}
        tied = rows["transformer.wte/Gather"], rows["logits"]
        self.assertEqual(tied[0]["weight"], tied[1]["weight"])
        self.assertEqual([row["shares_weight_with"] for row in tied], [["logits"], ["transformer.wte/Gather"]])
        self.assertEqual([row["kind"] for row in tied], ["Embedding", "MatMul"])

    def test_macs_of_given_shapes(self):
        batch, tokens = 2, 100
        rows = self.inspect("gpt2", "--shape", f"input_ids={batch},{tokens}")["rows"]
        for row in rows:
            if row["kind"] == "Attention":  # 7 heads of width 32
                expected = batch * 7 * tokens * tokens * 32
            elif row["kind"] == "Embedding":
                expected = 0
            else:
                expected = batch * tokens * row["parameters"]
            self.assertEqual(row["macs"], expected, row["layer"])
        for row in self.inspect("yolo", "--shape", "images=3,3,192,192")["rows"]:
            out = [int(d) for d in row["output_shape"].strip("[]").split(",")[1:]]
            self.assertEqual(row["macs"], 3 * np.prod(out) * np.prod(row["weight_shape"][1:]), row["layer"])
        one = self.inspect("gpt2")["rows"]  # open dimensions are 1
        self.assertEqual([row["macs"] for row in one if row["layer"] == "logits"], [4096 * 224])

    def test_choosing_layers(self):
        def chosen(*arguments):
            return {row["layer"] for row in self.inspect("gpt2", *arguments)["rows"] if row["quantized"]}

        self.assertEqual(len(chosen("--include", r"h\.[0-2]\.mlp")), 6)
        # By the name of the weight both of its layers are meant.
        self.assertEqual(chosen("--include", "lm_head"), {"transformer.wte/Gather", "logits"})
        self.assertEqual(len(chosen("--include", "mlp", "--include", "attn.c_attn", "--exclude", "h.5")), 5 * 3)
        self.assertEqual(len(chosen("--attention")), 39)
        self.assertEqual(len(chosen("--attention", "--exclude", "attn/MatMul")), 27)

    def test_a_table_for_people(self):
        done = self.run_cli("inspect", ZOO / "gpt2" / "model.onnx")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "note: MACs are for 1 in each open dimension; --shape gives others\n")
        lines = done.stdout.splitlines()
        for word in ("layer", "weight", "kind", "parameters", "MACs", "kurtosis"):
            self.assertIn(word, lines[0])
        self.assertIn("39 layers, 26 weights with 4587520 parameters", lines[-1])
        # An option with a value may stand before the model.
        first = self.run_cli(
            "inspect", "--include", "mlp", "--shape", "input_ids=1,8", ZOO / "gpt2" / "model.onnx", "--json"
        )
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(self.ok("inspect", "zoo:gpt2", env={"POSITTUNE_ZOO": str(ZOO)}), done.stdout)

    def test_what_cannot_be(self):
        model = ZOO / "gpt2" / "model.onnx"
        for shape, part in (
            ("input_ids", "not an input shape"),
            ("=1,2", "not an input shape"),
            ("input_ids=1,x", "not an input shape"),
            ("input_ids=1,", "not an input shape"),
            ("input_ids=0,8", "not an input shape"),
            ("input_ids=-1,8", "not an input shape"),
            ("input_ids=1,99999999999999999999", "not an input shape"),
            ("ids=1,8", "no input 'ids'"),
            ("input_ids=1,2,3", "does not fit"),
        ):
            message = self.fails(2, "inspect", model, "--shape", shape)
            self.assertIn(part, message)
        self.assertIn("input_ids", self.fails(2, "inspect", model, "--shape", "ids=1,8"))
        self.assertIn("not a regular expression: '('", self.fails(2, "inspect", model, "--include", "("))
        self.assertIn("no layer matches 'nosuch'", self.fails(2, "inspect", model, "--exclude", "nosuch"))
        self.fails(2, "inspect")
        self.assertIn("zoo:albert", self.fails(2, "inspect", "zoo:nosuch"))

    def test_bad_models(self):
        whole = (ZOO / "albert" / "model.onnx").read_bytes()
        (self.path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
        (self.path / "text.onnx").write_text("no model")
        (self.path / "empty.onnx").write_bytes(b"")
        self.save(np.zeros(3), "array.onnx.npy")
        (self.path / "array.onnx.npy").rename(self.path / "array.onnx")
        for name in ("missing.onnx", "cut.onnx", "text.onnx", "empty.onnx", "array.onnx", "."):
            message = self.fails(3, "inspect", name)
            self.assertEqual(message.count("error: "), 1)
            self.assertIn(f"where: {name}\n", message)

    def test_an_operator_that_is_not_known(self):
        file = OnnxFile(ZOO / "albert" / "model.onnx")
        self.assertIn(b"\x22\x07Softmax", file.data)  # NodeProto.op_type
        file.data = file.data.replace(b"\x22\x07Softmax", b"\x22\x07Hardmix")
        file.save(self.path / "unknown.onnx")
        message = self.fails(4, "inspect", "unknown.onnx")
        self.assertIn("unknown.onnx", message)
        self.assertIn("Hardmix", message)

    def test_a_weight_that_is_not_a_number(self):
        file = OnnxFile(ZOO / "albert" / "model.onnx")
        for value in (np.nan, np.inf):
            file.values("classifier.weight")[3, 5] = value
            file.save(self.path / "bad.onnx")
            message = self.fails(3, "inspect", "bad.onnx")
            self.assertIn("bad.onnx, tensor 'classifier.weight', element 581", message)  # 3 * 192 + 5


if __name__ == "__main__":
    main()
