"""Posits in NumPy: values, rounding, codes, and what a scale does. Needs posittune alone."""

import numpy as np

import posittune as pt

posit = pt.Format("posit<8,1>")
print(
    f"{posit}: {posit.min:g} to {posit.max:g}, {posit.significand_bits} significand bits at most, NaR is {posit.nan_code}"
)

# Rounding to the nearest value; every small format by the same function.
x = np.random.default_rng(0).standard_normal((64, 256)).astype(np.float32) * 0.02
for name in ("posit<8,1>", "int8", "fp8_e4m3", "mxint8", "posit<6,1>", "int6", "fp6_e2m3"):
    line = []
    for rule in ("none", "absmax", "rms_pow2", "mse"):
        y = pt.quantize(x, name, rule, axis=0)
        line.append(10 * np.log10((x**2).sum() / ((y - x) ** 2).sum()))
    print(f"{name:<11} SQNR in dB under none, absmax, rms_pow2, mse:", *(f"{sqnr:6.1f}" for sqnr in line))

# Codes, packed as a file or a memory holds them, and back.
codes = pt.encode(x, "posit<6,1>", "mse_pow2", axis=0)
print(
    f"{x.nbytes} bytes become {codes.nbytes}: {codes.codes.size} codes of {codes.format.bits} bits, {codes.scales.size} scales"
)
assert (codes.decode() == pt.quantize(x, "posit<6,1>", "mse_pow2", axis=0)).all()
