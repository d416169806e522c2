#!/usr/bin/env python3
"""Times GPT-2 124M under posit<8,1>, weights and activations: ours, and PyTorch with qtorch_plus in hooks.

    cmake --preset bench && cmake --build --preset bench --target posittune_bench_engine
    PYTHONPATH=python build/hub-venv/bin/python bench/random_gpt2.py   # makes the model
    python3 bench/peers/qtorch_gpt2.py                                 # the machine should be idle

Both run one row of 256 tokens on two threads. Theirs is transformers' GPT2LMHeadModel: all weights of linear layers and
embeddings quantized beforehand, the input of each linear layer by a forward pre-hook in each run; with qtorch_plus as it
ships, and with its C++ source compiled with -O3. Each round times ours, then theirs; a ratio is the median of the
rounds' ratios. Writes BUILD/peers/qtorch_gpt2.json and prints it after the table.
Exit code 1: a goal is missed. The goals are those for AVX512-BF16; elsewhere the ratios are only shown.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/peers"), str(ROOT / "bench")]

THREADS, TOKENS = 2, 256
N, ES = 8, 1
PEERS = {  # name in the worker: (title, goal: at least so many times ours)
    "fp32": ("PyTorch, FP32", None),
    "qtorch_plus": ("PyTorch, qtorch_plus as shipped", 5.0),
    "qtorch_plus_o3": ("PyTorch, the same source with -O3", 2.5),
}


# --- in the environment with PyTorch ---------------------------------------------------------------------------------


class Peer:
    """The model that bench/random_gpt2.py makes, with a hook on the input of every linear layer."""

    def __init__(self):
        import torch
        import torch_packages
        from torch.utils.cpp_extension import load
        from transformers import GPT2Config, GPT2LMHeadModel
        from transformers.pytorch_utils import Conv1D

        torch.set_num_threads(THREADS)
        torch.manual_seed(1)
        shipped = torch_packages.qtorch_plus().posit_quantize
        with torch_packages.quiet():
            rebuilt = load(name="quant_cpu_o3", sources=torch_packages.qtorch_plus_sources(), extra_cflags=["-O3"])
        self.quantizers = {
            "fp32": None,
            "qtorch_plus": lambda x: shipped(x, N, ES),
            "qtorch_plus_o3": lambda x: rebuilt.posit_quantize_nearest(x.contiguous(), N, ES, 1.0),
        }
        self.quantize = None
        self.model = GPT2LMHeadModel(GPT2Config()).eval()
        self.ids = torch.randint(0, 1000, (1, TOKENS))
        linear = [module for module in self.model.modules() if isinstance(module, Conv1D | torch.nn.Linear)]
        tables = [module for module in self.model.modules() if isinstance(module, torch.nn.Embedding)]
        for weight in {id(module.weight): module.weight for module in [*linear, *tables]}.values():  # a tied one once
            weight.data = self.quantizers["qtorch_plus_o3"](weight.data)
        for module in linear:
            module.register_forward_pre_hook(self.hook)
        self.layers = len(linear)

    def hook(self, _, arguments):
        return (self.quantize(arguments[0]), *arguments[1:]) if self.quantize else None

    def seconds(self, name, runs):
        """Median of so many runs, after one that does not count."""
        import torch

        self.quantize = self.quantizers[name]
        times = []
        with torch.inference_mode():
            for _ in range(runs + 1):
                start = time.perf_counter()
                self.model(self.ids, use_cache=False)
                times.append(time.perf_counter() - start)
        return statistics.median(times[1:])


def work():
    """Says it is ready, then answers {"name": ..., "runs": ...} with {"seconds": ...}, a line each."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)  # libraries may print on stdout, which goes to stderr
    os.dup2(2, 1)
    try:
        peer = Peer()
    except Exception as error:
        answers.write(json.dumps({"error": f"{type(error).__name__}: {' '.join(str(error).split())[-200:]}"}) + "\n")
        return
    answers.write(json.dumps({"layers": peer.layers}) + "\n")
    for line in sys.stdin:
        question = json.loads(line)
        answers.write(json.dumps({"seconds": peer.seconds(question["name"], question["runs"])}) + "\n")


# --- outside ---------------------------------------------------------------------------------------------------------


