"""Trains a small network whose weights have 4 bits and whose inputs have 8, through the straight-through gradient.

python examples/fake_quantize_torch.py
"""

import torch
from posittune.torch import apply_recipe, remove_recipe

import posittune as pt

torch.manual_seed(0)
x = torch.randn(2048, 16)
target = torch.sin(x[:, :4].sum(1, keepdim=True)) + x[:, 4:8].prod(1, keepdim=True)
network = torch.nn.Sequential(torch.nn.Linear(16, 96), torch.nn.ReLU(), torch.nn.Linear(96, 1))


def train(steps, rate):
    optimizer = torch.optim.Adam(network.parameters(), rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(x), target)
        loss.backward()
        optimizer.step()
    return torch.nn.functional.mse_loss(network(x), target).item()


print(f"fp32: error {train(400, 1e-2):.4f}")
weight = {"format": "posit<4,1>", "scale": "mse_pow2", "granularity": "channel"}
layer_input = {"format": "posit<8,1>", "scale": "rms_pow2", "chosen": "token"}
recipe = pt.Recipe({"0.weight": weight, "2.weight": weight}, {"0/Gemm": layer_input, "2/Gemm": layer_input})
apply_recipe(network, recipe)
print(f"posit<4,1> weights, posit<8,1> inputs: error {train(0, 1):.4f}")
print(f"the same, trained on: error {train(300, 3e-4):.4f}")
remove_recipe(network, keep_rounded=True)  # the rounded weights stay
