"""PositTune on PyTorch: formats on tensors of any device, with gradients, and recipes on modules.

>>> import torch
>>> from posittune.torch import quantize
>>> quantize(torch.tensor([0.1, -3, 20]), "posit<8,1>").tolist()
[0.1015625, -3.0, 20.0]

quantize(), encode(), decode(): tensors. The operator `posittune::quantize` (torch.ops.posittune.quantize) is behind the
first.
quantize_anywhere(), encode_anywhere(), decode_anywhere(): the same bits in operations of PyTorch alone, on any device.
apply_recipe(), remove_recipe(): a module computes as the library's engine does under a recipe.
"""

from posittune.torch.recipes import apply_recipe, remove_recipe
from posittune.torch.tensors import Codes, decode, decode_anywhere, encode, encode_anywhere, quantize, quantize_anywhere

__all__ = [
    "Codes",
    "apply_recipe",
    "decode",
    "decode_anywhere",
    "encode",
    "encode_anywhere",
    "quantize",
    "quantize_anywhere",
    "remove_recipe",
]
