#!/usr/bin/env python3
"""What nvcc makes of the kernels for devices: nothing that rounds in another way than the CPU.

ptx_test.py ROOT        exit code 77 where there is no nvcc: scripts/cuda installs it
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# A fused multiply-add; arithmetic that the assembler may fuse, since it does not say how it rounds; flushed subnormals;
# approximations.
FORBIDDEN = re.compile(r"\b(?:fma\.\S*|(?:mul|add|sub|mad)\.(?:f32|f64)\b|\S+\.ftz\S*|\S+\.approx\S*|mad\.r\S*)")


def faults(ptx):
    return sorted({found for line in ptx.splitlines() for found in FORBIDDEN.findall(line)})


def self_test():
    for wrong in (
        "fma.rn.f32 %f1, %f2, %f3, %f4;",
        "mul.f32 %f1, %f2, %f3;",
        "mul.ftz.f32 %f1;",
        "rcp.approx.ftz.f64 %d1;",
    ):
        assert faults(f"  @%p1 {wrong}\n") == [wrong.split()[0]], wrong
    for right in ("mul.rn.f32 %f1, %f2, %f3;", "rcp.rn.f32 %f1, %f2;", "mad.lo.s32 %r1;", "add.s64 %rd1;"):
        assert faults(right) == [], right


def main():
    self_test()
    root = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kernels.ptx"
        done = subprocess.run(["bash", root / "scripts/cuda", "--ptx", file], capture_output=True, text=True)
        if done.returncode == 77:
            print(done.stderr.strip())
            return 77
        if done.returncode:
            print(done.stderr)
            return 1
        ptx = file.read_text()
    entries = re.findall(r"\.entry\s+(\w+)", ptx)
    rounds = len(re.findall(r"\b(?:mul|add|sub)\.rn\.f(?:32|64)", ptx))
    found = faults(ptx)
    for fault in found:
        print(f"the PTX has {fault}: results would differ from the CPU's")
    # 6 algorithms x (quantize, encode and decode of 3 types of codes) x 2 widths, and sums.
    if len(entries) < 6 * 7 * 2 or rounds < 100:
        print(f"only {len(entries)} kernels, {rounds} roundings: is this the right file?")
        return 1
    print(f"{len(entries)} kernels, {rounds} roundings, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
