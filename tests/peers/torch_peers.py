"""qtorch_plus, flexposit and PyTorch against PositTune.

qtorch_plus and flexposit give values, not codes: both are quantize-dequantize functions on float tensors.
"""

import inputs
import numpy as np
import torch_packages
from report import Difference, Mismatch, compare

SUBNORMAL = float(np.float32(2.0**-126))
MINIFLOATS = {
    "fp8_e4m3": (4, 3),
    "fp8_e5m2": (5, 2),
    "fp8_e3m4": (3, 4),
    "fp6_e3m2": (3, 2),
    "fp6_e2m3": (2, 3),
    "fp4_e2m1": (2, 1),
    "fp16": (5, 10),
    "bf16": (8, 7),
}


def on_tensor(function, floats, *arguments, **named):
    import torch

    return function(torch.from_numpy(floats.copy()), *arguments, **named).double().numpy()


# --- posits ----------------------------------------------------------------------------------------------------------


def beyond_float(n, es):
    """maxpos 2^((n-2) 2^es) is no float32."""
    return (n - 2) << es > 127


def nar_is_minus_infinity(floats):
    return Difference("NaN and infinities give -infinity, ours NaR (NaN)", ~np.isfinite(floats), -np.inf)


def check_posits(peer, quantize, ours, report, largest_es, beyond):
    """beyond(n, es, floats, rounded, theirs): the documented result where values of the format are no floats."""
    for n in range(2, 17):
        for es in range(min(4, largest_es(n)) + 1):
            form = f"posit<{n},{es}>"

            def rounding():
                floats = inputs.around_posit(n, es, 5000)
                rounded = ours.quantize(form, floats)
                theirs = on_tensor(quantize, floats, n, es)
                if beyond_float(n, es):
                    return beyond(n, es, floats, rounded, theirs)
                return compare(floats, rounded, theirs, [nar_is_minus_infinity(floats)])

            report.case(f"{peer} {form}", rounding)

    for n, es, scale in ((8, 1, 4.0), (8, 1, 0.3), (8, 0, 17.0), (6, 1, 3.7), (16, 1, 0.01)):
        report.case(f"{peer} posit<{n},{es}> scaled by {scale}", lambda: check_scaled(quantize, ours, n, es, scale))


def check_scaled(quantize, ours, n, es, scale):
    form = f"posit<{n},{es}>"
    floats = inputs.around_posit(n, es, 5000)
    product = floats * np.float32(scale)
    overflow = np.isinf(product) & np.isfinite(floats)
    underflow = (product == 0) & (floats != 0)
    # Ours judges x, not the rounded product: no finite x gives NaR and no nonzero x gives zero.
    extreme = np.copysign(np.where(overflow, np.float32(3e38), np.float32(1e-38)), floats)
    grid = ours.quantize(form, np.where(overflow | underflow, extreme, product))
    rounded = ours.quantize(form, floats, scale=scale)
    compare(floats, rounded, grid * (np.float32(1) / np.float32(scale)))
    quotient = grid / np.float32(scale)
    if np.any(np.abs(quotient - rounded) > np.spacing(np.abs(quotient))):
        raise Mismatch("ours is more than one ulp from Q(x s) / s")
    inexact = (quotient != rounded) & ~overflow & ~underflow & np.isfinite(floats)
    differences = {
        f"x * {scale} is infinite as a float and gives -infinity, ours saturates": (overflow, -np.inf),
        f"x * {scale} is zero as a float and gives zero, ours minpos": (underflow, 0.0),
        f"divides by {scale}, ours multiplies by its reciprocal: one ulp": (inexact, quotient),
    }
    return compare(
        floats,
        rounded,
        on_tensor(quantize, floats, n, es, scale),
        [nar_is_minus_infinity(floats)]
        + [Difference(text, where, theirs) for text, (where, theirs) in differences.items() if where.any()],
    )


def qtorch_plus_beyond(n, es, floats, rounded, theirs):
    """Its limits are int32 patterns of floats, which overflow: all nonzero inputs are above them, or NaN for it."""
    live = floats != 0
    compare(floats[~live], rounded[~live], theirs[~live])
    found = np.unique(theirs[live])
    if found.size != 1 or found[0] >= 0:
        raise Mismatch(f"expected one negative value for every nonzero float, found {found[:5]}")
    maxpos = f"2^{(n - 2) << es}"
    return f"unusable: maxpos {maxpos} overflows its int32 limits, every nonzero float gives {found[0]:g}"


