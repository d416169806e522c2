#!/usr/bin/env python3
"""Compares whole models with onnxruntime (FP32) and with a PyTorch reference that quantizes by tables (each format).

    models_test.py POSITTUNE BUILD_FOLDER

The packages go to BUILD_FOLDER/peers/torch. A model that cannot be had is skipped by name; exit code 77 without packages.

Tolerances. Sums are taken in another order: seen were 8e-7 of a tensor's rms in GPT-2 and ALBERT, layers and logits alike,
of which 3e-6 are allowed; and 4e-6 in scores of YOLOv8n, which are exponentials, of which 2e-5 are allowed. A wrong rule
for ties is 7e-5 and more; posits cut to the nearest value and not on the bit string are 5e-6 and more.
Where activations are quantized this is not the end of it: a difference in the last bit can round to the other
neighbour, a step of 2^-3 or so, and the layers after it amplify that until two correct implementations differ by as
much as the format costs. So the engine's own input of each layer is compared with the reference's, within summation
order, and the reference goes on with the engine's: each step is compared, and no flip is ever carried on.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import environment

FORMATS = ["posit<8,1>", "posit<8,0>", "posit<6,1>", "int8", "fp8_e4m3", "fp16", "bf16"]
RULES = ["rms_pow2", "absmax"]
FP32_TOLERANCE = 1e-4  # of the largest output
THREADS = 2


def outside(posittune, build):
    try:
        home = environment.prepare("torch", build)
        reason = environment.extend(home, "models")
    except environment.Unavailable as unavailable:
        reason = str(unavailable)
    if reason:
        print(f"skip peers_models: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
    os.execve(
        home.python, [str(home.python), os.path.abspath(__file__), "--inside", posittune, build], home.variables()
    )


def rms(array):
    import numpy as np

    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))


def distance(found, expected, parts=(slice(None),)):
    """RMS of the difference over that of what is expected, of the worst part along the second dimension.

    NaN anywhere gives NaN, which no check passes.
    """
    import numpy as np

    require(found.shape == expected.shape, f"shape {found.shape}, the reference's {expected.shape}")
    found = found.astype(np.float64)
    return float(np.max([rms(found[:, part] - expected[:, part]) / rms(expected[:, part]) for part in parts]))


def require(condition, text):
    from report import Mismatch

    if not condition:
        raise Mismatch(text)


class Outputs:
    """Of one `posittune compare`: the outputs of its rows by format, what and rule."""

    def __init__(self, ours, model, inputs, output, folder, formats, what=("w",), rules=("none",)):
        import numpy as np

        folder.mkdir()
        self.folder, self.output = folder, output
        np.savez(folder / "inputs.npz", **inputs)
        ours.run(
            "compare",
            model,
            "--report",
            folder / "inputs.npz",
            "--task",
            "generic",
            "--output",
            output,
            "--formats",
            ",".join(["fp32", *formats]),
            "--what",
            ",".join(what),
            "--scale",
            ",".join(rules),
            "--granularity",
            "tensor",
            "--activation-scale",
            "token",
            "--threads",
            THREADS,
            "--resamples",
            10,
            "-o",
            folder / "run",
            "--save-outputs",
            folder,
        )

    def array(self, trial, output=None):
        import numpy as np

        safe = "".join(c if c.isalnum() or c in ".-_" else "_" for c in f"{trial}.{output or self.output}.npy")
        return np.load(self.folder / safe)


# --- FP32 ------------------------------------------------------------------------------------------------------------


def check_fp32(case, ours, scratch):
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(str(case.model), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    expected = dict(zip(names, session.run(names, case.inputs), strict=True))
    engine = Outputs(ours, case.model, case.inputs, names[0], scratch / "fp32", [])
    worst = 0.0
    for name, right in expected.items():
        found = engine.array("fp32", name)
        require(found.shape == right.shape, f"{name}: shape {found.shape}, onnxruntime's {right.shape}")
        difference = float(np.max(np.abs(found - right)) / np.max(np.abs(right)))
        require(difference <= FP32_TOLERANCE, f"{name} differs by {difference:.1e} of the largest")
        worst = max(worst, difference)
    shapes = ", ".join(f"{name} {list(right.shape)}" for name, right in expected.items())
    return f"{shapes}: at most {worst:.1e} of the largest"


# --- formats ---------------------------------------------------------------------------------------------------------


def check_layers(case, ours, network):
    shapes = [
        option
        for name, array in case.inputs.items()
        for option in ("--shape", f"{name}={','.join(map(str, array.shape))}")
    ]
    rows = json.loads(ours.run("inspect", case.model, "--json", *shapes))["rows"]
    found = sorted(row["weight"] for row in rows if row["quantized"])
    expected = sorted(layer.weight for layer in network.layers.values())
    require(found == expected, f"quantized are {sorted(set(found) ^ set(expected))}, in one of the two only")
    return f"{len(found)} layers with {len(set(found))} weights"


class FormatChecks:
    """A model under every format: as it is, and with the inputs of its layers as more outputs."""

    def __init__(self, case, ours, network, scratch):
        import fake_quant
        import onnx_network

        self.case, self.network, self.output = case, network, network.outputs[0]
        self.roundings = {form: fake_quant.Rounding(ours, form) for form in FORMATS}
        self.first = {name: array[:1] for name, array in case.inputs.items()}
        self.plain = Outputs(ours, case.model, case.inputs, self.output, scratch / "plain", FORMATS, ("w", "wa"), RULES)
        operands = {layer.input for layer in network.layers.values() if layer.kind != "Gather"}
        self.taps = {name: f"tap_{i}" for i, name in enumerate(sorted(operands))}
        onnx_network.with_taps(network, self.taps, scratch / "tapped.onnx")
        self.tapped = Outputs(
            ours, scratch / "tapped.onnx", self.first, self.output, scratch / "tapped", FORMATS, ("wa",), RULES
        )
        self.fp32 = network.run(case.inputs)[self.output]

    def weights(self, form, rule):
        import fake_quant

        return {
            name: fake_quant.quantize_weight(self.roundings[form], rule, weight)
            for name, weight in self.network.weights().items()
        }

    def quantized(self, form, rule, layer, x):
        import fake_quant

        return fake_quant.quantize_tokens(self.roundings[form], rule, x, layer.kind == "Conv")

    def apart(self, found, expected):
        return distance(found, expected, self.case.parts)

    def check_weights(self, form, rule, weights):
        right = self.network.run(self.case.inputs, weights)[self.output]
        found = self.apart(self.plain.array(f"{form} w {rule}"), right)
        require(found <= self.case.tolerance, f"{self.output} differs by {found:.1e} of its rms")
        return f"{found:.1e}; the format costs {self.apart(right, self.fp32):.1e}"

    def check_activations(self, form, rule, weights):
        import torch

        trial = f"{form} wa {rule}"
        worst = [0.0, ""]

        def engines_input(layer, x):
            own = self.tapped.array(trial, self.taps[layer.input])[0]
            found = distance(own, x.numpy())
            require(
                found <= self.case.tolerance,
                f"{layer.input}, the input of a {layer.kind}, differs by {found:.1e} of its rms",
            )
            worst[:] = max(worst, [found, layer.input])
            return self.quantized(form, rule, layer, torch.from_numpy(own))

        right = self.network.run(self.first, weights, engines_input)[self.output]
        found = self.apart(self.tapped.array(trial), right)
        require(found <= self.case.tolerance, f"{self.output} differs by {found:.1e} of its rms")
        return f"{found:.1e}, inputs of layers {worst[0]:.1e} or less; {self.unguided(form, rule, weights)}"

    def unguided(self, form, rule, weights):
        """The model as it is, the reference on its own: flips spread, but what the format costs is the same."""
        right = self.network.run(self.case.inputs, weights, lambda layer, x: self.quantized(form, rule, layer, x))[
            self.output
        ]
        found = self.plain.array(f"{form} wa {rule}")
        own, cost = distance(found, self.fp32), distance(right, self.fp32)
        require(cost / 2 <= own <= cost * 2, f"the format costs {own:.1e}, in the reference {cost:.1e}")
        return f"unguided {distance(found, right):.1e}, the format costs {own:.1e}, in the reference {cost:.1e}"


def check_formats(case, ours, report, scratch):
    import onnx_network

    network = onnx_network.Network(case.model)
    report.case(f"{case.name} layers", lambda: check_layers(case, ours, network))
    checks = FormatChecks(case, ours, network, scratch)
    for form in FORMATS:
        for rule in RULES:
            weights = checks.weights(form, rule)
            report.case(f"{case.name} {form} w {rule}", lambda: checks.check_weights(form, rule, weights))
            report.case(f"{case.name} {form} wa {rule}", lambda: checks.check_activations(form, rule, weights))


def inside(posittune, build):
    import model_cases
    import torch
    from ours import PositTune
    from report import Report

    torch.set_num_threads(1)  # the arrays are small
    report = Report()
    for case in model_cases.cases(Path(build) / "peers/models"):
        if case.missing:
            report.skip(case.name, case.missing)
            continue
        with tempfile.TemporaryDirectory(dir=Path(build) / "peers") as folder:
            scratch = Path(folder)
            ours = PositTune(posittune, scratch)
            report.case(f"{case.name} fp32, onnxruntime", lambda: check_fp32(case, ours, scratch))
            if case.fake_quant:
                check_formats(case, ours, report, scratch)
    report.close()


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
    elif len(sys.argv) == 3:
        outside(*sys.argv[1:])
    else:
        sys.exit(__doc__)
