"""Comparison of two implementations, to the bit, with differences that must be exactly the documented ones."""

import sys
import traceback
from dataclasses import dataclass

import numpy as np


@dataclass
class Difference:
    """Where a peer differs from us, and what it gives there."""

    text: str
    where: np.ndarray  # true for the inputs concerned
    theirs: object  # value or array of the peer's results


class Mismatch(Exception):
    pass


class Unusable(Exception):
    """A peer is installed and does not work here."""


def same(a, b):
    """Equal to the bit, any NaN equal to any NaN."""
    return ((a == b) & (np.signbit(a) == np.signbit(b))) | (np.isnan(a) & np.isnan(b))


def describe(x, ours, theirs):
    place = f"{float(x)!r} (0x{x.view(np.uint32):08x})" if isinstance(x, np.float32) else f"code {x}"
    return f"{place}: ours {float(ours)!r}, theirs {float(theirs)!r}"


def first(mask, inputs, ours, theirs, count=5):
    places = np.flatnonzero(mask)
    lines = [describe(inputs[i], ours[i], theirs[i]) for i in places[:count]]
    return f"{places.size} of {mask.size}\n      " + "\n      ".join(lines)


def compare(inputs, ours, theirs, differences=()):
    """Raises Mismatch unless the peer equals us everywhere but where documented, and there differs as documented.

    Returns one phrase for the log.
    """
    inputs = np.asarray(inputs)
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if inputs.size == 0 or ours.shape != inputs.shape or theirs.shape != inputs.shape:
        raise Mismatch(f"shapes {inputs.shape}, {ours.shape}, {theirs.shape}")
    unlike = ~same(ours, theirs)
    explained = np.zeros(inputs.shape, dtype=bool)
    phrases = []
    for difference in differences:
        expected = np.broadcast_to(np.asarray(difference.theirs, dtype=np.float64), inputs.shape)
        wrong = difference.where & ~same(theirs, expected)
        if wrong.any():
            raise Mismatch(
                f"not as documented, '{difference.text}' means {expected[wrong][0]!r}: "
                + first(wrong, inputs, ours, theirs)
            )
        gone = difference.where & ~unlike
        if gone.any() or not difference.where.any():
            raise Mismatch(
                f"the documented difference is gone, '{difference.text}': " + first(gone, inputs, ours, theirs)
            )
        explained |= difference.where
        phrases.append(f"{np.count_nonzero(difference.where)}: {difference.text}")
    unexplained = unlike & ~explained
    if unexplained.any():
        raise Mismatch("differs: " + first(unexplained, inputs, ours, theirs))
    if not phrases:
        return f"{inputs.size} agree"
    alike = inputs.size - np.count_nonzero(explained)
    return f"{alike} of {inputs.size} agree; differs as documented in " + "; in ".join(phrases)


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def case(self, name, check):
        """check() returns a phrase, or raises."""
        try:
            phrase = check()
        except Mismatch as mismatch:
            self.failed += 1
            print(f"FAIL {name}: {mismatch}", flush=True)
        except Exception:
            self.failed += 1
            print(f"FAIL {name}: {traceback.format_exc()}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name}: {phrase}", flush=True)

    def skip(self, peer, reason):
        self.skipped += 1
        print(f"skip {peer}: {reason}", flush=True)

    def close(self):
        """The closing line; the exit code: 77 when nothing could be compared."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.exit(1 if self.failed else 0 if self.passed else 77)
