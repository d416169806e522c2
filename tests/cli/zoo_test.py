"""posittune zoo: what it lists, and what it says when a model is not there."""

import json
import os
import shutil

from support import ROOT, CliTest, main

NAMES = ["gpt2", "albert", "yolo", "yolov8n", "smollm2"]


class ZooTest(CliTest):
    def setUp(self):
        super().setUp()
        self.here = {"POSITTUNE_ZOO": str(ROOT / "zoo")}

    def test_lists_all(self):
        lines = self.ok("zoo", env=self.here).splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["name"] + ["zoo:" + name for name in NAMES])
        rows = {row["name"]: row for row in json.loads(self.ok("zoo", "--json", env=self.here))["rows"]}
        self.assertEqual(list(rows), NAMES)
        for name in NAMES[:3]:
            self.assertTrue(rows[name]["present"])
            for key in ("model", "data"):
                self.assertTrue(os.path.isfile(rows[name][key]), rows[name][key])
        for name in NAMES[3:]:
            self.assertIn("fetch", rows[name]["fetch"])

    def test_one(self):
        text = self.ok("zoo", "gpt2", env=self.here)
        for part in (str(ROOT / "zoo" / "gpt2" / "model.onnx"), "data.yaml", "CARD.md", "posittune compare zoo:gpt2"):
            self.assertIn(part, text)
        rows = json.loads(self.ok("zoo", "albert", "--json", env=self.here))["rows"]
        self.assertEqual([row["name"] for row in rows], ["albert"])

    def test_unknown(self):
        for arguments in (("zoo", "gpt3"), ("inspect", "zoo:gpt3"), ("compare", "zoo:gpt3")):
            message = self.fails(2, *arguments, env=self.here)
            self.assertIn("unknown model 'zoo:gpt3'", message)
            for name in NAMES:
                self.assertIn("zoo:" + name, message)

    def test_a_model_that_is_not_here(self):
        # Fetched models are looked for beside the zoo; the current folder has one, and nothing beside it.
        (self.path / "zoo" / "gpt2").mkdir(parents=True)
        shutil.copy(ROOT / "zoo" / "gpt2" / "model.onnx", self.path / "zoo" / "gpt2")
        # Without the project's scripts it is an installation, which nothing is put into.
        for name in NAMES[3:]:
            message = self.fails(3, "inspect", "zoo:" + name)
            self.assertIn(f"get it with `python3 -m posittune.fetch {name} -o {name}`", message)
            self.assertIn(f"the model is then {name}/model.onnx", message)
            self.assertIn("posittune.fetch", self.ok("zoo", name))
        (self.path / "scripts").mkdir()
        (self.path / "scripts" / "fetch").touch()
        for name in NAMES[3:]:
            for command in ("inspect", "compare"):
                message = self.fails(3, command, "zoo:" + name)
                self.assertIn("is not here", message)
                self.assertIn(f"build/models/{name}", message)
                self.assertIn(f"get it with `scripts/fetch {name}`", message)
            self.assertIn(f"scripts/fetch {name}", self.ok("zoo", name))

    def test_an_empty_zoo(self):
        env = {"POSITTUNE_ZOO": str(self.path)}
        for name in NAMES[:3]:
            self.assertIn("POSITTUNE_ZOO", self.fails(3, "compare", "zoo:" + name, env=env))
            self.assertIn("POSITTUNE_ZOO", self.ok("zoo", name, env=env))
        rows = json.loads(self.ok("zoo", "--json", env=env))["rows"]
        self.assertFalse(any(row["present"] for row in rows if row["name"] in NAMES[:3]))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    main()
