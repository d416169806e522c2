"""apply_recipe() on whole models against the engine: the zoo's, and YOLOv8n where it was fetched.

PACKAGE ROOT [unittest arguments]     exit code 77 where what it needs is missing

Models are rebuilt in PyTorch from the ONNX files. Inputs and the engine's outputs come from a metric of the session.
"""

import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest

PACKAGE, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
sys.path[:0] = [PACKAGE, str(ROOT / "examples"), str(ROOT / "zoo")]
NEEDED = ("torch", "transformers", "onnx")
missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
if missing:
    print(f"skip: no {', '.join(missing)} here")
    sys.exit(77)

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from posittune.torch import apply_recipe, remove_recipe  # noqa: E402

import posittune as pt  # noqa: E402

SUMS = 1e-5  # relative: float32 sums of a few thousand products in another order, over the layers of a model
YOLOV8N = ROOT / "build" / "models" / "yolov8n"


def tensors(path):
    """Stored tensors by their names in PyTorch; the exporter transposes some."""
    found = {}
    for stored in onnx.load(path).graph.initializer:
        value = torch.from_numpy(onnx.numpy_helper.to_array(stored).copy())
        turned = stored.name.endswith("_transposed") and value.dim() == 2
        found[stored.name.removesuffix("_transposed")] = value.T.contiguous() if turned else value
    return found


def transformer(build, path, arguments):
    module, stored = build(*arguments), tensors(path)
    lacking = module.load_state_dict(stored, strict=False).missing_keys
    assert all("wte" in name for name in lacking), lacking  # tied to the head
    return module.eval()


def relative(found, expected):
    """RMS of the difference, of that of what is expected."""
    return float(np.square(found - expected).mean() ** 0.5 / np.square(expected).mean() ** 0.5)


