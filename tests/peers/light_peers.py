"""softposit, universal-dtypes, ml_dtypes and NumPy against PositTune."""

import inputs
import numpy as np
from report import Difference, Mismatch, compare

UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32}


def require(condition, text):
    if not condition:
        raise Mismatch(text)


# --- softposit: a C library behind SWIG, one number per call ---------------------------------------------------------


def softposit_codecs():
    """(format, n, es, encode float -> code, decode code -> float); at most a microsecond or five per call."""
    import _softposit as c

    def fixed(n, convert, get, make, back):
        def decode(code):
            posit = make()
            posit.v = code
            return back(posit)

        return (lambda x: get(convert(x)) & ((1 << n) - 1)), decode

    import softposit as sp

    yield "posit8", 8, 0, *fixed(8, c.convertDoubleToP8, c.posit8_t_v_get, sp.posit8_t, c.convertP8ToDouble)
    yield "posit16", 16, 1, *fixed(16, c.convertDoubleToP16, c.posit16_t_v_get, sp.posit16_t, c.convertP16ToDouble)
    yield "posit32", 32, 2, *fixed(32, c.convertDoubleToP32, c.posit32_t_v_get, sp.posit32_t, c.convertP32ToDouble)

    for n in range(2, 33):

        def encode(x, n=n):
            word = c.posit_2_t_v_get(c.convertDoubleToPX2(x, n))
            require(word & ((1 << (32 - n)) - 1) == 0, f"softposit posit_2: word 0x{word:08x} has bits below {n}")
            return word >> (32 - n)

        def decode(code, n=n):
            posit = sp.posit_2_t()
            posit.v = code << (32 - n)
            return c.convertPX2ToDouble(posit)

        yield "posit_2", n, 2, encode, decode


def check_softposit(ours, report):
    for name, n, es, encode, decode in softposit_codecs():
        form = f"posit<{n},{es}>"
        nar = 1 << (n - 1)

        def values():
            codes = np.arange(1 << n)
            return compare(
                codes,
                ours.table(form),
                [decode(int(c)) for c in codes],
                [Difference("NaR as a double is +infinity, ours NaN", codes == nar, np.inf)],
            )

        def rounding():
            floats = inputs.around_posit(n, es, 20000 if n <= 16 else 3000)
            codes = ours.quantize(form, floats, codes=True)
            phrase = compare(floats, codes, [encode(x) for x in floats.tolist()])
            distinct, places = np.unique(codes, return_inverse=True)
            decoded = np.array([decode(int(c)) for c in distinct])[places]
            compare(floats, ours.quantize(form, floats), np.where(codes == nar, np.nan, decoded))
            return phrase

        if n <= 16:
            report.case(f"softposit {name} = {form}, values of all codes", values)
        report.case(f"softposit {name} = {form}, codes of floats", rounding)


# --- universal-dtypes: NumPy data types ------------------------------------------------------------------------------

UNIVERSAL_POSITS = {
    "posit8e0": (8, 0),
    "posit8e1": (8, 1),
    "posit8": (8, 2),
    "posit12": (12, 2),
    "posit16e1": (16, 1),
    "posit16": (16, 2),
    "posit20": (20, 2),
    "posit24": (24, 2),
    "posit28": (28, 2),
    "posit32": (32, 2),
}


def raw(array):
    return array.view(UNSIGNED[array.dtype.itemsize])


def from_raw(codes, dtype):
    size = np.dtype(dtype).itemsize
    return codes.astype(UNSIGNED[size]).view(dtype).astype(np.float64)


