#!/usr/bin/env python3
"""Writes GPT-2 models of random weights for benchmarks: build/models/gpt2-124m and, with fewer layers, gpt2-124m-3 and -6.

Needs the packages of python/requirements-hub.txt: PYTHONPATH=python build/hub-venv/bin/python bench/random_gpt2.py
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main() -> int:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    for layers in (12, 6, 3):
        folder = ROOT / "build" / "models" / ("gpt2-124m" if layers == 12 else f"gpt2-124m-{layers}")
        if (folder / "model.onnx").exists():
            continue
        torch.manual_seed(1)
        with tempfile.TemporaryDirectory() as source:
            GPT2LMHeadModel(GPT2Config(n_layer=layers)).save_pretrained(source)
            subprocess.run([sys.executable, "-m", "posittune.hub", source, "-o", folder, "--no-tokenizer"], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
