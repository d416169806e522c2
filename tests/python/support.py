"""Small random models, runs of the command lines, and both runtimes."""

import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import transformers
from posittune.errors import run

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-3  # of the largest magnitude; what the project promises. fp32 sums in another order stay near 1e-6

SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "vocab_size": 300,
}
LLAMA = {**SMALL, "num_key_value_heads": 2, "max_position_embeddings": 128}


class FolderCase(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)


def save(model, folder):
    """A checkpoint of a new model. Biases and norms are random too: as zeros and ones they would hide a mix-up. Matrices
    are as large as trained ones, so that attention is far from uniform and a wrong mask shows."""
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.2)
            else:
                parameter.mul_(model.config.hidden_size**-0.5 / model.config.initializer_range)
    model.save_pretrained(folder)
    return folder


def command(main, *arguments):
    """(exit code, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(lambda: main([str(argument) for argument in arguments]))
        except SystemExit as stop:  # argparse
            code = stop.code
    return code, out.getvalue(), err.getvalue()


def in_openvino(path, feed):
    import openvino

    compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(feed)[compiled.output(0)]


def in_onnxruntime(path, feed):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, feed)[0]


def ids(batch, length, vocabulary, seed=3):
    return np.random.default_rng(seed).integers(0, vocabulary, (batch, length))


def reference(kind, folder, feed, result):
    """The checkpoint as transformers itself runs it: its own masks, and its default attention, not the exported one."""
    model = getattr(transformers, kind).from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        return getattr(model(**{name: torch.from_numpy(value) for name, value in feed.items()}), result).numpy()


def change_config(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