def nearest_posit(n, es, magnitudes):
    """Values of the posits nearest to positive numbers: a search among the boundaries, ties to the even code."""
    codes = np.arange(1, 1 << (n - 1))
    boundaries = inputs.posit_values(n + 1, es, 2 * codes + 1)[:-1]
    low = np.searchsorted(boundaries, magnitudes, side="left")  # a tie counts as below its boundary
    tie = (low < boundaries.size) & (boundaries[np.minimum(low, boundaries.size - 1)] == magnitudes)
    code = codes[low] + np.where(tie & (codes[low] % 2 == 1), 1, 0)
    return inputs.posit_values(n, es, code)


def flexposit_beyond(n, es, floats, rounded, theirs):
    """Our arrays stop at the posits that float32 holds; flexposit does not, and misreads subnormals."""
    magnitude = np.abs(floats.astype(np.float64))
    finite = np.isfinite(floats)
    subnormal = (magnitude > 0) & (magnitude < SUBNORMAL)
    # The bits of a subnormal f 2^-149 taken as those of a normal number: (1 + f 2^-23) 2^-127.
    read = np.where(subnormal, (1 + magnitude * 2.0**126) * 2.0**-127, magnitude)
    read[~finite | (magnitude == 0)] = 1.0
    expected = np.copysign(nearest_posit(n, es, read).astype(np.float32), floats)
    unlike = expected != rounded
    too_large = finite & (magnitude >= 1) & np.isinf(expected)
    differences = [
        nar_is_minus_infinity(floats),
        Difference("the posit is no float32 and becomes infinity, ours the largest that is", too_large, expected),
    ]
    misread = subnormal & unlike
    if misread.any():
        differences.append(Difference("subnormal f 2^-149 is read as (1 + f 2^-23) 2^-127", misread, expected))
    return compare(floats, rounded, theirs, differences)


# --- minifloats of qtorch_plus and flexposit -------------------------------------------------------------------------


def normal_only_float(floats, exponent_bits, mantissa_bits):
    """What both do: ties away from zero; exponents -bias..bias, without subnormals, infinities and NaN.

    Below the smallest power of two half of it decides between that and +0. With 8 exponent bits: as float32.
    """
    bias = (1 << (exponent_bits - 1)) - 1
    x = floats.astype(np.float64)
    magnitude = np.where(np.isfinite(x), np.abs(x), 2.0**128)
    _, exponent = np.frexp(np.where(magnitude == 0, 1.0, magnitude))
    step = np.exp2(np.maximum(exponent - 1, -126) - mantissa_bits)
    rounded = np.floor(magnitude / step + 0.5) * step
    largest = 2.0**bias * (2 - 2.0**-mantissa_bits)
    result = np.copysign(np.where(rounded > largest, largest, rounded), x)
    if exponent_bits < 8:
        small = rounded < 2.0**-bias
        result = np.where(small, np.where(rounded > 2.0 ** (-bias - 1), np.copysign(2.0**-bias, x), 0.0), result)
    # Rounding carries the top NaN payloads over the exponent into the sign, and the number becomes zero.
    carried = (floats.view(np.uint32) & 0x7FFFFFFF) + (1 << (22 - mantissa_bits)) > 0x7FFFFFFF
    negative = np.signbit(floats)
    zero = 0.0 if exponent_bits < 8 else np.where(negative, 0.0, -0.0)
    return np.where(np.isnan(floats) & carried, zero, result)


def check_minifloats(peer, quantize, ours, report):
    for form, (exponent_bits, mantissa_bits) in MINIFLOATS.items():

        def rounding():
            floats = inputs.around_table(ours.table(form), 5000)
            rounded = ours.quantize(form, floats)
            theirs = on_tensor(quantize, floats, exponent_bits, mantissa_bits, rounding="nearest")
            expected = normal_only_float(floats, exponent_bits, mantissa_bits)
            bias = (1 << (exponent_bits - 1)) - 1
            largest = 2.0**bias * (2 - 2.0**-mantissa_bits)
            magnitude = np.abs(floats.astype(np.float64))
            unlike = ~((expected == rounded) & (np.signbit(expected) == np.signbit(rounded)))
            subnormal = f"has no subnormals, below 2^{1 - bias} but more powers of two, and no -0"
            ties = "ties go away from zero, ours to even"
            regions = {
                "NaN gives the largest value or zero": np.isnan(floats),
                f"has no values above {largest:g}": magnitude > largest,
                subnormal: magnitude < 2.0 ** (1 - bias),
                ties: (magnitude >= 2.0 ** (1 - bias)) & (magnitude <= largest),
            }
            if form == "bf16":  # the exponent of float32 itself
                del regions[subnormal]
                regions[ties] = magnitude <= largest
            return compare(
                floats,
                rounded,
                theirs,
                [
                    Difference(text, where & unlike, expected)
                    for text, where in regions.items()
                    if (where & unlike).any()
                ],
            )

        report.case(f"{peer} float_quantize({exponent_bits}, {mantissa_bits}) = {form}", rounding)


