#!/usr/bin/env python3
"""Writes a tile file for rtl/tb/array_test.cc from real operands: make_tile.py POSITTUNE OUTPUT [FORMAT]

The numbers are those of rtl/syn/operands.bin (weights and inputs of a layer of the GPT-2 of zoo/), encoded by the
project's own executable. Expected outputs are computed here with fractions, and rounded from the definition: no code is
shared with the array's test bench.
"""

import pathlib
import sys
from fractions import Fraction

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "syn"))
import operands  # noqa: E402

ROWS = COLS = 8
VECTORS = 64


def value(code, n, es):
    """Exact value of a posit code, or None for NaR."""
    if code == 0:
        return Fraction(0)
    if code == 1 << (n - 1):
        return None
    negative = code >> (n - 1)
    if negative:
        code = (1 << n) - code
    text = f"{code:0{n}b}"[1:]
    run = len(text) - len(text.lstrip(text[0]))
    k = run - 1 if text[0] == "1" else -run
    rest = text[run + 1 :]
    exponent = int((rest[:es] + "0" * es)[:es] or "0", 2)
    fraction = rest[es:]
    significand = Fraction(int("1" + fraction, 2), 1 << len(fraction))
    result = significand * Fraction(2) ** (k * (1 << es) + exponent)
    return -result if negative else result


def nearest(x, n, es, table):
    """Code of the posit nearest to x, ties to even on the bit string (posit standard 2022)."""
    if x == 0:
        return 0
    negative, x = x < 0, abs(x)
    codes = range(1, 1 << (n - 1))
    low = max((c for c in codes if table[c] <= x), default=1)
    if low == codes[-1] or table[low] >= x:
        code = low
    else:  # the tie is the posit of one bit more between the two
        tie = value(2 * low + 1, n + 1, es)
        code = low if x < tie or (x == tie and low % 2 == 0) else low + 1
    return (1 << n) - code if negative else code


def main():
    executable, output = sys.argv[1], pathlib.Path(sys.argv[2])
    name = sys.argv[3] if len(sys.argv) > 3 else "posit<8,1>"
    n, es = (int(part) for part in name[name.index("<") + 1 : -1].split(","))
    weights, inputs = (operands.encode(executable, name, which) for which in (0, 1))
    table = [value(code, n, es) for code in range(1 << n)]
    digits = (n + 3) // 4
    write = lambda codes: " ".join(f"{code:0{digits}x}" for code in codes)  # noqa: E731
    lines = ["# tile of a layer of zoo/gpt2, by rtl/tb/make_tile.py", f"format {name}", f"rows {ROWS}", f"cols {COLS}"]
    # Column c has the weights of lane c; vectors are the inputs of later lanes.
    matrix = [[weights[c * operands.STEPS + r] for c in range(COLS)] for r in range(ROWS)]
    lines += ["w " + write(row) for row in matrix]
    for v in range(VECTORS):
        x = [inputs[v * operands.STEPS + r] for r in range(ROWS)]
        sums = [sum(table[x[r]] * table[matrix[r][c]] for r in range(ROWS)) for c in range(COLS)]
        lines.append(f"x {write(x)} : {write(nearest(s, n, es, table) for s in sums)}")
    output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
