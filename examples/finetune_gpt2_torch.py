"""Trains the zoo's GPT-2 with int4 weights towards FP32's outputs: finetune_gpt2_torch.py [STEPS] in a clone's root."""

import sys

import numpy as np
import onnx
import torch
from posittune.torch import apply_recipe

import posittune as pt

sys.path.append("zoo")
from train_gpt2 import build

torch.manual_seed(0)
steps, split = int((sys.argv + [300])[1]), lambda name: torch.tensor(np.load(f"zoo/gpt2/{name}.npz")["input_ids"])
stored = onnx.load("zoo/gpt2/model.onnx").graph.initializer
tensors = {tensor.name: torch.tensor(onnx.numpy_helper.to_array(tensor)) for tensor in stored}
fp32, student = build(vocabulary=4096), build(vocabulary=4096)
for model in (fp32, student):
    model.load_state_dict(tensors, strict=False)  # the embedding is lm_head.weight, and has no name of its own there
setting = {"format": "int4", "scale": "mse_pow2", "granularity": "channel"}
apply_recipe(student, pt.Recipe({name: setting for name in tensors if tensors[name].dim() == 2 and "." in name}))


def kl(rows):  # of FP32's outputs to the student's, nats per token
    p = fp32(rows).logits.detach().log_softmax(-1)
    return (p.exp() * (p - student(rows).logits.log_softmax(-1))).sum(-1).mean()


report, train = split("report").split(9), torch.cat([split("calibrate"), split("search")])  # nothing trains on report
before = np.mean([kl(rows).item() for rows in report])
optimizer = torch.optim.Adam(student.parameters())
for step in range(steps):
    optimizer.param_groups[0]["lr"] = 2e-4 * (1 - step / steps)
    optimizer.zero_grad()
    kl(train[torch.randperm(len(train))[:4]]).backward()
    optimizer.step()
after = np.mean([kl(rows).item() for rows in report])
print(f"KL on the report split: before {before:.4f}, after {steps} steps {after:.4f}, {1 - after / before:.0%} less")