# --- the peers -------------------------------------------------------------------------------------------------------


def check_qtorch_plus(ours, report):
    quant = torch_packages.qtorch_plus()
    check_posits("qtorch_plus", quant.posit_quantize, ours, report, lambda n: 4, qtorch_plus_beyond)
    check_minifloats("qtorch_plus", quant.float_quantize, ours, report)
    for n in (2, 3, 4, 6, 8, 12, 16):

        def rounding():
            floats = inputs.around_table(ours.table(f"int{n}"), 5000)
            rounded = ours.quantize(f"int{n}", floats)
            theirs = on_tensor(quant.fixed_point_quantize, floats, n, 0, symmetric=True, rounding="nearest")
            # It computes nearbyint((x + 0.5) - 0.5), the sum as a float: tiny numbers lose their sign there, and the
            # float after 0.5 becomes the tie.
            sum_ = floats + np.float32(0.5)
            minus_zero = (floats < 0) & (floats >= -0.5) & (sum_ != np.float32(0.5))
            above_half = floats == np.nextafter(np.float32(0.5), np.float32(1))
            return compare(
                floats,
                rounded,
                theirs,
                [
                    Difference("negative numbers that round to zero give -0, ours +0", minus_zero, -0.0),
                    Difference("the float after 0.5 gives 0, ours 1", above_half, 0.0),
                ],
            )

        report.case(f"qtorch_plus fixed_point_quantize({n}, 0, symmetric) = int{n}", rounding)


def check_flexposit(ours, report):
    formats = torch_packages.flexposit_formats()
    # It declines es >= n.
    check_posits("flexposit", formats.posit_quantize, ours, report, lambda n: n - 1, flexposit_beyond)
    check_minifloats("flexposit", formats.float_quantize, ours, report)


def check_torch(ours, report):
    import torch

    types = {"float8_e4m3fn": "fp8_e4m3", "float8_e5m2": "fp8_e5m2", "bfloat16": "bf16", "float16": "fp16"}
    for name, form in types.items():
        dtype = getattr(torch, name)
        size = torch.empty(0, dtype=dtype).element_size()

        def values():
            table = ours.table(form)
            codes = np.arange(table.size)
            words = codes.astype({1: np.uint8, 2: np.int16}[size])
            return compare(codes, table, torch.from_numpy(words).view(dtype).double().numpy())

        def rounding():
            floats = inputs.around_table(ours.table(form), 5000)
            theirs = on_tensor(torch.Tensor.to, floats, dtype)
            differences = [
                Difference(
                    "overflow, |x| >= 61440, and infinities give infinity, ours saturates",
                    np.abs(floats) >= 61440,
                    np.copysign(np.inf, floats),
                )
            ]
            return compare(floats, ours.quantize(form, floats), theirs, differences if form == "fp8_e5m2" else [])

        report.case(f"torch {name} = {form}, values of all codes", values)
        report.case(f"torch {name} = {form}, rounding", rounding)

    for n in range(2, 17):

        def fake():
            floats = inputs.around_table(ours.table(f"int{n}"), 5000)
            top = (1 << (n - 1)) - 1
            theirs = on_tensor(torch.fake_quantize_per_tensor_affine, floats, 1.0, 0, -top, top)
            return compare(
                floats,
                ours.quantize(f"int{n}", floats),
                theirs,
                [Difference("NaN gives the smallest value, ours stays NaN", np.isnan(floats), -top)],
            )

        report.case(f"torch fake_quantize = int{n}", fake)


PEERS = {"flexposit": check_flexposit, "torch": check_torch, "qtorch_plus": check_qtorch_plus}
