#!/usr/bin/env python3
"""Times one probed window of 64 channels: flexposit's ppl_probe, and ours, on the same GPT-2 124M and as many tokens.

    PYTHONPATH=python build/hub-venv/bin/python bench/random_gpt2.py   # makes the model
    python3 bench/peers/flexposit_probe.py                             # the machine should be idle

Theirs is what flexposit 0.2.1's sensitivity/ppl_probe.py does for each window, called as it calls it, on the CPU with two threads: the
search over (scale, es) for the window's channels, and the perplexity of the model with that window in its place. Ours are
`posittune sensitivity`: the exact tier (the same question, KL instead of perplexity, FP32 kept at the cuts), and the gain
tier, whose one pass scores all windows of all formats. Tokens are random numbers: only time is looked at.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/peers"), str(ROOT / "bench")]

THREADS, SEQUENCE, WINDOW = 2, 256, 64


def theirs(windows: int, rows: int) -> None:
    """Prints the seconds of each window as JSON."""
    import torch
    from flexposit.sensitivity.ppl_probe import eval_wikitext_batched, quantize_window_gpu
    from transformers import GPT2Config, GPT2LMHeadModel
    from transformers.pytorch_utils import Conv1D

    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    ids = torch.randint(0, 1000, (1, rows * SEQUENCE))
    layers = [module for module in model.modules() if isinstance(module, Conv1D)]
    scales = [2.0**k for k in range(-8, 10)]  # the 18 candidates of their scripts
    eval_wikitext_batched(model, ids, SEQUENCE, False, 8)
    seconds = []
    for number in range(windows):
        module = layers[number * len(layers) // windows]
        kept = module.weight.data
        start = time.perf_counter()
        with torch.inference_mode():
            changed = quantize_window_gpu(kept.t().contiguous(), 5, 0, WINDOW, [1], scales, torch.device("cpu"), 18, 1)
            module.weight.data = changed.t().contiguous()
            eval_wikitext_batched(model, ids, SEQUENCE, False, 8)
        seconds.append(time.perf_counter() - start)
        module.weight.data = kept
    print("SECONDS " + json.dumps(seconds), flush=True)


def ours(options, rows: int) -> dict:
    import numpy

    with tempfile.TemporaryDirectory() as run:
        generator = numpy.random.default_rng(1)
        for split in ("calibrate", "search"):
            ids = generator.integers(0, 1000, (rows, SEQUENCE))
            numpy.savez(Path(run) / f"{split}.npz", input_ids=ids, document=numpy.arange(rows))
        command = [
            options.build / "posittune",
            "sensitivity",
            options.model,
            "--calibrate",
            Path(run) / "calibrate.npz",
            "--search",
            Path(run) / "search.npz",
            "--threads",
            THREADS,
            "--formats",
            "posit<5,1>",
            "--channels",
            WINDOW,
            "--exact-channels",
            options.windows,
            "--spot-checks",
            0,
            "--json",
            "-o",
            Path(run) / "run",
        ]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(f"error: posittune exited {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def table(peer: float, exact: float, gain: float, scored: int) -> list[str]:
    """Seconds of a window: theirs, ours exact, ours by one pass for so many."""
    return [
        "| a window | s | flexposit / ours |",
        "|---|---:|---:|",
        f"| flexposit 0.2.1 ppl_probe, CPU | {peer:.3f} | |",
        f"| ours, exact | {exact:.3f} | {peer / exact:.1f} |",
        f"| ours, gain tier: {scored} windows at once | {gain:.4f} | {peer / gain:.0f} |",
    ]


def main() -> int:
    import pages

    parser = pages.parser(__doc__, "sensitivity.md")
    parser.add_argument("--model", type=Path, default=ROOT / "build/models/gpt2-124m/model.onnx")
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--rows", type=int, default=8, help="of 256 tokens")
    options = parser.parse_args()
    import environment

    try:
        home = environment.prepare("torch", options.build)
    except environment.Unavailable as reason:
        sys.exit(f"error: {reason}")
    problem = home.missing.get("flexposit") or environment.extend(home, "gpt2")
    if problem:
        sys.exit(f"error: {problem}")
    variables = {
        **home.variables(),
        "OMP_NUM_THREADS": str(THREADS),
        "MKL_NUM_THREADS": str(THREADS),
        "HF_HUB_OFFLINE": "1",
    }
    load = os.getloadavg()
    done = subprocess.run(
        [home.python, __file__, "--theirs", str(options.windows), str(options.rows)],
        env=variables,
        capture_output=True,
        text=True,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("SECONDS ")]
    if not found:
        sys.exit(f"error: flexposit cannot run: {done.stderr.strip()[-300:]}")
    peer = statistics.median(json.loads(found[0].removeprefix("SECONDS ")))
    result = ours(options, options.rows)
    costs = {cost["tier"]: cost for cost in result["costs"]}
    scored = sum(row["tier"] == "gain" for row in result["channels"])
    exact = costs["exact"]["seconds"] / max(1, costs["exact"]["probes"])
    gain = (costs["proxy"]["seconds"] + costs["gain"]["seconds"]) / scored
    pages.finish(
        options,
        {
            "flexposit": [
                *pages.environment(load),
                f"- GPT-2 124M of random weights, {options.rows} rows of {SEQUENCE} tokens, {THREADS} threads, windows of {WINDOW} channels; median of {options.windows} windows",
                "",
                *table(peer, exact, gain, scored),
            ]
        },
    )
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--theirs"]:
        theirs(*map(int, sys.argv[2:4]))
    else:
        sys.exit(main())
