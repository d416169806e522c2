#!/usr/bin/env python3
"""Times the solver and whole searches, and writes the tables of docs/search.md, Speed.

    cmake --preset bench && cmake --build --preset bench
    python3 bench/search_speed.py --write          # a quarter of an hour; the machine should be idle

A table whose program or model is not there is left as it is, and named on stderr: scripts/fetch makes smollm2.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages

SOLVER = [  # (what, benchmark of posittune_bench_knapsack)
    ("500 layers x 20 formats, one budget", "knapsack/500/20/1"),
    ("500 layers x 20 formats, two budgets", "knapsack/500/20/2"),
    ("500 layers x 20 formats, front of 20 points", "front/500/20"),
    ("100,000 windows x 8 formats, one budget", "knapsack/100000/8/1"),
    ("100,000 windows x 8 formats, front of 20 points", "front/100000/8"),
]
SEARCH = ["search", "--granularity", "channel", "--rounding", "compensated", "--input-weighted"]
FRONT = [*SEARCH, "--pareto", "20"]
ONE = [
    "compare",
    "--formats",
    "posit<4,*>",
    "--what",
    "w",
    "--scale",
    "mse",
    "--granularity",
    "channel",
    "--rounding",
    "compensated",
]
SEARCHES = [  # (what, asked, folder, items to search on and to report on, command)
    ("zoo GPT-2, front of 20 points, 32 items of each split", "1 min", "zoo/gpt2", None, [*FRONT, "--limit", "32"]),
    ("zoo GPT-2, the same, all its data", "", "zoo/gpt2", None, FRONT),
    ("SmolLM2, front of 20 points, 2 and 4 items of 512 tokens", "10 min", "smollm2", (2, 4), FRONT),
    ("SmolLM2, all weights in compensated posit<4,*>, 4 items measured", "3 min", "smollm2", (2, 4), ONE),
]


def solver(args) -> list[str] | None:
    program = args.build / "posittune_bench_knapsack"
    if not program.exists():
        return None
    shown = SOLVER[:3] if args.small else SOLVER
    names = "|".join(name for _, name in shown)
    line = [
        program,
        f"--benchmark_filter=^({names})/real_time$",
        f"--benchmark_min_time={0.001 if args.small else 0.5}",
        "--benchmark_format=json",
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    seconds = {
        row["name"].removesuffix("/real_time"): row["real_time"] / 1e3 for row in json.loads(done.stdout)["benchmarks"]
    }
    return [
        *pages.environment(),
        "",
        "| what | seconds |",
        "|---|---:|",
        *(f"| {what} | {seconds[name]:.2g} |" for what, name in shown),
    ]


def timed(args, folder: str, limits: tuple[int, int] | None, command: list[str]) -> float:
    home = pages.model_folder(args, folder)
    data = yaml.safe_load((home / "data.yaml").read_text())
    for split, of in data.items():
        if isinstance(of, dict):
            of.update(
                {
                    key: str((home / of[key]).resolve())
                    for key in ("path", "tokenizer", "annotations", "labels")
                    if key in of
                }
            )
    if limits:
        data["search"]["limit"], data["report"]["limit"] = limits
    with tempfile.TemporaryDirectory() as scratch:
        file = pathlib.Path(scratch) / "data.yaml"
        file.write_text(yaml.safe_dump(data))
        start = time.perf_counter()
        pages.posittune(
            args,
            command[0],
            home / "model.onnx",
            "--data",
            file,
            "--threads",
            2,
            "-o",
            pathlib.Path(scratch) / "run",
            *command[1:],
            codes=(0, 1),
        )
        return time.perf_counter() - start


def searches(args) -> list[str] | None:
    rows = (
        [
            (
                "zoo GPT-2, front of 3 points",
                "",
                "zoo/gpt2",
                (2, 2),
                [*SEARCH, "--pareto", "3", "--limit", "2", "--formats", "int4;int8"],
            )
        ]
        if args.small
        else SEARCHES
    )
    if not all(pages.is_there(args, folder) for _, _, folder, _, _ in rows):
        return None
    lines = [*pages.environment(), "", "| what | took, s |", "|---|---:|"]
    return [
        *lines,
        *(f"| {what} | {timed(args, folder, limits, command):.0f} |" for what, _, folder, limits, command in rows),
    ]


def main() -> int:
    parser = pages.parser(__doc__, "search.md")
    pages.add_models(parser, "three small knapsacks, a front of three points on two items")
    parser.add_argument("--only", choices=["solver", "searches"])
    args = parser.parse_args()
    parts = {
        name: make(args) for name, make in (("solver", solver), ("searches", searches)) if args.only in (None, name)
    }
    for name in [name for name, lines in parts.items() if lines is None]:
        print(f"not made: {name} (its program or a model is not there)", file=sys.stderr)
        del parts[name]
    pages.finish(args, parts)
    return 0 if parts else 1


if __name__ == "__main__":
    sys.exit(main())
