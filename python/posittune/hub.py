"""Exports a Hugging Face model to ONNX, and its tokenizer to OpenVINO.

    python -m posittune.hub MODEL -o DIR [--task auto|causal-lm|classify|feature] [--fp16] [--no-tokenizer]

MODEL is a local folder (config.json, model.safetensors) or a name on the hub. DIR gets model.onnx (opset 18, batch
and sequence dynamic; large weights in model.onnx.data) and openvino_tokenizer.xml/.bin. The file is compared with
PyTorch in OpenVINO: exit 1 when they differ by more than 1e-3 of the largest output.
"""

import argparse
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posittune.errors import Exit, Failure, one_line, run, say
from posittune.files import new_files, size_text

HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
THREADS = 2


@dataclass(frozen=True)
class Source:
    name: str  # as given; what from_pretrained gets
    local: bool


def source_of(name: str) -> Source:
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise Failure(
                Exit.INPUT,
                "the folder holds no Hugging Face model",
                where=name,
                expected="config.json and model.safetensors",
                found=", ".join(sorted(f.name for f in folder.iterdir())[:8]) or "an empty folder",
            )
        return Source(name, True)
    if folder.exists():
        raise Failure(Exit.INPUT, "a file, not a model folder", where=name, expected="a folder with config.json")
    if not HUB_NAME.fullmatch(name) or name.startswith("."):
        raise Failure(Exit.INPUT, "no such folder", where=name)
    return Source(name, False)


def explain(error: Exception, source: Source, what: str) -> Failure:
    """The failure behind what transformers raised."""
    text = str(error)
    if not source.local:
        if "not a local folder and is not a valid model identifier" in text or "404" in text:
            return Failure(Exit.INPUT, "no such folder, and no such model on the hub", where=source.name)
        if re.search(r"connect|offline|resolve|time.?out|network|proxy|HTTP|SSL", text, re.I):
            return Failure(
                Exit.RESOURCE,
                "the hub cannot be reached",
                where=source.name,
                found=one_line(error),
                hint="download the model elsewhere and name its folder",
            )
    return Failure(Exit.INPUT, what, where=source.name, found=one_line(error))


def load_config(source: Source) -> Any:
    import transformers

    from posittune.onnx_export import quiet

    try:
        with quiet():
            return transformers.AutoConfig.from_pretrained(source.name)
    except Exception as error:
        unknown = re.search(r"model type `([^`]+)`", str(error))
        if unknown:
            from posittune import architectures

            known = ", ".join(architectures.DECODERS + architectures.ENCODERS)
            raise Failure(
                Exit.UNSUPPORTED,
                f"models of architecture '{unknown[1]}' are not exported",
                where=source.name,
                hint=f"known: {known}",
            ) from error
        raise explain(error, source, "config.json cannot be read") from error


def load_model(source: Source, plan: Any) -> Any:
    """The PyTorch model in fp32, every weight of it from the checkpoint and finite."""
    import torch
    import transformers

    from posittune import architectures
    from posittune.onnx_export import quiet

    options: dict[str, Any] = {"dtype": torch.float32, "attn_implementation": "eager", "output_loading_info": True}
    if plan.task == "feature" and plan.architecture in architectures.ENCODERS:
        options["add_pooling_layer"] = (
            False  # the output does not depend on it, and language models are saved without it
        )
    try:
        with quiet():
            model, report = getattr(transformers, architectures.AUTO_CLASS[plan.task]).from_pretrained(
                source.name, **options
            )
    except Exception as error:
        raise explain(error, source, "the weights cannot be read") from error
    missing = sorted(report.get("missing_keys", ()))
    if missing:
        raise Failure(
            Exit.INPUT,
            f"the checkpoint lacks {len(missing)} weights that {plan.task} needs",
            where=source.name,
            expected=", ".join(missing[:4]) + (", ..." if len(missing) > 4 else ""),
            hint="another --task?",
        )
    for name, tensor in model.named_parameters():
        if not torch.isfinite(tensor).all():
            raise Failure(Exit.INPUT, "NaN or infinity in the weights", where=f"{source.name}: {name}")
    return model


