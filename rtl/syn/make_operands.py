#!/usr/bin/env python3
"""Writes operands.bin: weights and inputs of one layer of zoo/gpt2, as MAC units meet them.

    build/venv/bin/python rtl/syn/make_operands.py

Layer transformer.h.2.mlp.c_fc (224 inputs, 896 outputs) on calibration text. Dot product i is that
of output neuron 14 i with the layer's input at one token; LANES of them, STEPS products each.
The file: float32, little endian, weights [LANES][STEPS], then inputs [LANES][STEPS]. Needs OpenVINO.
"""

import pathlib

import numpy as np
import openvino as ov

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYER = "transformer.h.2.mlp.c_fc"
LANES, STEPS = 64, 224


def main():
    core = ov.Core()
    model = core.read_model(ROOT / "zoo/gpt2/model.onnx")
    ops = {op.get_friendly_name(): op for op in model.get_ops()}
    weights = np.asarray(ops[f"{LAYER}.weight"].get_data()).astype(np.float32)  # [in][out]
    model.add_outputs([ops[f"{LAYER}/Reshape"].output(0)])
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ids = np.load(ROOT / "zoo/gpt2/calibrate.npz")["input_ids"][:4]
    inputs = compiled({"input_ids": ids})[len(model.outputs) - 1]
    assert weights.shape == (STEPS, 896) and inputs.shape == (ids.size, STEPS)
    neurons = np.arange(LANES) * (896 // LANES)
    tokens = np.arange(LANES) * (ids.size // LANES)
    data = np.stack([weights.T[neurons], inputs[tokens]]).astype("<f4")
    (pathlib.Path(__file__).parent / "operands.bin").write_bytes(data.tobytes())
    print("weights: rms %.4g, inputs: rms %.4g" % tuple(np.sqrt((data.astype(float) ** 2).mean(axis=(1, 2)))))


if __name__ == "__main__":
    main()
