#!/usr/bin/env python3
"""Compares PositTune, through its executable, with other implementations of its number formats.

    peers_test.py {light,torch} POSITTUNE BUILD_FOLDER [--store]

--store keeps samples of what was compared in values-GROUP.npz, when all peers were there and agreed.

light: softposit, universal-dtypes, ml_dtypes, NumPy. torch: qtorch_plus, flexposit, PyTorch.
The packages go to BUILD_FOLDER/peers/GROUP. A peer that cannot be had is skipped by name; exit code 77 when none can.
"""

import json
import os
import sys
import tempfile

import environment


def outside(group, posittune, build, *store):
    try:
        found = environment.prepare(group, build)
    except environment.Unavailable as reason:
        print(f"skip peers_{group}: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    arguments = [
        str(found.python),
        os.path.abspath(__file__),
        "--inside",
        group,
        posittune,
        json.dumps(found.missing),
        *store,
    ]
    os.execve(found.python, arguments, found.variables())


def inside(group, posittune, missing, store):
    import numpy

    numpy.seterr(over="ignore", under="ignore", invalid="ignore")  # overflow and signalling NaNs are inputs here
    from ours import PositTune
    from report import Report, Unusable

    if group == "light":
        import light_peers as peers
    else:
        import torch_peers as peers
    report = Report()
    with tempfile.TemporaryDirectory() as scratch:
        ours = PositTune(posittune, scratch)
        for peer, check in peers.PEERS.items():
            if peer in missing:
                report.skip(peer, f"cannot be installed: {missing[peer]}")
                continue
            try:
                check(ours, report)
            except (ImportError, Unusable) as error:
                report.skip(peer, f"cannot be imported: {error}")
    if store:
        if report.failed or report.skipped:
            sys.exit("not stored: a peer is missing or differs")
        ours.store(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"values-{group}.npz"))
    report.close()


if __name__ == "__main__":
    if len(sys.argv) in (5, 6) and sys.argv[1] == "--inside":
        inside(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), sys.argv[5:] == ["--store"])
    elif (len(sys.argv) == 4 or sys.argv[4:] == ["--store"]) and sys.argv[1] in environment.PEERS:
        outside(*sys.argv[1:])
    else:
        sys.exit(__doc__)
