"""Times one peer: peer_worker.py NAME, or NAME:FORMAT of our own package. Speaks JSON lines: says it is ready, then answers every question.

{"ready": true} or {"error": "why it cannot run"}
<- {"size": 262144, "seconds": 0.1, "cpu": false}      -> {"ns": 52.1, "size": 262144}
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/peers"))
import torch_packages  # noqa: E402
from inputs import posit_values  # noqa: E402

N, ES = 8, 1
SOFTPOSIT_SIZE = 20000  # one Python call per number: the size does not matter to it


def posittune(x, form):
    """pt.quantize: the whole call."""
    import posittune as pt

    form = pt.Format(form)
    return lambda: pt.quantize(x, form, threads=1), x.size


def posittune_out(x, form):
    """pt.quantize into an array that is there, as numpy_copy."""
    import posittune as pt

    form, y = pt.Format(form), np.empty_like(x)
    return lambda: pt.quantize(x, form, out=y, threads=1), x.size


def posittune_torch(x, form):
    """The operator of posittune.torch on a CPU tensor."""
    import posittune.torch as ptt

    tensor = on_torch(x)
    return lambda: ptt.quantize(tensor, form), x.size


def ml_dtypes(x):
    import ml_dtypes as types

    return lambda: x.astype(types.float8_e4m3fn).astype(np.float32), x.size


def softposit(x):
    import _softposit as c

    numbers = x[:SOFTPOSIT_SIZE].tolist()
    return lambda: [c.convertP8ToDouble(c.convertDoubleToP8(v)) for v in numbers], len(numbers)


def universal_dtypes(x):
    import universal_dtypes as ud

    return lambda: x.astype(ud.posit8e1).astype(np.float32), x.size


def flexposit(x):
    tensor, quantize = on_torch(x), torch_packages.flexposit_formats().posit_quantize
    return lambda: quantize(tensor, N, ES), x.size


def qtorch_plus(x):
    tensor, quantize = on_torch(x), torch_packages.qtorch_plus().posit_quantize
    return lambda: quantize(tensor, N, ES), x.size


def qtorch_plus_o3(x):
    """The package's own C++ source, compiled again with -O3 in the environment's folder of extensions."""
    from torch.utils.cpp_extension import load

    tensor = on_torch(x)
    with torch_packages.quiet():
        module = load(name="quant_cpu_o3", sources=torch_packages.qtorch_plus_sources(), extra_cflags=["-O3"])
    return lambda: module.posit_quantize_nearest(tensor, N, ES, 1.0), x.size


def torch_fake_quantize(x):
    import torch

    tensor = on_torch(x)
    return lambda: torch.fake_quantize_per_tensor_affine(tensor, 1 / 32, 0, -127, 127), x.size


def torch_bucketize(x):
    """A search among the 254 boundaries of posit<8,1>, then its table."""
    import torch

    codes = (np.arange(-127, 128) & 0xFF).astype(np.int64)
    values = torch.from_numpy(posit_values(N, ES, codes).astype(np.float32))
    upper = (2 * np.arange(-127, 127) + 1) & 0x1FF
    boundaries = torch.from_numpy(posit_values(N + 1, ES, upper).astype(np.float32))
    tensor = on_torch(x)
    return lambda: values[torch.bucketize(tensor, boundaries)], x.size


def numpy_copy(x):
    y = np.empty_like(x)
    return lambda: np.copyto(y, x), x.size


def on_torch(x):
    import torch

    torch.set_num_threads(1)
    return torch.from_numpy(x)


PEERS = {
    peer.__name__: peer
    for peer in (
        posittune,
        posittune_out,
        posittune_torch,
        ml_dtypes,
        softposit,
        universal_dtypes,
        flexposit,
        qtorch_plus,
        qtorch_plus_o3,
        torch_fake_quantize,
        torch_bucketize,
        numpy_copy,
    )
}


def seconds_per_call(call, seconds, clock):
    """Mean over as many calls as fill the time, one at least."""
    calls, start = 0, clock()
    while True:
        call()
        calls += 1
        elapsed = clock() - start
        if elapsed >= seconds:
            return elapsed / calls


def main(name):
    answers = os.fdopen(os.dup(1), "w", buffering=1)  # libraries may print on stdout, which goes to stderr
    os.dup2(2, 1)

    def say(**fields):
        answers.write(json.dumps(fields) + "\n")

    name, *form = name.split(":")
    try:
        PEERS[name](np.ones(16, dtype=np.float32), *form)[0]()
    except Exception as error:
        say(error=f"{type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error).strip() else ''}")
        return
    say(ready=True)
    calls = {}
    for line in sys.stdin:
        question = json.loads(line)
        size = question["size"]
        if size not in calls:
            x = np.random.default_rng(1).normal(0, 1, size).astype(np.float32)
            calls[size] = PEERS[name](x, *form)
            calls[size][0]()
        call, counted = calls[size]
        clock = time.process_time if question["cpu"] else time.perf_counter
        say(ns=seconds_per_call(call, question["seconds"], clock) / counted * 1e9, size=counted)


if __name__ == "__main__":
    main(sys.argv[1])
