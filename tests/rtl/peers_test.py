"""Results of posit_mac and posit_round against universal-dtypes and softposit: peers_test.py RTL_VECTORS BUILD

Every library decodes the operands and rounds the exact result itself; products of universal-dtypes are its own.
Without a network the test skips (77).
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
COUNT = 20000
FORMATS = {
    "p8e0": (8, 0, "posit8e0"),
    "p8e2": (8, 2, "posit8"),
    "p16e1": (16, 1, "posit16e1"),
    "p16e2": (16, 2, "posit16"),
}


def inside(program):
    """Runs in the environment that has the peers."""
    from fractions import Fraction

    import light_peers
    import numpy as np
    import universal_dtypes as ud

    softposit = {(n, es): (encode, decode) for _, n, es, encode, decode in light_peers.softposit_codecs()}
    bad = 0
    for model, (n, es, name) in FORMATS.items():
        dtype, nar = getattr(ud, name), 1 << (n - 1)
        text = subprocess.run([program, model, str(COUNT)], capture_output=True, text=True, check=True).stdout
        lines = [
            ([int(c, 16) for c in left.split()], int(right, 16))
            for left, right in (line.split(":") for line in text.splitlines())
        ]
        assert len(lines) == COUNT
        values = light_peers.from_raw(np.arange(1 << n), dtype)
        round_universal = lambda x: int(light_peers.raw(np.array([x]).astype(dtype))[0])  # noqa: E731
        seen = {"universal": 0, "softposit": 0, "product": 0, "NaR": 0}
        for codes, result in lines:
            if nar in codes:
                seen["NaR"] += 1
                bad += result != nar
                continue
            if len(codes) == 2:
                product = np.array([codes[0]], light_peers.UNSIGNED[n // 8]).view(dtype) * np.array(
                    [codes[1]], light_peers.UNSIGNED[n // 8]
                ).view(dtype)
                seen["product"] += 1
                if int(light_peers.raw(product)[0]) != result:
                    bad += 1
                    print(
                        f"{model}: {codes} gives {result:x}, universal's product is {int(light_peers.raw(product)[0]):x}"
                    )
            exact = sum(
                Fraction(float(values[a])) * Fraction(float(values[b])) for a, b in zip(codes[::2], codes[1::2])
            )
            if Fraction(float(exact)) != exact:
                continue  # a double does not hold it
            seen["universal"] += 1
            if round_universal(float(exact)) != result:
                bad += 1
                print(f"{model}: {codes} gives {result:x}, universal rounds to {round_universal(float(exact)):x}")
            if (n, es) in softposit:
                seen["softposit"] += 1
                theirs = softposit[n, es][0](float(exact))
                if theirs != result:
                    bad += 1
                    print(f"{model}: {codes} gives {result:x}, softposit rounds to {theirs:x}")
        print(f"posit<{n},{es}>: {seen}, {bad} differences so far")
        assert seen["universal"] > COUNT // 3 and seen["NaR"] > 0
    return 1 if bad else 0


def main():
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    import environment

    program, build = sys.argv[1:]
    try:
        home = environment.prepare("light", build)
    except environment.Unavailable as reason:
        print(f"skipped: {reason}")
        return 77
    if home.missing:
        print(f"skipped: {home.missing}")
        return 77
    return subprocess.run([home.python, __file__, "--inside", program], env=home.variables()).returncode


sys.exit(main())
