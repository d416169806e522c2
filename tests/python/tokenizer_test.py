"""Tokenizers as OpenVINO models against Hugging Face's, on the zoo's texts."""

import json
import unittest

import numpy as np
import tokenizers
from posittune.texts import documents
from support import ROOT, FolderCase, command

from posittune import tokenizer

ZOO = ROOT / "zoo"
TEXTS = [text for split in ("calibrate", "report") for text in documents(ZOO / f"gpt2/{split}.txt")]


def wanted(name, text):
    """The tokenizers library alone, without transformers and without the truncation that tokenizer.json asks for."""
    core = tokenizers.Tokenizer.from_file(str(ZOO / name / "tokenizer.json"))
    core.no_truncation()
    return core.encode(text).ids


class Shipped(unittest.TestCase):
    def test_same_ids(self):
        for name in ("gpt2", "albert"):
            written = tokenizer.OpenVinoTokenizer(ZOO / name / "openvino_tokenizer.xml")
            for text in (*TEXTS, *tokenizer.SAMPLES, (ZOO / "gpt2/report.txt").read_text()):
                self.assertEqual(written.ids(text), wanted(name, text), f"{name}: {text[:60]!r}")

    def test_rows_of_the_zoo(self):
        """report.npz was made when the model was trained: each document after token 0, cut into rows of 256."""
        written = tokenizer.OpenVinoTokenizer(ZOO / "gpt2/openvino_tokenizer.xml")
        rows = np.load(ZOO / "gpt2/report.npz")["input_ids"]
        made = set()
        for text in documents(ZOO / "gpt2/report.txt"):
            tokens = [0, *written.ids(text)]
            made |= {tuple(tokens[i : i + 256]) for i in range(0, len(tokens) - 255, 256)}
        self.assertEqual({tuple(row) for row in rows.tolist()}, made)

    def test_names_its_end_of_text(self):
        import openvino
        import openvino_tokenizers  # noqa: F401

        model = openvino.Core().read_model(ZOO / "gpt2/openvino_tokenizer.xml")
        self.assertEqual(str(model.get_rt_info("eos_token_id").value), "0")


class Converted(FolderCase):
    def test_command(self):
        code, out, err = command(tokenizer.main, ZOO / "gpt2", "-o", self.folder / "new")
        self.assertEqual(code, 0, err)
        self.assertIn("4096 tokens", out)
        written = tokenizer.OpenVinoTokenizer(self.folder / "new/openvino_tokenizer.xml")
        self.assertEqual(written.ids(TEXTS[0]), wanted("gpt2", TEXTS[0]))

    def test_a_difference_is_found(self):
        loaded = tokenizer.bare(ZOO / "gpt2/tokenizer.json")
        other = ZOO / "albert/openvino_tokenizer.xml"
        self.assertEqual(tokenizer.first_difference(loaded, other), tokenizer.SAMPLES[0])

    def test_bad_file(self):
        (self.folder / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
        code, _, err = command(tokenizer.main, self.folder, "-o", self.folder / "new")
        self.assertEqual(code, 3)
        self.assertRegex(err, r"^error: the tokenizer cannot be read\n  where: ")
        self.assertFalse((self.folder / "new").exists())

    def test_none(self):
        code, _, err = command(tokenizer.main, self.folder, "-o", self.folder / "new")
        self.assertEqual(code, 3)
        self.assertIn("no tokenizer", err)


if __name__ == "__main__":
    unittest.main()