class Model:
    """A model in both, on a few items."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.session = pt.Session(
            self.path, self.data, limit=self.limit, threads=2, progress=False, runs=f"{folder.name}/runs"
        )
        self.module, self.names = self.build()
        rows = [row for row in self.session.inspect().rows if row["quantized"]]
        self.weights = {row["weight"] for row in rows if row["weight"]}
        self.layers = [row["layer"] for row in rows]

    def in_engine(self, *recipes):
        """(inputs, outputs of FP32 and of each recipe): items first."""
        seen = []

        def keep(outputs, item):
            seen.append((dict(item), {name: np.array(array) for name, array in outputs.items()}))
            return 0.0

        metric = pt.Metric(keep, "seen", version="1")
        self.session.compare("fp32", what="w", recipes=list(recipes), metrics=metric, resamples=10)
        items = len(seen) // (1 + len(recipes))
        inputs = {name: np.stack([each[0][name] for each in seen[:items]]) for name in seen[0][0]}
        (output,) = seen[0][1]
        return inputs, [np.stack([each[1][output] for each in seen[i : i + items]]) for i in range(0, len(seen), items)]

    def in_torch(self, inputs):
        with torch.no_grad():
            return self.run_module({name: torch.from_numpy(array) for name, array in inputs.items()}).numpy()

    def of_weights(self, **setting):
        base = {"format": "posit<6,1>", "scale": "mse_pow2", "granularity": "channel"}
        return {name: {**base, **setting} for name in self.weights}

    def weight_recipes(self):
        """Recipes of weights alone that need no calibration data."""
        windows, names = self.of_weights(), list(self.weights)
        for name in names[::2]:
            windows[name]["windows"] = [{"first": 0, "count": 1, "format": "int8", "scale": "absmax"}]
        for name in names[1::2]:
            windows[name]["alternatives"] = ["posit<6,0>", "int6"]
        return {
            "channels": self.of_weights(),
            "tensors": self.of_weights(format="fp8_e4m3", scale="mse", granularity="tensor"),
            "groups": self.of_weights(format="int4", scale="absmax", granularity="group:32"),
            "windows": windows,
            "groups of MX blocks": self.of_weights(format="mxfp4", granularity="group:64"),
            "MX": self.of_weights(format="mxfp6", scale="none", granularity="tensor"),
        }

    def calibrated_recipes(self):
        return {
            "compensated": self.of_weights(format="int4", rounding="compensated"),
            "weighted": self.of_weights(scale="mse", input_weighted=True),
            "corrected": self.of_weights(format="int4", bias_correction=True),
            "all": self.of_weights(format="int3", rounding="compensated", bias_correction=True, input_weighted=True),
        }

    def test_weights(self):
        recipes = {name: pt.Recipe(weights) for name, weights in self.weight_recipes().items()}
        inputs, (fp32, *expected) = self.in_engine(*recipes.values())
        self.assertLess(relative(self.in_torch(inputs), fp32), SUMS)
        for (name, recipe), outputs in zip(recipes.items(), expected):
            with self.subTest(name):
                apply_recipe(self.module, recipe, names=self.names)
                self.assertLess(relative(self.in_torch(inputs), outputs), SUMS)
                self.assertGreater(relative(outputs, fp32), 20 * SUMS)
                chosen = {key: value.detach().clone() for key, value in self.module.state_dict().items()}
                rounded = {name: self.module_weight(name).detach().clone() for name in recipe.weights}
                remove_recipe(self.module)
                # The codes that the session hands out are the same.
                apply_recipe(self.module, self.session.quantized(recipe), names=self.names)
                for weight, values in rounded.items():
                    self.assertTrue(torch.equal(self.module_weight(weight), values), weight)
                self.assertEqual(self.module.state_dict().keys(), chosen.keys())
                remove_recipe(self.module)
        self.assertLess(relative(self.in_torch(inputs), fp32), SUMS)

    def module_weight(self, name):
        owner, _, key = self.names.get(name, name.removesuffix("_transposed")).rpartition(".")
        return getattr(self.module.get_submodule(owner), key)

    def test_calibrated_weights(self):
        recipes = {name: pt.Recipe(weights) for name, weights in self.calibrated_recipes().items()}
        inputs, (fp32, *expected) = self.in_engine(*recipes.values())
        for (name, recipe), outputs in zip(recipes.items(), expected):
            with self.subTest(name):
                with self.assertRaisesRegex(pt.UnsupportedError, "calibration data"):
                    apply_recipe(self.module, recipe, names=self.names)
                model = self.session.quantized(recipe)
                if "compensated" in recipe.to_yaml():
                    self.assertTrue(any(weight.compensated for weight in model.weights.values()))
                apply_recipe(self.module, model, names=self.names)
                self.assertLess(relative(self.in_torch(inputs), outputs), SUMS)
                for weight, of in model.weights.items():
                    self.check_values(weight, of)
                remove_recipe(self.module)

    def check_values(self, name, weight):
        found = self.module_weight(name).detach()
        rows = found.T if type(self.owner(name)).__name__.endswith("Conv1D") else found
        np.testing.assert_array_equal(rows.reshape(len(rows), -1).numpy(), weight.decode(), name)

    def owner(self, name):
        return self.module.get_submodule(self.names.get(name, name.removesuffix("_transposed")).rpartition(".")[0])

    def test_inputs(self):
        """Inputs are rounded after sums that differ in the last bit, so that some of them go to the neighbouring value; what
        follows differs by that much, and moves others. How far that takes outputs apart is measured in PyTorch alone, by
        changing the last bit of each layer's output at random: the engine may be three times as far. What the recipe does to
        outputs is as large in both."""
        weights = self.of_weights(format="int8", scale="absmax")
        rounded = {
            "static int8": ({"format": "int8", "scale": "mse_pow2", "chosen": "static"}, weights),
            "posit<8,1> per token": ({"format": "posit<8,1>", "scale": "rms_pow2", "chosen": "token"}, weights),
            "mxfp8": ({"format": "mxfp8", "scale": "none", "chosen": "static"}, {}),
        }
        recipes = [pt.Recipe(w, dict.fromkeys(self.layers, a)) for a, w in rounded.values()]
        inputs, (fp32, *expected) = self.in_engine(*recipes)
        for name, recipe, outputs in zip(rounded, recipes, expected):
            with self.subTest(name):
                apply_recipe(self.module, self.session.quantized(recipe), names=self.names)
                found, seen = self.watched(inputs)
                other, moved = self.watched(inputs, noise=2.0**-23)
                remove_recipe(self.module)
                shares = [float((a != b).float().mean()) for a, b in zip(seen, moved)]
                effect, apart, itself = relative(outputs, fp32), relative(found, outputs), relative(other, found)
                print(
                    f"{self.id()} {name}: the recipe changes outputs by {effect:.2%}; {np.mean(shares):.2%} of inputs moved "
                    f"(at most {max(shares):.2%} of a layer's) and outputs {itself / effect:.0%} of that; the engine "
                    f"{apart / effect:.0%}, its effect {relative(found, fp32) / effect:.2f} times as large here",
                    file=sys.stderr,
                )
                self.assertLess(apart, 3 * itself + SUMS)
                self.assertLess(apart, effect)
                self.assertAlmostEqual(relative(found, fp32), effect, delta=0.1 * effect)

    def watched(self, inputs, noise=0.0):
        """Outputs, and the rounded inputs of layers; the last bit of what they give changed at random."""
        seen, handles, random = [], [], torch.Generator().manual_seed(0)

        def behind(module, arguments, output):
            seen.append(arguments[0].detach().clone())
            return output * (1 + noise * (torch.randint(3, output.shape, generator=random) - 1)) if noise else output

        for module in self.module.modules():
            if hasattr(module, "weight") and module._forward_pre_hooks:
                handles.append(module.register_forward_hook(behind))
        outputs = self.in_torch(inputs)
        for handle in handles:
            handle.remove()
        return outputs, seen


class Gpt2(Model, unittest.TestCase):
    path, data, limit = "zoo:gpt2", None, 2

    def build(self):
        from train_gpt2 import build

        return transformer(build, ROOT / "zoo/gpt2/model.onnx", [4096]), {}

    def run_module(self, inputs):
        return self.module(**inputs).logits


class Albert(Model, unittest.TestCase):
    path, data, limit = "zoo:albert", None, 8

    def build(self):
        from train_albert import build

        path = ROOT / "zoo/albert/model.onnx"
        stored = tensors(path)
        shapes = stored["albert.embeddings.word_embeddings.weight"].shape[0], stored["classifier.bias"].shape[0]
        return transformer(build, path, shapes), {}

    def run_module(self, inputs):
        return self.module(**inputs).logits


class Yolo(Model, unittest.TestCase):
    path, data, limit = "zoo:yolo", None, 4

    def build(self):
        from onnx_in_torch import OnnxModule

        module = OnnxModule(ROOT / "zoo/yolo/model.onnx" if self.path == "zoo:yolo" else self.path).eval()
        return module, module.names

    def run_module(self, inputs):
        return self.module(*inputs.values())


@unittest.skipUnless(
    (YOLOV8N / "model.onnx").exists(), "no YOLOv8n: python -m posittune.fetch yolov8n -o build/models/yolov8n"
)
class Yolov8n(Yolo):
    path, data, limit = str(YOLOV8N / "model.onnx"), str(YOLOV8N / "data.yaml"), 2

    def test_names(self):
        """Layers of PyTorch's older exporter are found by their own names."""
        self.module, _ = self.build()
        recipe = pt.Recipe(
            activations=dict.fromkeys(self.layers, {"format": "int4", "scale": "absmax", "chosen": "token"})
        )
        x = torch.rand(1, 3, 64, 64)
        apply_recipe(self.module, recipe)
        found = self.in_torch({"images": x.numpy()})
        remove_recipe(self.module)
        apply_recipe(self.module, recipe, names=self.names)
        np.testing.assert_array_equal(self.in_torch({"images": x.numpy()}), found)


if __name__ == "__main__":
    os.environ["POSITTUNE_ZOO"] = str(ROOT / "zoo")
    torch.set_num_threads(2)
    torch.manual_seed(0)
    sys.exit(not unittest.main(argv=[sys.argv[0], *sys.argv[3:]], exit=False, verbosity=1).result.wasSuccessful())
