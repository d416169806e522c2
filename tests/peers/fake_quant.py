"""Rounding by tables in PyTorch, and the scale rules of src/posittune/quant/scale_rules.h, written again from its text.

q(x) = Q(x * s) * (1/s), in float32.
"""

import re

import numpy as np
import torch

CASTS = {"fp16": torch.float16, "bf16": torch.bfloat16}
LARGEST_SCALE = 2.0**125  # a scale and its reciprocal stay normal floats


class Rounding:
    """Q of a format: to the nearest value of its table, ties to the even code.

    A posit rounds on the bit string: between codes c and c + 1 lies code 2c + 1 of the posit with one bit more, and
    nothing but zero becomes zero. fp16 and bf16 are PyTorch's own casts.
    """

    def __init__(self, ours, form):
        self.cast = CASTS.get(form)
        if self.cast:
            self.largest, self.centre = torch.finfo(self.cast).max, 1.0
            return
        posit = re.fullmatch(r"posit<(\d+),(\d)>", form)
        values = positive_values(ours.table(form))
        if posit:
            bits, exponent_bits = map(int, posit.groups())
            finer = ours.table(f"posit<{bits + 1},{exponent_bits}>")
            boundaries = finer[2 * np.arange(1, values.size) + 1]
        else:
            values = np.concatenate([[0.0], values])
            boundaries = (values[1:] + values[:-1]) / 2
        self.first = 1 if posit else 0  # code of the smallest value that a nonzero can become
        self.largest = values[-1]
        self.centre = self.largest / 4 if form.startswith("int") else 1.0
        self.values, self.boundaries = exact_floats(values), exact_floats(boundaries)

    def __call__(self, x):
        if self.cast:
            return x.to(self.cast).float()
        magnitude = x.abs().contiguous()
        below = torch.searchsorted(self.boundaries, magnitude)  # how many boundaries are smaller
        tie = self.boundaries[below.clamp(max=len(self.boundaries) - 1)] == magnitude
        odd = (below + self.first) % 2 == 1
        rounded = self.values[below + (tie & odd)]
        return torch.where(x == 0, 0.0, torch.copysign(rounded, x))

    def quantize(self, x, scale):
        """`scale`: float32, one or one for each row (it broadcasts)."""
        return self(x * scale) * (1 / scale)


def positive_values(table):
    """Of codes 1, 2, ...: posits, two's complement integers and sign-magnitude floats alike have them ascending there."""
    count = next(code for code in range(1, len(table)) if not table[code] > 0) - 1
    return table[1 : count + 1]


def exact_floats(values):
    floats = torch.from_numpy(values.astype(np.float32))
    assert np.array_equal(floats.double().numpy(), values), "a value or boundary is no float32"
    return floats


def scales(rounding, rule, rows):
    """One scale for each row of a float32 matrix."""
    data = rows.double().numpy()
    if rule == "absmax":
        chosen = np.array(
            [fitting_scale(rounding.largest, peak) for peak in np.abs(data).max(axis=1)], dtype=np.float32
        )
    elif rule == "rms_pow2":
        rms = np.sqrt(np.mean(np.square(data), axis=1))
        chosen = np.exp2(np.round(np.log2(rounding.centre / np.where(rms == 0, 1, rms)))).astype(np.float32)
    else:
        raise ValueError(rule)
    chosen[np.abs(data).max(axis=1) == 0] = 1
    return torch.from_numpy(chosen)


def fitting_scale(largest, peak):
    """The largest float32 that takes `peak` to at most `largest`."""
    if peak == 0:
        return 1.0
    scale = np.float32(min(largest / peak, LARGEST_SCALE))
    while float(scale) * peak > largest:
        scale = np.nextafter(scale, np.float32(0))
    return scale


def quantize_weight(rounding, rule, weight):
    """With one scale for the tensor."""
    return rounding.quantize(weight, scales(rounding, rule, weight.reshape(1, -1)))


def quantize_tokens(rounding, rule, x, whole_images):
    """With a scale for each vector along the last axis, or for each image."""
    rows = x.reshape(x.shape[0], -1) if whole_images else x.reshape(-1, x.shape[-1])
    return rounding.quantize(rows, scales(rounding, rule, rows)[:, None]).reshape(x.shape)
