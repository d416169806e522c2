#!/usr/bin/env python3
"""Times whole models beside plain OpenVINO and writes the tables of docs/performance.md and the plot of growth.

usage: bench/models.py [--build build/release] [--models build/models] [--runs N] [--small] [--write] [--page docs/performance.md]

Models that are not there are left out, and named: scripts/fetch makes yolov8n and smollm2; bench/random_gpt2.py a GPT-2 of
124 M random weights.
"""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages

# (name, folder, arguments, {(format, what): goal as a ratio to FP32 OpenVINO})
MODELS = [
    (
        "GPT-2 124M, 256 tokens",
        "gpt2-124m",
        ["--tokens", "256"],
        {("posit8e1", "wa"): 0.75, ("posit8e1", "w"): 1.05, ("int8", "wa"): 0.5},
    ),
    ("SmolLM2-135M, 512 tokens", "smollm2", ["--tokens", "512"], {("posit8e1", "wa"): 0.75, ("posit8e1", "w"): 1.05}),
    (
        "YOLOv8n, one image of 320 x 320",
        "yolov8n",
        ["--size", "320"],
        {("posit8e1", "wa"): 1.25, ("posit8e1", "w"): 1.05},
    ),
    (
        "YOLOv8n, eight images",
        "yolov8n",
        ["--size", "320", "--batch", "8"],
        {("posit8e1", "wa"): 1.25, ("posit8e1", "w"): 1.05},
    ),
]


SMALL = [("zoo GPT-2, 32 tokens", "zoo/gpt2", ["--tokens", "32"], {})]
GROWN = "gpt2-124m"


def bench(build: pathlib.Path, model: pathlib.Path, *arguments) -> dict:
    done = subprocess.run(
        [build / "posittune_bench_engine", model, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def model_tables(args) -> list[str]:
    lines = ["| model | format | what | product | ms | to FP32 OpenVINO |", "|---|---|---|---|---:|---:|"]
    changes = [
        "| model | all layers, ms | one layer, median ms | largest ms | peak MB | FP32 weights MB | 2.5 x weights + 300 MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    seen = set()
    for name, folder, arguments, goals in SMALL if args.small else MODELS:
        model = pages.model_folder(args, folder) / "model.onnx"
        if not model.exists():
            lines.append(f"| {name} | not measured: {folder} is not there | | | | |")
            continue
        result = bench(args.build, model, "--runs", args.runs, *arguments)
        for row in result["rows"]:
            goal = goals.get((row["format"], row["what"]))
            ratio = row["ratio_to_openvino_fp32"]
            if goal is not None:
                pages.tell_goal(f"{name}, {row['format']} {row['what']} to FP32 OpenVINO", goal, ratio)
            lines.append(
                f"| {name} | {row['format']} | {row['what']} | {row['path']} | {1e3 * row['seconds']:.1f} | {ratio:.2f} |"
            )
        if folder not in seen:
            seen.add(folder)
            memory = bench(args.build, model, "--only-memory", "posit8e1", *arguments)
            changes.append(
                f"| {name} | {1e3 * result['change_all_seconds']:.1f} | {1e3 * result['change_one_median_seconds']:.2f} "
                f"| {1e3 * result['change_one_largest_seconds']:.1f} | {memory['peak_mb']:.0f} | {memory['fp32_weights_mb']:.0f} | {memory['limit_mb']:.0f} |"
            )
    return [
        *lines,
        "",
        "Changing the format of all layers, and of one, with scales chosen before; peak memory of one process that loads, calibrates and runs posit<8,1> wa:",
        "",
        *changes,
    ]


def growth(args) -> list[str]:
    """Growth of time with rows of 256 tokens; in small, with fewer and shorter rows of the zoo's GPT-2."""
    home, tokens, batches = ("zoo/gpt2", 16, (1, 2)) if args.small else (GROWN, 256, (1, 2, 4, 8, 16, 32))
    model = pages.model_folder(args, home) / "model.onnx"
    lines = ["| tokens | posit<8,1> wa, s | us a token | to FP32 OpenVINO |", "|---:|---:|---:|---:|"]
    if not model.exists():
        return [f"Growth not measured: {home} is not there."]
    points = []
    for batch in batches:
        row = bench(
            args.build,
            model,
            "--batch",
            batch,
            "--tokens",
            tokens,
            "--runs",
            1 if args.small or batch >= 8 else 3,
            "--formats",
            "posit8e1",
        )["rows"][-1]
        points.append((tokens * batch, row["seconds"]))
        lines.append(
            f"| {tokens * batch} | {row['seconds']:.3f} | {1e6 * row['seconds'] / (tokens * batch):.0f} | {row['ratio_to_openvino_fp32']:.2f} |"
        )
    if args.write:
        (args.page.parent / "growth.svg").write_text(plot(points))
    lines += ["", "![time against tokens](growth.svg)"]
    layers = ["| layers | posit<8,1> wa, s |", "|---:|---:|"]
    for count, folder in [(6, home)] if args.small else [(3, f"{GROWN}-3"), (6, f"{GROWN}-6"), (12, GROWN)]:
        file = pages.model_folder(args, folder) / "model.onnx"
        if file.exists():
            seconds = bench(
                args.build, file, "--tokens", tokens, "--runs", 1 if args.small else 5, "--formats", "posit8e1"
            )["rows"][-1]["seconds"]
            layers.append(f"| {count} | {seconds:.3f} |")
    return [*lines, "", *layers]


def plot(points: list[tuple[int, float]]) -> str:
    width, height, left, bottom = 480, 300, 60, 40
    top_x, top_y = points[-1][0], max(y for _, y in points) * 1.05
    place = lambda x, y: (left + (width - left - 20) * x / top_x, height - bottom - (height - bottom - 20) * y / top_y)
    dots = "".join('<circle cx="{:.1f}" cy="{:.1f}" r="3"/>'.format(*place(*p)) for p in points)
    line = " ".join("{:.1f},{:.1f}".format(*place(*p)) for p in points)
    (x0, y0), (x1, y1) = place(0, 0), place(top_x, top_y)
    texts = [
        f'<text x="{(x0 + x1) / 2}" y="{height - 8}" text-anchor="middle">tokens</text>',
        f'<text x="{x1}" y="{y0 + 16}" text-anchor="end">{top_x}</text>',
        f'<text x="{x0 - 6}" y="{y1 + 8}" text-anchor="end">{top_y:.1f} s</text>',
        f'<text x="{x0 - 6}" y="{y0}" text-anchor="end">0</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="white"/><path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="gray"/>'
        f'<polyline points="{line}" fill="none" stroke="#1f77b4"/><g fill="#1f77b4">{dots}</g>{"".join(texts)}</svg>\n'
    )


def main() -> int:
    parser = pages.parser(__doc__, "performance.md")
    pages.add_models(parser, "the zoo's GPT-2 on few tokens, once")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    args.runs = 1 if args.small else args.runs
    environment = pages.environment(os.getloadavg())
    pages.finish(
        args,
        {
            "models": [
                *environment,
                "",
                *model_tables(args),
                "",
                "Growth with tokens (rows of 256) and with layers:",
                "",
                *growth(args),
            ]
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
