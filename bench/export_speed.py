"""Exported models in onnxruntime beside FP32 and beside onnxruntime's own int8: milliseconds of a run, size of the file.

usage: export_speed.py POSITTUNE MODEL DATA [--items N]    (MODEL: a file, or zoo:NAME without DATA "-")

All sessions are open at once and take turns, so that a slower moment of the machine is one of all. Needs onnxruntime and onnx
(build/venv has them). docs/exporting.md has the tables.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static

ROUNDS = 31
EXPORTS = [
    ("posit<8,1> weights", "posit<8,1>", "w", "foldable", True),
    ("posit<8,1> weights, resident", "posit<8,1>", "w", "resident", True),
    ("posit<6,1> weights", "posit<6,1>", "w", "foldable", True),
    ("posit<8,1> weights and inputs", "posit<8,1>", "wa", "foldable", True),
    ("int8 weights", "int8", "w", "foldable", True),
    ("int8 weights, onnxruntime's default", "int8", "w", "foldable", False),
    ("int8 weights and inputs", "int8", "wa", "foldable", True),
]


def opened(path, exact):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.force_spinning_stop", "1")  # its threads do not slow the next one's turn
    if exact:
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main():
    program, model, data = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    limit = sys.argv[5] if len(sys.argv) > 5 else "4"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        where = [] if data == "-" else ["--data", data]
        formats = ";".join(dict.fromkeys(each[1] for each in EXPORTS))
        subprocess.run([program, "compare", model, *where, "--formats", formats, "--scale", "mse_pow2", "--limit", limit, "--no-html",
                        "-o", folder / "run"], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        results = json.loads((folder / "run/results.json").read_text())
        file = results["model"]["path"]
        sessions, sizes = {"FP32": opened(file, True)}, {"FP32": os.path.getsize(file)}
        feed = inputs(sessions["FP32"])
        for title, quantize in {"dynamic": dynamic_int8, "static": static_int8}.items():
            out = folder / f"{title}.onnx"
            try:
                quantize(file, out, feed)
                sessions[f"onnxruntime's {title} int8"] = opened(out, True)
                sizes[f"onnxruntime's {title} int8"] = os.path.getsize(out)
            except Exception as error:  # a model that onnxruntime does not quantize has no such row
                print(f"onnxruntime's {title} int8: {error}", file=sys.stderr)
        for i, (title, number_format, what, style, exact) in enumerate(EXPORTS):
            recipe = number_format.translate(str.maketrans("<>,", "___")) + f"_{what}_mse_pow2_channel"
            out = folder / f"{i}.onnx"
            subprocess.run([program, "export", folder / "run", "--recipe", recipe, "--lut-style", style, "-o", out], check=True,
                           stdout=subprocess.DEVNULL)  # fmt: skip
            sessions[title], sizes[title] = opened(out, exact), os.path.getsize(out)
        seconds = {title: [] for title in sessions}
        for round_ in range(ROUNDS + 2):
            for title, session in sessions.items():
                begin = time.perf_counter()
                session.run(None, feed)
                if round_ > 1:
                    seconds[title].append(time.perf_counter() - begin)
    print(
        f"| {pathlib.Path(file).parent.name}, {', '.join(str(each.shape) for each in feed.values())} | ms | of FP32 | MB |"
    )
    print("|---|---:|---:|---:|")
    for title, times in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(times, seconds["FP32"]))
        print(f"| {title} | {1000 * statistics.median(times):.1f} | {ratio:.2f} | {sizes[title] / 1e6:.1f} |")


def dynamic_int8(file, out, _feed):
    quantize_dynamic(file, out, weight_type=QuantType.QInt8, per_channel=True)


class OneItem(CalibrationDataReader):
    """Scales of inputs from the item that is timed: they are not what is measured here."""

    def __init__(self, feed):
        self.items = iter([feed])

    def get_next(self):
        return next(self.items, None)


def static_int8(file, out, feed):
    quantize_static(
        file, out, OneItem(feed), weight_type=QuantType.QInt8, activation_type=QuantType.QInt8, per_channel=True
    )


def inputs(session):
    """Zeros and small numbers of the shapes that the model takes: an open batch is 1, an open length 128."""
    feed = {}
    for each in session.get_inputs():
        shape = [dim if isinstance(dim, int) else (1 if i == 0 else 128) for i, dim in enumerate(each.shape)]
        integers = "int" in each.type
        feed[each.name] = np.ones(shape, np.int64) if integers else np.full(shape, 0.5, np.float32)
    return feed


if __name__ == "__main__":
    main()