def check_universal(ours, report):
    import universal_dtypes as ud

    for name, (n, es) in UNIVERSAL_POSITS.items():
        form, dtype = f"posit<{n},{es}>", getattr(ud, name)

        def values():
            codes = np.arange(1 << n)
            return compare(codes, ours.table(form), from_raw(codes, dtype))

        def rounding():
            floats = inputs.around_posit(n, es, 20000)
            theirs = floats.astype(dtype)
            compare(floats, ours.quantize(form, floats, codes=True), raw(theirs))
            return compare(floats, ours.quantize(form, floats), theirs.astype(np.float64))

        if n <= 16:
            report.case(f"universal-dtypes {name} = {form}, values of all codes", values)
        report.case(f"universal-dtypes {name} = {form}, rounding", rounding)

    for name, form in {"bfloat16": "bf16", "fp16": "fp16", "fp8e5m2": "fp8_e5m2"}.items():
        dtype = getattr(ud, name)

        def float_values():
            table = ours.table(form)
            codes = np.arange(table.size)
            top = table.size // 2 - 1  # all ones but the sign
            infinity = np.flatnonzero(table == np.inf)[0]
            sign = codes & (top + 1) > 0
            magnitude = codes & top
            cfloat = (
                []
                if name == "bfloat16"
                else [
                    Difference("cfloat reads IEEE's infinity as NaN", magnitude == infinity, np.nan),
                    Difference(
                        "cfloat's infinity is the last but one code, IEEE's NaN",
                        magnitude == top - 1,
                        np.where(sign, -np.inf, np.inf),
                    ),
                ]
            )
            return compare(codes, table, from_raw(codes, dtype), cfloat)

        def float_rounding():
            floats = inputs.around_table(ours.table(form), 20000)
            return compare(
                floats,
                ours.quantize(form, floats),
                floats.astype(dtype).astype(np.float64),
                overflow(form, floats, 61440, np.inf) if form == "fp8_e5m2" else [],
            )

        report.case(f"universal-dtypes {name} = {form}, values of all codes", float_values)
        report.case(f"universal-dtypes {name} = {form}, rounding", float_rounding)


def overflow(form, floats, limit, theirs):
    """Saturation (OCP OFP8, section 5.2.2; ours) against the overflow of the non-saturating conversion."""
    return [
        Difference(
            f"overflow, |x| >= {limit:g}, and infinities give {theirs}, ours saturates",
            np.abs(floats) >= limit,
            theirs if np.isnan(theirs) else np.copysign(theirs, floats),
        )
    ]


# --- ml_dtypes: NumPy data types -------------------------------------------------------------------------------------

ML_FLOATS = {
    "bfloat16": "bf16",
    "float8_e4m3fn": "fp8_e4m3",
    "float8_e5m2": "fp8_e5m2",
    "float8_e3m4": "fp8_e3m4",
    "float6_e2m3fn": "fp6_e2m3",
    "float6_e3m2fn": "fp6_e3m2",
    "float4_e2m1fn": "fp4_e2m1",
}


def ml_differences(form, floats):
    """For rounding."""
    if form == "fp8_e4m3":
        # 464 is the tie between 448 and the code of NaN, and goes to the even 448.
        return [
            Difference("overflow, |x| > 464, and infinities give NaN, ours saturates", np.abs(floats) > 464, np.nan)
        ]
    if form == "fp8_e5m2":
        return overflow(form, floats, 61440, np.inf)
    if form == "fp8_e3m4":
        return [
            Difference(
                "IEEE style: above 15.5 (from the tie 15.75) infinity; ours, OCP style, has values to 30",
                np.abs(floats) >= 15.75,
                np.copysign(np.inf, floats),
            )
        ]
    if form.startswith(("fp6", "fp4")):
        # The sign of the NaN, inverted, comes out; OCP MX leaves NaN undefined.
        return [
            Difference(
                "NaN gives zero with the other sign, ours stays NaN",
                np.isnan(floats),
                np.where(np.signbit(floats), 0.0, -0.0),
            )
        ]
    return []


def check_ml_dtypes(ours, report):
    import ml_dtypes

    for name, form in ML_FLOATS.items():
        dtype = getattr(ml_dtypes, name)

        def values():
            table = ours.table(form)
            codes = np.arange(table.size)
            theirs = from_raw(codes, dtype)
            if form != "fp8_e3m4":
                return compare(codes, table, theirs)
            magnitude = codes & 0x7F
            return compare(
                codes,
                table,
                theirs,
                [
                    Difference(
                        "code 0x70 is infinity, ours 16", magnitude == 0x70, np.where(codes > 0x7F, -np.inf, np.inf)
                    ),
                    Difference(
                        "codes 0x71..0x7e are NaN, ours 17..30", (magnitude > 0x70) & (magnitude < 0x7F), np.nan
                    ),
                ],
            )

        def rounding():
            floats = inputs.around_table(ours.table(form), 20000)
            theirs = floats.astype(dtype)
            rounded = ours.quantize(form, floats)
            differences = ml_differences(form, floats)
            phrase = compare(floats, rounded, theirs.astype(np.float64), differences)
            alike = np.isfinite(rounded)
            for difference in differences:
                alike &= ~difference.where
            compare(floats[alike], ours.quantize(form, floats[alike], codes=True), raw(theirs[alike]))
            return phrase

        report.case(f"ml_dtypes {name} = {form}, values of all codes", values)
        report.case(f"ml_dtypes {name} = {form}, rounding and codes", rounding)

    for n in (2, 4):
        check_ml_integer(ours, report, n, getattr(ml_dtypes, f"int{n}"))
    for form, element, largest in (
        ("mxfp8", ml_dtypes.float8_e4m3fn, 8),
        ("mxfp8_e5m2", ml_dtypes.float8_e5m2, 15),
        ("mxfp6", ml_dtypes.float6_e2m3fn, 2),
        ("mxfp6_e3m2", ml_dtypes.float6_e3m2fn, 4),
        ("mxfp4", ml_dtypes.float4_e2m1fn, 2),
    ):
        report.case(
            f"ml_dtypes blocks of 32, float8_e8m0fnu times {np.dtype(element).name} = {form}",
            lambda: check_block(ours, form, element, largest),
        )