def export_model(model: Any, plan: Any, folder: Path, fp16: bool, external: bool) -> float:
    """Writes folder/model.onnx and says so on stdout; the relative difference between OpenVINO and PyTorch."""
    from posittune import onnx_export, verify

    module = plan.module(model)
    if fp16:
        onnx_export.round_weights(module)
    say("exporting")
    path = folder / "model.onnx"
    written = onnx_export.export(module, plan.example(2, 16), plan.result, path, fp16, external)
    say("comparing with PyTorch")
    other = plan.example(3, 37, seed=2)  # neither batch nor length of the example that was traced
    difference = verify.relative_difference(verify.run_openvino(path, other), verify.run_torch(module, other))
    files = path.name + (" + model.onnx.data" if written.external else "")
    size = sum(f.stat().st_size for f in folder.glob("model.onnx*"))
    print(
        f"{files}: {size_text(size)}, {type(model).__name__} ({plan.task}), {written.parameters / 1e6:.1f} M parameters, "
        f"weights {'fp16' if fp16 else 'fp32'}, opset {onnx_export.OPSET}\n"
        f"  {', '.join(plan.inputs)} (batch, sequence up to {plan.positions}) -> {plan.result}\n"
        f"  OpenVINO against PyTorch: {difference:.1e} relative (allowed {verify.TOLERANCE:g})"
    )
    return difference


def convert(
    name: str,
    out: Path,
    task: str = "auto",
    fp16: bool = False,
    with_tokenizer: bool | None = None,
    external: bool = False,
    token_types: bool = False,
) -> Exit:
    """with_tokenizer: None exports one when there is one."""
    source = source_of(name)
    if out.exists() and not out.is_dir():
        raise Failure(Exit.USAGE, "-o names a file", where=str(out), expected="a folder, new or not")
    import torch

    from posittune import architectures, tokenizer

    torch.set_num_threads(THREADS)
    config = load_config(source)
    plan = architectures.plan(config, task, token_types, source.name)
    loaded = None if with_tokenizer is False else tokenizer.load(source.name)
    differing = None
    if loaded is None and with_tokenizer:
        raise Failure(Exit.INPUT, "no tokenizer", where=name, expected=" or ".join(tokenizer.SOURCES))
    say(f"loading {name}")
    model = load_model(source, plan)
    with new_files(out) as folder:
        difference = export_model(model, plan, folder, fp16, external)
        if loaded is not None:
            differing = tokenizer.export(loaded, folder)
        elif with_tokenizer is None:
            print("no tokenizer in the folder")
    print(f"written to {out}")
    check_difference(difference)
    tokenizer.check(differing)
    return Exit.DONE


def check_difference(difference: float) -> None:
    from posittune import verify

    if difference > verify.TOLERANCE:
        raise Failure(
            Exit.GOAL_NOT_MET,
            "model.onnx differs from PyTorch",
            expected=f"at most {verify.TOLERANCE:g} of the largest output",
            found=f"{difference:.1e}",
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m posittune.hub", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", metavar="MODEL", help="local folder, or name on the Hugging Face hub")
    parser.add_argument("-o", "--out", metavar="DIR", type=Path, required=True)
    parser.add_argument(
        "--task",
        choices=("auto", "causal-lm", "classify", "feature"),
        default="auto",
        help="auto: what the checkpoint was saved as; feature: last_hidden_state",
    )
    parser.add_argument("--fp16", action="store_true", help="store weights as fp16 (computed in fp32); halves the file")
    parser.add_argument(
        "--tokenizer", action=argparse.BooleanOptionalAction, default=None, help="default: when the model has one"
    )
    parser.add_argument("--token-types", action="store_true", help="also an input token_type_ids, for pairs of texts")
    parser.add_argument("--external-data", action="store_true", help="weights in model.onnx.data; always above 1.9 GB")
    given = parser.parse_args(arguments)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    return convert(
        given.model, given.out, given.task, given.fp16, given.tokenizer, given.external_data, given.token_types
    )


if __name__ == "__main__":
    sys.exit(run(main))
