"""Recipes as files: the published schema says what the library reads and writes, JSON is YAML's equal, and a recipe stays with
its model.

FILE POSITTUNE ROOT PACKAGE [unittest arguments]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

POSITTUNE, ROOT, PACKAGE = (
    os.path.abspath(sys.argv[1]),
    pathlib.Path(sys.argv[2]).resolve(),
    os.path.abspath(sys.argv[3]),
)
sys.path.insert(0, PACKAGE)

import jsonschema  # noqa: E402
import yaml  # noqa: E402

import posittune as pt  # noqa: E402

SCHEMA = json.loads((ROOT / "docs" / "recipe.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ALBERT, GPT2 = (ROOT / "zoo" / name for name in ("albert", "gpt2"))
FULL = {
    "weights": {
        "a": {"format": "int8"},
        'b "\u00e9\U0001f600"\n': {
            "format": "posit<6,1>",
            "alternatives": ["int6", "posit<6,0>"],
            "scale": "mse_pow2",
            "granularity": "channel",
            "input_weighted": True,
            "rounding": "compensated",
            "bias_correction": True,
            "windows": [
                {"first": 0, "count": 2, "format": "fp16"},
                {"first": 5, "count": 1, "format": "bf16", "scale": "none"},
            ],
        },
        "c": {"format": "mxfp4", "granularity": "group:32"},
    },
    "activations": {"l": {"format": "fp8_e4m3", "scale": "absmax", "chosen": "token"}},
    "accumulate": "quire",
}


def expected_words(**weight):
    """The words that the library takes in place of what it does not know."""
    try:
        pt.Recipe({"w": {"format": "int8", **weight}}).to_yaml()
    except pt.UsageError as error:
        return re.findall(r"[\w:]+", error.expected)
    raise AssertionError("no error")


class Schema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_words_are_those_of_the_library(self):
        defs = SCHEMA["$defs"]
        self.assertEqual(sorted(defs["scale"]["enum"]), sorted(pt.scale_rules()))
        self.assertEqual(defs["weight"]["properties"]["rounding"]["enum"], expected_words(rounding="?"))
        with self.assertRaises(pt.UsageError) as caught:
            pt.Recipe({}, {"l": {"format": "int8", "chosen": "?"}}).to_yaml()
        self.assertEqual(defs["activation"]["properties"]["chosen"]["enum"], caught.exception.expected.split(", "))
        with self.assertRaises(pt.UsageError) as caught:
            pt.Recipe(accumulate="?").to_yaml()
        self.assertEqual(SCHEMA["properties"]["accumulate"]["enum"], caught.exception.expected.split(", "))
        self.assertEqual(expected_words(granularity="?")[:2], ["tensor", "channel"])
        granularity = defs["weight"]["properties"]["granularity"]["pattern"]
        for text in (
            "tensor",
            "channel",
            "group:1",
            "group:128",
            "group:0",
            "group",
            "group:",
            "group:-1",
            "tensor:1",
            "rows",
        ):
            try:
                taken = bool(pt.Recipe({"w": {"format": "int8", "granularity": text}}).to_yaml())
            except pt.UsageError:
                taken = False
            self.assertEqual(bool(re.search(granularity, text)), taken, text)

    def test_defaults_are_those_of_the_library(self):
        written = yaml.safe_load(pt.Recipe({"w": {"format": "int8"}}, {"l": {"format": "int8"}}).to_yaml())
        defs = SCHEMA["$defs"]
        self.assertEqual(written["weights"]["w"]["scale"], defs["scale"]["default"])
        self.assertEqual(written["weights"]["w"]["granularity"], defs["weight"]["properties"]["granularity"]["default"])
        self.assertEqual(written["activations"]["l"]["chosen"], defs["activation"]["properties"]["chosen"]["default"])
        self.assertEqual(written["accumulate"], SCHEMA["properties"]["accumulate"]["default"])

    def test_keys_are_those_of_the_library(self):
        defs = SCHEMA["$defs"]
        self.assertEqual(set(defs["weight"]["properties"]), set(FULL["weights"]['b "\u00e9\U0001f600"\n']))
        for place, good in (("weights", {"format": "int8"}), ("activations", {"format": "int8"})):
            document = {place: {"w": {**good, "other": 1}}}
            self.assertFalse(VALIDATOR.is_valid(document))
            with self.assertRaises(pt.InputError):
                pt.Recipe.parse(json.dumps(document))
        self.assertFalse(VALIDATOR.is_valid({"other": 1}))
        self.assertFalse(VALIDATOR.is_valid({"weights": {"w": {}}}))

    def test_formats(self):
        pattern = SCHEMA["$defs"]["format"]["pattern"]
        for format in pt.formats():
            self.assertRegex(str(format), pattern)
        names = [f"posit<{n},{es}>{end}" for n in range(35) for es in range(6) for end in ("", "ftz")]
        for name in [*names, *(f"int{n}" for n in range(20)), "posit<08,1>", "fp64", "mxfp5", "mxfp8_e4m3"]:
            try:
                known = str(pt.Format(name)) == name
            except pt.UsageError:
                known = False
            self.assertEqual(bool(re.search(pattern, name)), known, name)


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_what_is_written_fits_the_schema(self):
        for recipe in (pt.Recipe(), pt.Recipe(**FULL), pt.Recipe(**FULL, model_sha256="a" * 64)):
            for document in (yaml.safe_load(recipe.to_yaml()), json.loads(recipe.to_json())):
                VALIDATOR.validate(document)
            self.assertEqual(yaml.safe_load(recipe.to_yaml()), json.loads(recipe.to_json()))

    def test_the_page_shows_a_recipe(self):
        page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
        text = re.search("```yaml\n(.*?)```", page, re.DOTALL)[1]
        VALIDATOR.validate(yaml.safe_load(text))
        self.assertEqual(len(pt.Recipe.parse(text).weights), 2)
        for key in ("weight", "activation"):
            for word in SCHEMA["$defs"][key]["properties"]:
                self.assertIn(f"`{word}`", page)

    def test_json_and_yaml_are_read_alike(self):
        recipe = pt.Recipe(**FULL, model_sha256="0" * 63 + "a")
        for name in ("mix.json", "mix.yaml"):
            recipe.write(self.folder / name)
            back = pt.Recipe.read(self.folder / name)
            self.assertEqual(back, recipe)
            self.assertEqual(back.model_sha256, recipe.model_sha256)
        self.assertEqual((self.folder / "mix.json").read_text(encoding="utf-8"), recipe.to_json())
        self.assertTrue((self.folder / "mix.json").read_text(encoding="utf-8").startswith("{"))

    def test_the_hash_is_no_part_of_equality(self):
        self.assertEqual(pt.Recipe(**FULL), pt.Recipe(**FULL, model_sha256="a" * 64))
        with self.assertRaises(pt.InputError):
            pt.Recipe(model_sha256="abc").to_yaml()

    def run_posittune(self, *arguments):
        line = [POSITTUNE, *map(str, arguments)]
        return subprocess.run(line, capture_output=True, text=True, cwd=self.folder)

    def test_run_folders_name_the_model_and_other_models_refuse(self):
        session = pt.Session(
            ALBERT / "model.onnx", data=ALBERT / "data.yaml", limit=4, progress=pt.Quiet(), runs=self.folder
        )
        compared = session.compare(["int8"], what="w")
        paths = sorted((pathlib.Path(compared.run_folder) / "recipes").glob("*.yaml"))
        self.assertTrue(paths)
        for path in paths:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            VALIDATOR.validate(document)
            self.assertEqual(document["model_sha256"], compared.to_dict()["model"]["sha256"])
        mine = paths[0]
        self.assertEqual(self.run_posittune("cost", ALBERT / "model.onnx", "--recipe", mine).returncode, 0)
        for command in (
            ("cost", GPT2 / "model.onnx", "--recipe", mine),
            ("compare", GPT2 / "model.onnx", "--data", GPT2 / "data.yaml", "--limit", "2", "--recipe", mine),
        ):
            done = self.run_posittune(*command)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("the recipe is of another model", done.stderr)
            self.assertIn(document["model_sha256"], done.stderr)
            self.assertIn("model_sha256", done.stderr)
        other = pt.Session(GPT2 / "model.onnx", progress=pt.Quiet())
        for call in (lambda: other.quantized(pt.Recipe.read(mine)), lambda: other.cost(recipe=pt.Recipe.read(mine))):
            with self.assertRaisesRegex(pt.InputError, "another model"):
                call()
        recipe = pt.Recipe.read(mine)
        recipe.model_sha256 = ""
        recipe.weights, recipe.activations = {}, {}
        self.assertEqual(other.quantized(recipe).weights, {})

    def test_the_same_row_from_both_files(self):
        """A recipe with its hash is the trial that it was without: the journal has it."""
        session = pt.Session(
            ALBERT / "model.onnx", data=ALBERT / "data.yaml", limit=4, progress=pt.Quiet(), runs=self.folder
        )
        row = session.compare(["int8"], what="w", scales="absmax").rows[-1]
        path = next(p for p in self.folder.rglob("recipes/*.yaml") if "int8" in p.name)
        recipe = pt.Recipe.read(path)
        recipe.model_sha256 = ""
        recipe.write(self.folder / "mine.json")
        again = session.compare(recipes=[self.folder / "mine.json", path]).rows
        self.assertEqual([each.metrics for each in again[-2:]], [row.metrics] * 2)


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[4:]
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stderr))
