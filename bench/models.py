#!/usr/bin/env python3
"""Times whole models beside plain OpenVINO and writes the tables of docs/performance.md and the plot of growth.

usage: bench/models.py [--build build/release] [--models build/models] [--runs N] [--write]

Models that are not there are left out, and named: scripts/fetch makes yolov8n and smollm2; bench/random_gpt2.py a GPT-2 of
124 M random weights.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import machine

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
CONTEXT = {"compiler": "the release preset", "flags": "-O3 -DNDEBUG -ffp-contract=off"}
BEGIN, END = "<!-- models:begin -->", "<!-- models:end -->"
# (name, file below models, arguments, {(format, what): goal as a ratio to FP32 OpenVINO})
MODELS = [
    ("GPT-2 124M, 256 tokens", "gpt2-124m", ["--tokens", "256"], {("posit8e1", "wa"): 0.75, ("posit8e1", "w"): 1.05, ("int8", "wa"): 0.5}),
    ("SmolLM2-135M, 512 tokens", "smollm2", ["--tokens", "512"], {("posit8e1", "wa"): 0.75, ("posit8e1", "w"): 1.05}),
    ("YOLOv8n, one image of 320 x 320", "yolov8n", ["--size", "320"], {("posit8e1", "wa"): 1.25, ("posit8e1", "w"): 1.05}),
    ("YOLOv8n, eight images", "yolov8n", ["--size", "320", "--batch", "8"], {("posit8e1", "wa"): 1.25, ("posit8e1", "w"): 1.05}),
]


def bench(build: pathlib.Path, model: pathlib.Path, *arguments) -> dict:
    done = subprocess.run([build / "posittune_bench_engine", model, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def model_tables(args) -> list[str]:
    lines = ["| model | format | what | product | ms | to FP32 OpenVINO | goal | |", "|---|---|---|---|---:|---:|---:|---|"]
    changes = ["| model | all layers, ms | one layer, median ms | largest ms | peak MB | FP32 weights MB | 2.5 x weights + 300 MB |", "|---|---:|---:|---:|---:|---:|---:|"]
    seen = set()
    for name, folder, arguments, goals in MODELS:
        model = args.models / folder / "model.onnx"
        if not model.exists():
            lines.append(f"| {name} | not measured: {folder} is not there | | | | | | |")
            continue
        result = bench(args.build, model, "--runs", args.runs, *arguments)
        for row in result["rows"]:
            goal = goals.get((row["format"], row["what"]))
            ratio = row["ratio_to_openvino_fp32"]
            verdict = "" if goal is None else "met" if ratio <= goal else "**missed**"
            lines.append(f"| {name} | {row['format']} | {row['what']} | {row['path']} | {1e3 * row['seconds']:.1f} | {ratio:.2f} | {goal or ''} | {verdict} |")
        if folder not in seen:
            seen.add(folder)
            memory = bench(args.build, model, "--only-memory", "posit8e1", *arguments)
            changes.append(f"| {name} | {1e3 * result['change_all_seconds']:.1f} | {1e3 * result['change_one_median_seconds']:.2f} "
                           f"| {1e3 * result['change_one_largest_seconds']:.1f} | {memory['peak_mb']:.0f} | {memory['fp32_weights_mb']:.0f} | {memory['limit_mb']:.0f} |")
    return [*lines, "", "Changing the format of all layers, and of one, with scales chosen before; peak memory of one process that loads, calibrates and runs posit<8,1> wa:", "", *changes]


def growth(args) -> list[str]:
    model = args.models / "gpt2-124m" / "model.onnx"
    lines = ["| tokens | posit<8,1> wa, s | us a token | to FP32 OpenVINO |", "|---:|---:|---:|---:|"]
    if not model.exists():
        return ["Growth not measured: gpt2-124m is not there."]
    points = []
    for batch in (1, 2, 4, 8, 16, 32):
        row = bench(args.build, model, "--batch", batch, "--runs", 3 if batch < 8 else 1, "--formats", "posit8e1")["rows"][-1]
        tokens = 256 * batch
        points.append((tokens, row["seconds"]))
        lines.append(f"| {tokens} | {row['seconds']:.3f} | {1e6 * row['seconds'] / tokens:.0f} | {row['ratio_to_openvino_fp32']:.2f} |")
    (ROOT / "docs" / "growth.svg").write_text(plot(points))
    lines += ["", "![time against tokens](growth.svg)"]
    layers = ["| layers | posit<8,1> wa, s |", "|---:|---:|"]
    for count in (3, 6, 12):
        file = args.models / f"gpt2-124m-{count}" / "model.onnx" if count < 12 else model
        if file.exists():
            layers.append(f"| {count} | {bench(args.build, file, '--runs', 5, '--formats', 'posit8e1')['rows'][-1]['seconds']:.3f} |")
    return [*lines, "", *layers]


def plot(points: list[tuple[int, float]]) -> str:
    width, height, left, bottom = 480, 300, 60, 40
    top_x, top_y = points[-1][0], max(y for _, y in points) * 1.05
    place = lambda x, y: (left + (width - left - 20) * x / top_x, height - bottom - (height - bottom - 20) * y / top_y)
    dots = "".join('<circle cx="{:.1f}" cy="{:.1f}" r="3"/>'.format(*place(*p)) for p in points)
    line = " ".join("{:.1f},{:.1f}".format(*place(*p)) for p in points)
    (x0, y0), (x1, y1) = place(0, 0), place(top_x, top_y)
    texts = [f'<text x="{(x0 + x1) / 2}" y="{height - 8}" text-anchor="middle">tokens</text>', f'<text x="{x1}" y="{y0 + 16}" text-anchor="end">{top_x}</text>',
             f'<text x="{x0 - 6}" y="{y1 + 8}" text-anchor="end">{top_y:.1f} s</text>', f'<text x="{x0 - 6}" y="{y0}" text-anchor="end">0</text>']
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
            f'<rect width="{width}" height="{height}" fill="white"/><path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="gray"/>'
            f'<polyline points="{line}" fill="none" stroke="#1f77b4"/><g fill="#1f77b4">{dots}</g>{"".join(texts)}</svg>\n')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "build" / "models")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md; default: print")
    args = parser.parse_args()
    text = "\n".join([*machine.lines(CONTEXT | {"load_avg": os.getloadavg()}, None), "", *model_tables(args), "", "Growth with tokens (rows of 256) and with layers:", "", *growth(args)])
    if not args.write:
        print(text)
        return 0
    page = PAGE.read_text()
    PAGE.write_text(re.sub(f"(?<={BEGIN}\n).*?(?={END})", lambda _: text + "\n", page, flags=re.S))
    return 0


if __name__ == "__main__":
    sys.exit(main())
