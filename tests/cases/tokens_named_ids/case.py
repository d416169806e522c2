import json

import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/tokens_named_ids"
RNG = np.random.default_rng(1)
IDS = RNG.integers(0, 20, (6, 9))
ZEROS = np.zeros_like(IDS)
QUICK = ("--formats", "fp32,int8", "--what", "w", "--resamples", 20, "--threads", 1)


def perplexity(ids):
    with np.load(HERE / "weights.npz") as constants:
        logits = (constants["table"][ids] @ constants["w"]).astype(np.float64)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return np.exp(-np.take_along_axis(log_p[:, :-1], ids[:, 1:, None], axis=2).mean())


class TokensNamedIds(CliTest):
    def perplexity(self, model, data, *arguments):
        np.savez(self.path / "r.npz", **data)
        done = self.run_cli("compare", HERE / model, "--report", "r.npz", *QUICK, *arguments, "-o", "run")
        self.assertEqual(done.returncode, 0, done.stderr)
        results = json.loads((self.path / "run" / "results.json").read_text())
        self.assertEqual(results["scored"]["task"], "language_model")
        self.assertEqual(results["scored"]["scores"], "probabilities")
        row = next(row for row in results["rows"] if row["format"] == "fp32")
        return row["metrics"]["perplexity"]["value"], done.stderr

    def test_the_only_integers(self):
        value, notes = self.perplexity("one.onnx", {"ids": IDS})
        self.assertAlmostEqual(value, perplexity(IDS), places=4)
        self.assertIn("input 'ids' is taken for the tokens; --tokens names another", notes)

    def test_named(self):
        value, notes = self.perplexity(
            "two.onnx", {"words": IDS, "marks": ZEROS}, "--task", "language_model", "--tokens", "words"
        )
        self.assertAlmostEqual(value, perplexity(IDS), places=4)
        self.assertNotIn("is taken for", notes)

    def test_what_cannot_be(self):
        np.savez(self.path / "r.npz", words=IDS, marks=ZEROS)
        run = ("compare", HERE / "two.onnx", "--report", "r.npz", *QUICK, "-o", "run")
        message = self.fails(2, *run, "--task", "language_model")
        self.assertIn("--tokens NAME, one of words, marks", message)
        self.assertIn("no input 'word'", self.fails(2, *run, "--task", "language_model", "--tokens", "word"))
        self.assertIn("this task has no input of tokens", self.fails(2, *run, "--task", "generic", "--tokens", "words"))

    def test_no_ctc_without_numbers(self):
        np.savez(self.path / "r.npz", words=IDS, marks=ZEROS)
        done = self.run_cli("compare", HERE / "two.onnx", "--report", "r.npz", *QUICK, "-o", "run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("output 'p' is compared number by number (task generic)", done.stderr)
