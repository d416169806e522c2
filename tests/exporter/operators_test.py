"""Each packing, with each granularity, of each operator: onnxruntime, OpenVINO and our engine have the same outputs.

usage: operators_test.py POSITTUNE ROOT short|long [unittest arguments]
"""

import os
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
LONG = sys.argv.pop(3) == "long"

import operators
import runtimes
from support import CliTest, main

# Relative to an output's largest magnitude: sums of 72 products in different orders differ by a few 2^-24 of that; a weight or an
# input that is rounded otherwise differs by 2^-16 and more.
TOLERANCE = 1e-5


class OperatorsTest(CliTest):
    def check(self, opset, formats, *arguments, styles=("foldable", "resident"), external=False):
        """Exports each recipe of a comparison, and compares all outputs."""
        model = operators.build()
        model.save(self.path / "m.onnx", opset, external)
        np.savez(self.path / "report.npz", **model.feed)
        other = {
            name: each[::-1] * each.dtype.type(0.9) if each.dtype == np.float32 else each[::-1]
            for name, each in model.feed.items()
        }
        np.savez(self.path / "calibrate.npz", **other)
        self.ok(
            "compare",
            "m.onnx",
            "--calibrate",
            "calibrate.npz",
            "--report",
            "report.npz",
            "--formats",
            ";".join(formats),
            "--exclude",
            "shared_plain",
            "--attention",
            "--task",
            "generic",
            "--batch",
            "4",
            "-o",
            "run",
            "--save-outputs",
            "outputs",
            *arguments,
        )
        recipes = sorted((self.path / "run/recipes").glob("*.yaml"))
        self.assertGreaterEqual(len(recipes), len(formats))
        for recipe in recipes:
            for style in styles:
                done = self.ok("export", "run", "--recipe", recipe.stem, "-o", "exported.onnx", "--lut-style", style)
                self.assertIn("exported.onnx", done)
                self.compare(model, recipe.stem, style)

    def compare(self, model, recipe, style):
        wanted = {each.name: self.engine_output(recipe, each.name) for each in model.outputs}
        for runtime, run in runtimes.RUNTIMES.items():
            found = run(self.path / "exported.onnx", model.feed)
            for name, engine in wanted.items():
                with self.subTest(recipe=recipe, style=style, runtime=runtime, output=name):
                    error = np.abs(found[name] - engine).max()
                    self.assertLessEqual(error, TOLERANCE * np.abs(engine).max())  # all zeros: exactly

    def engine_output(self, recipe, name):
        files = [
            each
            for each in (self.path / "outputs").glob(f"*.{name}.npy")
            if recipe.startswith(each.name[: -len(name) - 5])
        ]
        return np.load(max(files, key=lambda each: len(each.name)))


SHORT = ["posit<8,1>", "posit<6,1>", "int8", "int4", "fp8_e4m3", "fp4_e2m1"]
WIDTHS = [f"posit<{bits},{es}>" for bits in range(3, 17) for es in (0, 1, 2) if bits > es + 1]
INTEGERS = [f"int{bits}" for bits in range(2, 17)]
FLOATS = [
    "fp16",
    "bf16",
    "fp8_e4m3",
    "fp8_e5m2",
    "fp8_e3m4",
    "fp6_e2m3",
    "fp6_e3m2",
    "fp4_e2m1",
    "fp5_e2m2",
    "fp12_e5m6",
]
BLOCKS = ["mxfp8", "mxfp8_e5m2", "mxfp6", "mxfp6_e3m2", "mxfp4", "mxint8"]


class ShortTest(OperatorsTest):
    def test_weights(self):
        self.check(17, SHORT, "--what", "w", "--scale", "mse_pow2")

    def test_weights_with_standard_operators(self):
        self.check(21, [*SHORT, "mxfp8"], "--what", "w", styles=["foldable"])

    def test_inputs(self):
        self.check(17, ["posit<8,1>", "int8", "fp8_e4m3"], "--what", "wa", "--scale", "mse_pow2", styles=["foldable"])

    def test_inputs_per_token(self):
        self.check(
            17, ["posit<8,1>", "int8", "bf16"], "--what", "wa", "--activation-scale", "token", styles=["foldable"]
        )

    def test_mixed_rows_and_corrections(self):
        self.check(
            17,
            ["posit<6,*>", "posit<5,0>|int5"],
            "--what",
            "w",
            "--scale",
            "mse",
            "--rounding",
            "compensated",
            "--input-weighted",
            "--bias-correction",
            styles=["foldable"],
        )

    def test_external_data(self):
        self.check(17, ["posit<7,1>"], "--what", "w", styles=["foldable"], external=True)
        self.assertTrue((self.path / "exported.onnx.data").exists())


class LongTest(OperatorsTest):
    def test_all_widths_and_granularities(self):
        for granularity in ("tensor", "channel", "group:32", "group:24"):
            self.check(17, [*WIDTHS, *INTEGERS, *FLOATS], "--what", "w", "--scale", "mse", "--granularity", granularity)
            os.rename(self.path / "run", self.path / f"run-{granularity[-2:]}")

    def test_standard_operators_at_each_opset(self):
        for opset in (13, 19, 21, 23):
            for granularity in ("tensor", "channel", "group:24"):
                self.check(
                    opset,
                    ["int4", "int8", "int16", "fp8_e4m3", "fp8_e5m2", "fp4_e2m1", "posit<4,1>"],
                    "--what",
                    "w",
                    "--scale",
                    "mse",
                    "--granularity",
                    granularity,
                    styles=["foldable"],
                )
                os.rename(self.path / "run", self.path / f"run-{opset}-{granularity[-2:]}")

    def test_blocks(self):
        for opset in (17, 23):
            self.check(opset, BLOCKS)
            os.rename(self.path / "run", self.path / f"run-{opset}")

    def test_inputs(self):
        formats = [
            "posit<8,1>",
            "posit<6,1>",
            "posit<16,1>",
            "posit<8,4>",
            "posit<4,0>",
            "posit<5,2>",
            "int4",
            "int8",
            "int12",
            "int16",
            *FLOATS,
            "mxfp8",
            "mxint8",
        ]
        for scale in ("static", "output", "token"):
            self.check(17, formats, "--what", "wa", "--activation-scale", scale, styles=["foldable"])
            os.rename(self.path / "run", self.path / f"run-{scale}")

    def test_inputs_by_all_rules(self):
        formats = ["posit<8,1>", "fp16", "int8", "fp8_e4m3", "bf16"]
        self.check(
            17,
            formats,
            "--what",
            "wa",
            "--activation-scale",
            "token",
            "--scale",
            "absmax,mean_pow2,rms_pow2",
            styles=["foldable"],
        )
        os.rename(self.path / "run", self.path / "run-token")
        self.check(17, [*formats, *BLOCKS], "--what", "wa", "--scale", "none", styles=["foldable"])


if LONG:
    del ShortTest
else:
    del LongTest
del OperatorsTest  # of its own it has no tests

if __name__ == "__main__":
    main()
