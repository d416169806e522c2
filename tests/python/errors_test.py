"""What a user can get wrong: one message, its exit code, no traceback, nothing half-written."""

import os
import subprocess
import sys
import unittest

import torch
import transformers
from support import LLAMA, SMALL, FolderCase, change_config, command, save

from posittune import fetch, hub


class Hub(FolderCase):
    def fails(self, code, message, *arguments, out="out"):
        found, stdout, stderr = command(hub.main, *arguments, "-o", self.folder / out)
        self.assertEqual(found, code, stderr)
        self.assertRegex(stderr, message)
        self.assertNotIn("Traceback", stderr)
        self.assertEqual(stdout, "")
        if out == "out":
            self.assertFalse((self.folder / out).exists())

    def llama(self, **changes):
        return save(
            transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**LLAMA, **changes})), self.folder / "model"
        )

    def test_paths(self):
        self.fails(3, r"no such folder\n  where: \./nothing", "./nothing")
        (self.folder / "notes.txt").write_text("x")
        self.fails(
            3, r"holds no Hugging Face model\n  where: .*\n  expected: config.json.*\n  found: notes.txt", self.folder
        )
        self.fails(3, "a file, not a model folder", self.folder / "notes.txt")
        self.fails(2, "-o names a file", self.llama(), out="notes.txt")

    def test_configuration(self):
        file = self.folder / "config.json"
        for text, code, message in (
            ('{"model_type": "t5"}', 4, "architecture 't5' are not exported\n(.*\n)*.*known: gpt2, llama"),
            ('{"model_type": "of-tomorrow"}', 4, "architecture 'of-tomorrow' are not exported"),
            ('{"model_type": ', 3, "config.json cannot be read"),
            ("{}", 3, "config.json cannot be read"),
        ):
            file.write_text(text)
            self.fails(code, message, self.folder)

    def test_what_a_graph_cannot_hold(self):
        model = self.llama()
        change_config(model, rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0})
        self.fails(4, "rotary embedding 'dynamic'", model)
        change_config(model, rope_parameters=None, quantization_config={"quant_method": "gptq", "bits": 4})
        self.fails(4, "quantized already", model)
        mixed = save(
            transformers.Qwen2ForCausalLM(
                transformers.Qwen2Config(**LLAMA, use_sliding_window=True, sliding_window=8, max_window_layers=1)
            ),
            self.folder / "mixed",
        )
        self.fails(4, r"different attention \(full_attention, sliding_attention\)", mixed)

    def test_tasks(self):
        llama = self.llama()
        self.fails(4, "classification with llama", llama, "--task", "classify")
        self.fails(2, "llama has no token types", llama, "--token-types")
        bert = save(transformers.BertForMaskedLM(transformers.BertConfig(**SMALL)), self.folder / "bert")
        self.fails(4, "bert is no causal language model", bert, "--task", "causal-lm")
        self.fails(3, r"lacks 4 weights that classify needs\n(.*\n)*.*classifier.bias", bert, "--task", "classify")
        self.fails(3, "no tokenizer", llama, "--tokenizer")
        self.fails(2, "invalid choice", llama, "--task", "translate")

    def test_weights(self):
        model = self.llama()
        file = model / "model.safetensors"
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        self.fails(3, "the weights cannot be read", model)
        file.unlink()
        self.fails(3, r"the weights cannot be read\n(.*\n)*.*no file named", model)
        for value, options, message in (
            (float("nan"), (), r"NaN or infinity in the weights\n  where: .*layers.1.mlp.up_proj.weight"),
            (1e6, ("--fp16",), r"beyond the range of fp16\n  where: model.layers.1.mlp.up_proj.weight"),
        ):
            made = transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA))
            with torch.no_grad():
                made.model.layers[1].mlp.up_proj.weight[3, 4] = value
            self.fails(3, message, save(made, model), *options)

    def test_shell(self):
        """As a user calls it; a name that is no folder asks the hub, which is switched off here."""
        done = subprocess.run(
            [sys.executable, "-m", "posittune.hub", "someone/model", "-o", str(self.folder / "out")],
            capture_output=True,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr, r"^error: the hub cannot be reached\n  where: someone/model\n")
        self.assertNotIn("Traceback", done.stderr)


class Fetch(FolderCase):
    def test_no_network(self):
        """A package index that nobody serves."""
        nowhere = {
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_CONFIG_FILE": os.devnull,
        }
        out = self.folder / "models/yolov8n"
        done = subprocess.run(
            [sys.executable, "-m", "posittune.fetch", "yolov8n", "-o", str(out)],
            capture_output=True,
            text=True,
            env={**os.environ, **nowhere},
        )
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(
            done.stderr.splitlines()[-1],
            r"^error: nudenet 3.4.2 cannot be downloaded from PyPI \(is there a network\?\): ",
        )
        self.assertEqual(list(out.parent.iterdir()), [])

    def test_another_file_than_the_pinned_one(self):
        import zipfile

        wheels = self.folder / "wheels"
        wheels.mkdir()
        with zipfile.ZipFile(wheels / "nudenet-3.4.2-py3-none-any.whl", "w") as file:
            file.writestr("nudenet-3.4.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: nudenet\nVersion: 3.4.2\n")
            file.writestr(
                "nudenet-3.4.2.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            file.writestr("nudenet/320n.onnx", "not it")
        local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(
            [sys.executable, "-m", "posittune.fetch", "yolov8n", "-o", str(self.folder / "out")],
            capture_output=True,
            text=True,
            env={**os.environ, **local},
        )
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("nudenet 3.4.2 is not the file it was", done.stderr)
        self.assertEqual([f.name for f in self.folder.iterdir()], ["wheels"])

    def test_arguments(self):
        self.assertEqual(command(fetch.main, "resnet50")[0], 2)
        (self.folder / "notes.txt").write_text("mine")
        code, _, err = command(fetch.main, "yolov8n", "-o", self.folder)
        self.assertEqual(code, 2)
        self.assertIn("a new or empty folder", err)
        code, _, err = command(fetch.main, "yolov8n", "-o", self.folder / "notes.txt")
        self.assertEqual(code, 2)


if __name__ == "__main__":
    unittest.main()
