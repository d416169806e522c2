#!/usr/bin/env python3
"""Verilator -Wall on every unit, at several parameters; and parameters that must be refused."""

import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1]) / "rtl/src"
FORMATS = [(4, 0), (4, 4), (5, 1), (8, 1), (10, 1), (16, 2), (32, 0), (32, 4)]
FLOATS = [(4, 3, 1, 1), (5, 2, 1, 2), (2, 3, 1, 0), (2, 1, 1, 0), (8, 7, 0, 2), (5, 10, 1, 2), (8, 23, 0, 2)]
CONVERSIONS = [{"EXP": 8, "MAN": 23}, {"EXP": 8, "MAN": 7}, {"EXP": 5, "MAN": 10}]


def lint(top, parameters):
    command = [
        "verilator",
        "--lint-only",
        "-Wall",
        *(f"-G{k}={v}" for k, v in parameters.items()),
        str(SOURCE / "posit_pkg.sv"),
        str(SOURCE / f"{top}.sv"),
        "-y",
        str(SOURCE),
        "--top-module",
        top,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    # Since 5.02x a report of sizes and times ("- Verilator: ...") goes to stdout; what it finds begins otherwise.
    lines = (done.stdout + done.stderr).splitlines(keepends=True)
    return done.returncode, "".join(line for line in lines if not line.startswith("- "))


def accepted():
    for n, es in FORMATS:
        for module in ("posit_mac", "posit_round", "posit_dot"):
            yield module, {"N": n, "ES": es}
        for conversion in CONVERSIONS:
            yield "posit_to_float", {"N": n, "ES": es, **conversion}
            yield "float_to_posit", {"N": n, "ES": es, **conversion}
        for bits in (4, 8, 16, 32):
            yield "posit_to_int", {"N": n, "ES": es, "BITS": bits}
            yield "int_to_posit", {"N": n, "ES": es, "BITS": bits}
    for pipeline in range(4):
        yield "posit_mac", {"PIPELINE": pipeline}
        yield "posit_mac_multi", {"PIPELINE": pipeline}
        yield "posit_mac_mixed", {"PIPELINE": pipeline}
        for a, b in ((4, 4), (8, 8), (16, 16), (4, 8), (16, 5)):
            yield "int_mac", {"A_N": a, "N": b, "PIPELINE": pipeline}
        for values in FLOATS:
            yield "float_mac", dict(zip(("EXP", "MAN", "SUBNORMAL", "SPECIALS"), values), PIPELINE=pipeline)
    for a, n, es in ((4, 8, 0), (8, 8, 1), (5, 16, 2), (4, 32, 4)):
        yield "posit_mac_mixed", {"A_N": a, "N": n, "ES": es}
    yield "posit_mac_mixed", {"ACC_WIDTH": 60}
    yield "int_mac", {"A_N": 5, "N": 16, "ACC_WIDTH": 21}
    yield "posit_mac", {"N": 16, "TRUNCATE": 28}
    yield "posit_mac", {"N": 16, "TRUNCATE": 32, "ACC_WIDTH": 48}
    for rows, cols in ((1, 1), (2, 3)):
        yield "systolic_array", {"ROWS": rows, "COLS": cols}


# What the message must say.
REFUSED = [
    ("posit_mac", {"N": 3}, "posit_mac: N must be 4..32"),
    ("posit_mac", {"N": 33}, "posit_mac: N must be 4..32"),
    ("posit_mac", {"ES": 5}, "posit_mac: ES must be 0..4"),
    ("posit_mac", {"PIPELINE": 4}, "posit_mac: PIPELINE must be 0..3"),
    ("posit_mac", {"TRUNCATE": 25}, "posit_mac: TRUNCATE must be"),
    ("posit_mac", {"ACC_WIDTH": 20}, "posit_mac: ACC_WIDTH must"),
    ("posit_mac", {"GUARD": 0}, "posit_mac: GUARD must be at least 1"),
    ("posit_mac_multi", {"PIPELINE": 4}, "posit_mac_multi: PIPELINE must be 0..3"),
    ("posit_round", {"N": 33}, "posit_round: N must be 4..32"),
    ("posit_dot", {"N": 33}, "posit_dot: N must be 4..32"),
    ("posit_dot", {"K": 0}, "posit_dot: K must be at least 1"),
    ("posit_mac_mixed", {"A_N": 9}, "posit_mac_mixed: A_N must be 4..N"),
    ("posit_to_float", {"N": 33}, "posit_to_float: N must be 4..32"),
    ("posit_to_float", {"EXP": 4, "MAN": 3}, "posit_to_float: EXP, MAN must be"),
    ("float_to_posit", {"ES": 5}, "float_to_posit: ES must be 0..4"),
    ("float_to_posit", {"EXP": 8, "MAN": 10}, "float_to_posit: EXP, MAN must be"),
    ("posit_to_int", {"BITS": 33}, "posit_to_int: BITS must be 4..32"),
    ("int_to_posit", {"BITS": 3}, "int_to_posit: BITS must be 4..32"),
    ("int_mac", {"N": 17}, "int_mac: N must be 4..16"),
    ("int_mac", {"A_N": 3}, "int_mac: A_N must be 4..16"),
    ("int_mac", {"A_N": 8, "N": 16, "ACC_WIDTH": 23}, "int_mac: ACC_WIDTH must be at least A_N + N"),
    ("int_mac", {"PIPELINE": 4}, "int_mac: PIPELINE must be 0..3"),
    ("float_mac", {"EXP": 9}, "float_mac: EXP must be 2..8"),
    ("systolic_array", {"ES": 5}, "systolic_array: ES must be 0..4"),
]


def main():
    bad = []
    count = 0
    for top, parameters in accepted():
        count += 1
        code, text = lint(top, parameters)
        if code or text:
            bad.append(f"{top} {parameters}: {text[:600]}")
    for top, parameters, message in REFUSED:
        count += 1
        code, text = lint(top, parameters)
        if not code or message not in text:
            bad.append(f"{top} {parameters}: expected to fail with `{message}`, found: {text[:400]}")
    print("\n".join(bad))
    print(f"{count} cases, {len(bad)} bad")
    sys.exit(1 if bad else 0)


main()