class Worker:
    def __init__(self, home):
        variables = {
            **home.variables(),
            "OMP_NUM_THREADS": str(THREADS),
            "MKL_NUM_THREADS": str(THREADS),
            "HF_HUB_OFFLINE": "1",
        }
        self.process = subprocess.Popen(
            [home.python, __file__, "--worker"],
            env=variables,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.layers = self.read()["layers"]

    def read(self):
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"its process ended, exit code {self.process.wait()}"}
        if "error" in answer:
            sys.exit(f"error: the peer cannot run: {answer['error']}")
        return answer

    def seconds(self, name, runs):
        self.process.stdin.write(json.dumps({"name": name, "runs": runs}) + "\n")
        self.process.stdin.flush()
        return self.read()["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def prepare(build):
    import environment

    try:
        home = environment.prepare("torch", build)
    except environment.Unavailable as reason:
        sys.exit(f"error: {reason}")
    problem = home.missing.get("qtorch_plus") or environment.extend(home, "gpt2")
    if problem:
        sys.exit(f"error: {problem}")
    return home


def our_seconds(program, options):
    """The row of posit<8,1> weights + activations: its median, and plain OpenVINO's."""
    done = subprocess.run(
        [
            program,
            options.model,
            "--tokens",
            str(TOKENS),
            "--threads",
            str(THREADS),
            "--formats",
            "posit8e1",
            "--runs",
            str(options.runs),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"error: {program.name} exited {done.returncode}: {done.stderr.strip()}")
    return next(row for row in json.loads(done.stdout)["rows"] if row["what"] == "wa")


def measure(program, worker, options):
    """(ours by round, {peer: seconds by round})"""
    ours, theirs = [], {name: [] for name in PEERS}
    for number in range(options.rounds):
        ours.append(our_seconds(program, options))
        for name in PEERS:
            theirs[name].append(worker.seconds(name, options.runs))
        line = ", ".join(f"{name} {seconds[-1]:.3f} s" for name, seconds in theirs.items())
        print(
            f"round {number + 1} of {options.rounds}: ours {ours[-1]['seconds']:.3f} s, {line}",
            file=sys.stderr,
            flush=True,
        )
    return ours, theirs


def table_rows(ours, theirs):
    path = ours[0]["path"]
    for name, (title, goal) in PEERS.items():
        ratios = [peer / own["seconds"] for peer, own in zip(theirs[name], ours, strict=True)]
        ratio = statistics.median(ratios)
        judged = goal is not None and path == "bf16"
        yield {
            "peer": title,
            "seconds": statistics.median(theirs[name]),
            "ratio": ratio,
            "low": min(ratios),
            "high": max(ratios),
            "goal": goal,
            "met": ratio >= goal if judged else None,
        }


def result_of(ours, theirs, layers, options, load):
    own = statistics.median(row["seconds"] for row in ours)
    return {
        "model": str(options.model),
        "tokens": TOKENS,
        "threads": THREADS,
        "format": f"posit<{N},{ES}>",
        "what": "wa",
        "rounds": options.rounds,
        "runs": options.runs,
        "load_at_start": load,
        "linear_layers": layers,
        "path": ours[0]["path"],
        "ours_seconds": own,
        "openvino_fp32_seconds": statistics.median(row["seconds"] / row["ratio_to_openvino_fp32"] for row in ours),
        "rows": list(table_rows(ours, theirs)),
    }


def markdown(result):
    import pages

    yield from pages.environment(result["load_at_start"])
    yield (
        f"- GPT-2 124M, {TOKENS} tokens, {THREADS} threads, {result['format']} weights + activations, {result['rounds']} rounds of "
        f"{result['runs']} runs; products in {result['path']}; plain FP32 OpenVINO {result['openvino_fp32_seconds']:.3f} s"
    )
    yield from ("", "| GPT-2 124M | s | ours, s | peer / ours |", "|---|---:|---:|---:|")
    for row in result["rows"]:
        yield (
            f"| {row['peer']} | {row['seconds']:.3f} | {result['ours_seconds']:.3f} | "
            f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f}) |"
        )


def main():
    import pages

    parser = pages.parser(__doc__, "performance.md")
    parser.add_argument("--model", type=Path, default=ROOT / "build/models/gpt2-124m/model.onnx")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5, help="of each measurement; their median counts")
    options = parser.parse_args()
    program = options.build / "posittune_bench_engine"
    for file, hint in (
        (program, "cmake --build --preset bench --target posittune_bench_engine"),
        (options.model, "bench/random_gpt2.py makes it"),
    ):
        if not file.is_file():
            sys.exit(f"error: {file} is not there\n  try: {hint}")
    worker = Worker(prepare(options.build))
    load = [round(value, 2) for value in os.getloadavg()]
    ours, theirs = measure(program, worker, options)
    worker.close()
    result = result_of(ours, theirs, worker.layers, options, load)
    text = json.dumps(result, indent=1)
    (options.build / "peers/qtorch_gpt2.json").write_text(text + "\n")
    pages.finish(options, {"qtorch": list(markdown(result))})
    print(text)
    return 1 if any(row["met"] is False for row in result["rows"]) else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--worker"]:
        work()
    else:
        sys.exit(main())