def check_ml_integer(ours, report, n, dtype):
    form = f"int{n}"
    half = 1 << (n - 1)

    def values():
        codes = np.arange(1 << n)
        # The type is a byte for each value; bits above n are ignored.
        return compare(
            codes,
            ours.table(form),
            codes.astype(np.uint8).view(dtype).astype(np.float64),
            [Difference(f"has {-half}, ours is symmetric", codes == half, -half)],
        )

    def rounding():
        floats = inputs.around_table(ours.table(form), 20000)
        floats = floats[np.abs(floats) < half]  # a cast of larger ones has no defined result
        rounded = ours.quantize(form, floats)
        truncated = np.trunc(floats) + 0.0
        compare(floats, rounded, rounded.astype(dtype).astype(np.float64))
        return compare(
            floats,
            rounded,
            floats.astype(dtype).astype(np.float64),
            [Difference("truncates, ours rounds to nearest even", truncated != rounded, truncated)],
        )

    report.case(f"ml_dtypes int{n} = {form}, values of all codes", values)
    report.case(f"ml_dtypes int{n} = {form}, |x| < {half}", rounding)


def check_block(ours, form, element, largest):
    """OCP MX v1.0, section 6.3: shared scale 2^(floor(log2(max |x|)) - emax), elements saturate."""
    import ml_dtypes

    random = np.random.default_rng(inputs.SEED)
    x = random.normal(0, 1, (256, 32)) * np.exp2(random.integers(-60, 60, (256, 1)))
    x[0], x[1, 1:] = 0.0, 0.0
    x[2] = np.ldexp(np.arange(1, 33), -5)
    x = x.astype(np.float32)
    _, exponent = np.frexp(np.max(np.abs(x), axis=1, keepdims=True))
    biased = np.where(np.any(x != 0, axis=1, keepdims=True), exponent - 1 - largest + 127, 0).astype(np.uint8)
    scale = biased.view(ml_dtypes.float8_e8m0fnu).astype(np.float64)
    bound = float(ml_dtypes.finfo(element).max)
    elements = np.clip(x / scale, -bound, bound).astype(element)
    ours_values = ours.quantize(form, x)
    codes = ours.quantize(form, x, codes=True)
    exponents = ours.exponents()
    live = np.any(x != 0, axis=1)
    compare(x[live, 0], exponents[live, 0], biased[live, 0])
    compare(x[live].ravel(), codes[live].ravel(), raw(elements[live]).ravel())
    return compare(x.ravel(), ours_values.ravel(), (elements.astype(np.float64) * scale).ravel())


# --- NumPy -----------------------------------------------------------------------------------------------------------


def check_numpy(ours, report):
    def values():
        codes = np.arange(1 << 16)
        return compare(codes, ours.table("fp16"), from_raw(codes, np.float16))

    def rounding():
        floats = inputs.around_table(ours.table("fp16"), 20000)
        return compare(floats, ours.quantize("fp16", floats), floats.astype(np.float16))

    report.case("numpy float16 = fp16, values of all codes", values)
    report.case("numpy float16 = fp16, rounding", rounding)


PEERS = {
    "softposit": check_softposit,
    "universal-dtypes": check_universal,
    "ml-dtypes": check_ml_dtypes,
    "numpy": check_numpy,
}
