"""posittune export and verify: from a run folder to a file that another runtime runs."""

import importlib.util
import json
import shutil
import sys
import unittest

from support import CliTest, main

HAS_RUNTIME = importlib.util.find_spec("onnxruntime") is not None
PYTHON = {"POSITTUNE_PYTHON": sys.executable}


class ExportTest(CliTest):
    def compare(self, model, *arguments):
        self.ok("compare", model, "--scale", "mse_pow2", "--limit", "4", "-o", "run", *arguments)
        return {
            (row["format"], row["what"]): row
            for row in json.loads((self.path / "run/results.json").read_text())["rows"]
        }

    def verify(self, model, exported, *arguments):
        return json.loads(self.ok("verify", model, exported, "--limit", "4", "--json", *arguments, env=PYTHON))

    def near(self, found, wanted, relative):
        for name, metric in wanted.items():
            value = metric["value"]
            with self.subTest(metric=name):
                self.assertAlmostEqual(found[name]["value"], value, delta=relative * abs(value) + 1e-12)

    def test_weights_give_the_metrics_of_the_run(self):
        for zoo in ("zoo:gpt2", "zoo:albert", "zoo:yolo"):
            rows = self.compare(zoo, "--formats", "posit<6,1>;int8", "--what", "w")
            for name, row in (
                ("posit_6_1__w_mse_pow2_channel", rows["posit<6,1>", "w"]),
                ("int8_w_mse_pow2_channel", rows["int8", "w"]),
            ):
                self.ok("export", "run", "--recipe", name, "-o", f"{name}.onnx")
                for runtime in ("openvino", "onnxruntime")[: 2 if HAS_RUNTIME else 1]:
                    with self.subTest(model=zoo, recipe=name, runtime=runtime):
                        found = self.verify(zoo, f"{name}.onnx", "--runtime", runtime)
                        # Losses are small differences of large numbers: sums in another order move them by a 1000th.
                        self.near(found["rows"][0]["metrics"], row["metrics"], 3e-3)
            shutil.rmtree(self.path / "run")

    def test_rounded_inputs_lose_what_the_run_lost(self):
        # Where sums differ in the last bit, an input beside a middle is rounded the other way, and all that follows with it: the
        # model is the same, its noise is not. The intervals of the loss must overlap.
        rows = self.compare("zoo:gpt2", "--formats", "posit<8,1>;int8", "--what", "wa")
        for name, row in (
            ("posit_8_1__wa_mse_pow2_channel", rows["posit<8,1>", "wa"]),
            ("int8_wa_mse_pow2_channel", rows["int8", "wa"]),
        ):
            self.ok("export", "run", "--recipe", name, "-o", "e.onnx")
            for runtime in ("openvino", "onnxruntime")[: 2 if HAS_RUNTIME else 1]:
                found = self.verify("zoo:gpt2", "e.onnx", "--runtime", runtime)["rows"][0]["metrics"]["kl"]
                self.assertAlmostEqual(
                    found["value"], row["metrics"]["kl"]["value"], delta=0.1 * row["metrics"]["kl"]["value"]
                )

    def test_the_console_says_size_and_difference(self):
        self.compare("zoo:albert", "--formats", "posit<8,1>", "--what", "w")
        said = self.ok("export", "run")
        self.assertIn("posit_8_1__w_mse_pow2_channel.onnx", said)
        self.assertRegex(said, r"MB, of which .* \(\+0\.\d+ % of what it promised\)")
        text = self.ok(
            "verify", "zoo:albert", "posit_8_1__w_mse_pow2_channel.onnx", "--limit", "4", "--runtime", "openvino"
        )
        self.assertIn("RMS of the difference", text)

    def test_from_a_recipe_alone(self):
        self.compare("zoo:albert", "--formats", "posit<8,1>", "--what", "w")
        recipe = self.path / "run/recipes/posit_8_1__w_mse_pow2_channel.yaml"
        shutil.copy(recipe, self.path / "mine.yaml")
        self.assertIn("--model", self.fails(2, "export", "mine.yaml"))
        self.ok("export", "mine.yaml", "--model", "zoo:albert")
        self.ok("export", recipe, "-o", "of_run.onnx")
        self.assertEqual((self.path / "mine.onnx").read_bytes(), (self.path / "of_run.onnx").read_bytes())

    def test_an_archive_needs_no_data(self):
        self.compare("zoo:albert", "--formats", "posit<6,1>", "--what", "wa")
        said = self.ok("export", "run", "--to", "posit", "-o", "a.safetensors")
        self.assertRegex(said, r"\([+-]\d+\.\d+ % of what it promised\)")
        self.ok("export", "a.safetensors", "--model", "zoo:albert", "--to", "posit", "-o", "b.safetensors")
        self.assertEqual((self.path / "a.safetensors").read_bytes(), (self.path / "b.safetensors").read_bytes())
        self.ok("export", "a.safetensors", "--model", "zoo:albert", "-o", "a.onnx")
        self.ok("export", "run", "-o", "r.onnx")
        self.assertEqual((self.path / "a.onnx").read_bytes(), (self.path / "r.onnx").read_bytes())
        self.assertIn("another model", self.fails(3, "export", "a.safetensors", "--model", "zoo:gpt2", "-o", "x.onnx"))

    def test_each_target(self):
        self.compare("zoo:albert", "--formats", "posit<6,1>", "--what", "w")
        for target, ending in (("fp32", ".fp32.onnx"), ("fp16", ".fp16.onnx"), ("recipe", ".yaml")):
            self.ok("export", "run", "--to", target)
            self.assertTrue((self.path / f"posit_6_1__w_mse_pow2_channel{ending}").exists())
        self.assertIn("posit<6,1>", self.fails(4, "export", "run", "--to", "gguf"))
        self.assertIn("--hub", self.fails(2, "export", "run", "--to", "transformers"))

    def test_wrong_arguments(self):
        self.compare("zoo:albert", "--formats", "posit<8,1>;int8", "--what", "w")
        self.assertIn("int8_w_mse_pow2_channel", self.fails(2, "export", "run"))
        self.assertIn("no recipe of this name", self.fails(2, "export", "run", "--recipe", "x"))
        one = ("--recipe", "int8_w_mse_pow2_channel")
        self.fails(2, "export", "run", *one, "--to", "tflite")
        before = self.files()
        self.fails(3, "export", "run", *one, "-o", "none/e.onnx")
        self.fails(3, "export", "run", *one, "-o", "/dev/full/e.onnx")
        self.assertEqual(self.files(), before)
        (self.path / "run/inputs.json").unlink()
        self.assertIn("older version", self.fails(3, "export", "run", *one))

    def test_verify_needs_a_runtime(self):
        error = self.fails(4, "verify", "zoo:albert", "zoo:albert", "--limit", "4", "--python", "no-such-python")
        self.assertIn("pip install onnxruntime", error)

    @unittest.skipUnless(HAS_RUNTIME, "no onnxruntime")
    def test_a_file_that_is_no_model(self):
        (self.path / "bad.onnx").write_text("nothing")
        self.assertIn(
            "onnxruntime cannot run", self.fails(4, "verify", "zoo:albert", "bad.onnx", "--limit", "4", env=PYTHON)
        )


if __name__ == "__main__":
    main()
