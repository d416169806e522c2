"""The floats on which two implementations of a number format are compared.

Written from the definition of the formats only to find the interesting places; no result of a test is computed here.
"""

import numpy as np

SEED = 20240603


def posit_values(n, es, codes):
    """Exact values (float64) of posit<n,es> codes; NaR is NaN. n + fraction fit float64 for n <= 33, es <= 4."""
    codes = np.asarray(codes, dtype=np.int64)
    sign = (codes >> (n - 1)) & 1
    magnitude = np.where(sign == 1, (1 << n) - codes, codes) & ((1 << n) - 1)
    body = magnitude << (64 - n)  # regime starts at bit 62; int64 keeps bit 63 clear except for NaR
    body = body & np.int64(0x7FFFFFFFFFFFFFFF)
    ones = (body >> 62) & 1
    flipped = np.where(ones == 1, ~(body << 1), body << 1).view(np.uint64)
    run = np.minimum(leading_zeros(flipped), n - 1)
    regime = np.where(ones == 1, run - 1, -run)
    tail = np.where(run + 2 > 63, 0, body << np.minimum(run + 2, 63)).view(np.uint64)  # exponent at the top
    exponent = (tail >> np.uint64(64 - es)).astype(np.int64) if es else np.zeros_like(codes)
    fraction = (tail << np.uint64(es)).astype(np.float64) * 2.0**-64
    value = np.ldexp(1.0 + fraction, (regime * (1 << es) + exponent).astype(np.int32))
    value = np.where(sign == 1, -value, value)
    value[magnitude == 0] = 0.0
    value[codes == 1 << (n - 1)] = np.nan
    return value


def leading_zeros(words):
    """Leading zero bits of uint64 words."""
    count = np.zeros(words.shape, dtype=np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        high = words >> np.uint64(64 - step)
        empty = high == 0
        count += np.where(empty, step, 0)
        words = np.where(empty, words << np.uint64(step), words)
    return count + (words == 0)


def neighbours(values):
    """The float32 nearest to each value, and the floats one ulp below and above it."""
    centre = np.asarray(values, dtype=np.float64).astype(np.float32)
    below = np.nextafter(centre, np.float32(-np.inf))
    above = np.nextafter(centre, np.float32(np.inf))
    return np.concatenate([centre, below, above])


def extremes():
    """Zeros, the whole range of powers of two with subnormals, the largest floats, infinities, NaNs of both signs."""
    powers = np.ldexp(np.float32(1.0), np.arange(-149, 128)).astype(np.float32)
    limits = np.array([0.0, np.finfo(np.float32).max, np.inf], dtype=np.float32)
    positive = np.concatenate([neighbours(powers), limits])
    nans = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF], dtype=np.uint32)
    return np.concatenate([positive, -positive, nans.view(np.float32)])


def random_floats(count, largest):
    """Random bit patterns, and log-uniform and normal values in the range of the format."""
    random = np.random.default_rng(SEED)
    bits = random.integers(0, 1 << 32, count, dtype=np.uint32).view(np.float32)
    span = min(np.log2(largest) + 2, 126)
    spread = np.exp2(random.uniform(-span, span, count)) * random.choice([-1.0, 1.0], count)
    normal = random.normal(0.0, 1.0, count) * random.choice([1e-3, 1.0, 30.0], count)
    return np.concatenate([bits, spread.astype(np.float32), normal.astype(np.float32)])


def around(values, boundaries, count=40000):
    """All values and boundaries with their neighbours of one float ulp, the extremes, and random floats."""
    values, boundaries = np.asarray(values, dtype=np.float64), np.asarray(boundaries, dtype=np.float64)
    marked = np.concatenate([values[np.isfinite(values)], boundaries[np.isfinite(boundaries)]])
    largest = np.max(np.abs(values[np.isfinite(values)]))
    found = np.concatenate([neighbours(marked), neighbours(-marked), extremes(), random_floats(count, largest)])
    return np.unique(found.astype(np.float32).view(np.uint32)).view(np.float32)


def around_posit(n, es, count=40000):
    """The inputs for posit<n,es>: every code to n = 16, above it codes of every regime with random fractions.

    The boundary above code c is the value of code 2c+1 of posit<n+1,es>.
    """
    if n <= 16:
        codes = np.arange(1 << n, dtype=np.int64)
    else:
        random = np.random.default_rng(SEED)
        lengths = random.integers(1, n + 1, count)
        edges = np.concatenate([1 << np.arange(n), (1 << n) - (1 << np.arange(n)), np.array([0, 1, 2, 3])])
        spread = random.integers(0, 1 << n, count) >> (n - lengths)
        spread = np.concatenate([spread, ((1 << (n - 1)) - 1) & ~spread, edges - 1, edges, edges + 1])
        codes = np.unique(np.concatenate([spread, (1 << n) - spread]) & ((1 << n) - 1))
    return around(posit_values(n, es, codes), posit_values(n + 1, es, 2 * codes + 1), count)


def around_table(table, count=40000):
    """The inputs for a format given by its table of values: boundaries lie half-way between neighbours."""
    values = np.unique(np.abs(np.asarray(table)[np.isfinite(table)]))
    ties = (values[1:] + values[:-1]) / 2
    step = values[-1] - values[-2]
    return around(values, np.concatenate([ties, values[-1] + step * np.array([0.5, 1.0])]), count)
