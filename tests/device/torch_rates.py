"""posittune.torch on a CUDA device: the same bits as the CPU, and rates as a table in Markdown. Called by tests/device/run.

Exit code 77: PyTorch sees no device. 1: results differ.
"""

import sys

import numpy as np
import torch
from posittune.torch import device

import posittune as pt
from posittune import torch as ptt

ELEMENTS = 1 << 26
FORMATS = ("posit<8,1>", "posit<6,1>", "posit<16,1>", "posit<32,2>", "fp8_e4m3", "int8", "mxfp4")


def seconds(work):
    """The least of several runs, by the device's clock."""
    least = float("inf")
    for i in range(12):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        least = min(least, begin.elapsed_time(end) / 1e3) if i >= 2 else least
    return least


def differ(name, on_cpu, on_device):
    same = np.array_equal(on_cpu.numpy().view(np.uint8), on_device.cpu().numpy().view(np.uint8))
    if not same:
        print(f"{name}: the device's result differs from the CPU's")
    return not same


def check():
    """The number of results that differ."""
    torch.manual_seed(0)
    x = torch.randint(-(1 << 31), 1 << 31, (64, 3, 4096)).to(torch.int32).view(torch.float32)
    groups, faults = torch.exp2(torch.randint(-8, 8, (64, 96)).float()), 0
    for name in FORMATS:
        for scales, axis, group in ((torch.ones(1), None, 0), (groups[:, 0].clone(), 0, 0), (groups, 0, 128)):
            arguments = (name, scales, axis)
            if group and pt.Format(name).block:
                continue
            faults += differ(
                name, ptt.quantize(x, *arguments, group=group), ptt.quantize(x.cuda(), *arguments, group=group)
            )
            codes = ptt.encode(x, *arguments, group=group), ptt.encode(x.cuda(), *arguments, group=group)
            faults += differ(f"codes of {name}", codes[0].codes, codes[1].codes)
            faults += differ(f"values of codes of {name}", codes[0].decode(), codes[1].decode())
    return faults


def qtorch_plus():
    try:
        from qtorch_plus.quant import posit_quantize
    except Exception as error:  # it compiles its kernels when it is imported
        print(f"qtorch_plus was left out: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
        return None
    return lambda x: posit_quantize(x, nsize=8, es=1)


def main():
    if not torch.cuda.is_available():
        print("skip: PyTorch sees no CUDA device")
        return 77
    print(f"\nPyTorch {torch.__version__}; the library: {'loaded' if device.library() else 'not built'}\n")
    faults, peer = check(), qtorch_plus()
    print(f"{faults} results differ from the CPU's.\n\n| what | ms | GB/s | of clone |\n|---|---:|---:|---:|")
    x = torch.randn(ELEMENTS // 4096, 4096, device="cuda")
    one, rows = torch.ones(1, device="cuda"), torch.ones(len(x), device="cuda")
    work = {"torch clone": x.clone}
    for name in FORMATS:
        work[f"{name}, a scale"] = lambda name=name: ptt.quantize(x, name, one)
        work[f"{name}, a scale for each row"] = lambda name=name: ptt.quantize(x, name, rows, 0)
    work["posit<8,1>, integer operations of torch"] = lambda: ptt.quantize_anywhere(x, "posit<8,1>", one)
    zero = torch.zeros(1, dtype=torch.int32, device="cuda")
    work["torch fake_quantize, int8"] = lambda: torch.fake_quantize_per_tensor_affine(x, one, zero, -127, 127)
    if peer:
        work["qtorch_plus posit<8,1>"] = lambda: peer(x)
    copied = None
    for what, run in work.items():
        taken = seconds(run)
        copied = copied or taken
        print(f"| {what} | {taken * 1e3:.3f} | {8 * ELEMENTS / taken / 1e9:.0f} | {copied / taken:.2f} |")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
