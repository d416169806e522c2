#!/usr/bin/env python3
"""Compares PositTune with values on which other implementations agreed, kept by `peers_test.py GROUP ... --store`.

stored_test.py POSITTUNE
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from ours import PositTune

HERE = Path(__file__).resolve().parent
GROUPS = ("light", "torch")


def same(a, b):
    """Equal to the bit, any NaN equal to any NaN."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f":
        return bool((a == b).all())
    return bool((((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))).all())


def main(posittune):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        ours = PositTune(posittune, scratch)
        for group in GROUPS:
            kept = np.load(HERE / f"values-{group}.npz")
            for number, call in enumerate(json.loads(str(kept["calls"]))):
                given, wanted = kept[f"given{number}"], kept[f"result{number}"]
                if call["call"] == "table":
                    found = ours.table(call["form"])
                else:
                    found = ours.quantize(call["form"], given, codes=call["codes"], scale=call["scale"])
                if same(found, wanted):
                    passed += 1
                    continue
                failed += 1
                at = np.flatnonzero(found != wanted)[:3] if found.shape == wanted.shape else []
                print(
                    f"FAIL {group} {call}: "
                    + "; ".join(f"{given[i] if given.size else i}: {found[i]}, peers {wanted[i]}" for i in at)
                )
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
