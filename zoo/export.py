#!/usr/bin/env python3
"""Exports a trained model from its newest checkpoint to zoo/<name>/model.onnx, checks it and measures it.

The file is compared with PyTorch in onnxruntime and OpenVINO (1e-3 relative, else exit 1), its task metric is measured
on `report` before and after the weights are rounded to fp16, and the table in zoo/<name>/CARD.md is renewed.
"""

import argparse
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import onnx_fp16
import torch
from common import write_atomic

HERE = Path(__file__).parent
TOLERANCE = 1e-3


LOWEST = -1e9  # added to the scores of positions that must not be seen


class LanguageModel(torch.nn.Module):
    """GPT2LMHeadModel reduced to input_ids -> logits. Mask and positions are given to it ready made: what
    transformers would trace otherwise also covers packed sequences and caches, some 60 nodes of no use here."""

    def __init__(self, model) -> None:
        super().__init__()
        self.transformer, self.lm_head = model.transformer, model.lm_head

    def forward(self, input_ids):
        positions = torch.arange(input_ids.shape[1])
        later = (positions[None, :] > positions[:, None]).float() * LOWEST
        hidden = self.transformer(
            input_ids=input_ids, position_ids=positions[None], attention_mask=later[None, None], use_cache=False
        )
        return self.lm_head(hidden.last_hidden_state)


class Classifier(torch.nn.Module):
    """AlbertForSequenceClassification in its input order: input_ids, attention_mask -> logits."""

    def __init__(self, model) -> None:
        super().__init__()
        self.albert, self.classifier = model.albert, model.classifier

    def forward(self, input_ids, attention_mask):
        padding = (1 - attention_mask[:, None, None, :]).float() * LOWEST
        return self.classifier(self.albert(input_ids=input_ids, attention_mask=padding).pooler_output)


def gpt2(work: Path, out: Path):
    from train_gpt2 import build

    state = torch.load(work / "checkpoint.pt", weights_only=False)
    model = build(state["model"]["transformer.wte.weight"].shape[0])
    model.load_state_dict(state["model"])
    model.set_attn_implementation("eager")  # plain MatMul and Softmax nodes, which a quantizer can address
    rows = np.load(out / "report.npz")["input_ids"]

    def metrics(run):
        nats = count = 0
        for part in np.array_split(rows, max(1, len(rows) // 8)):
            logits = torch.from_numpy(run({"input_ids": part}))[:, :-1]
            nats += torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), torch.from_numpy(part[:, 1:]).flatten(), reduction="sum"
            ).item()
            count += part[:, 1:].size
        return {"perplexity": math.exp(nats / count)}

    axes = {"input_ids": {0: "batch", 1: "sequence"}}
    return LanguageModel(model), {"input_ids": rows[:2, :40]}, "logits", axes, metrics, state["step"]


def albert(work: Path, out: Path):
    from train_albert import build

    state = torch.load(work / "checkpoint.pt", weights_only=False)
    model = build(
        state["model"]["albert.embeddings.word_embeddings.weight"].shape[0],
        state["model"]["classifier.weight"].shape[0],
    )
    model.load_state_dict(state["model"])
    model.set_attn_implementation("eager")
    data = np.load(out / "report.npz")
    ids, mask, labels = data["input_ids"], data["attention_mask"], data["labels"]

    def metrics(run):
        pick = np.array_split(np.arange(len(ids)), len(ids) // 50)
        found = np.concatenate([run({"input_ids": ids[i], "attention_mask": mask[i]}).argmax(-1) for i in pick])
        return {"accuracy": float((found == labels).mean())}

    axes = {n: {0: "batch", 1: "sequence"} for n in ("input_ids", "attention_mask")}
    feed = {"input_ids": ids[:2, :40], "attention_mask": mask[:2, :40]}
    return Classifier(model), feed, "logits", axes, metrics, state["step"]


def yolo(work: Path, out: Path):
    from render_scenes import CLASSES, SIZE
    from yolo_metric import coco_map, load_split, to_input
    from yolo_model import Detector, Yolo, fold_batch_norm

    state = torch.load(work / "checkpoint.pt", weights_only=False)
    network = Yolo(len(CLASSES))
    network.load_state_dict(state["average"]["model"])
    fold_batch_norm(network.eval())
    images = to_input(load_split(out, "report"))

    def metrics(run):
        return coco_map(
            out / "report.json", [p for i in range(0, len(images), 10) for p in run({"images": images[i : i + 10]})]
        )

    return (
        Detector(network, SIZE),
        {"images": images[:2]},
        "predictions",
        {"images": {0: "batch"}},
        metrics,
        state["step"],
    )


MODELS = {"gpt2": gpt2, "albert": albert, "yolo": yolo}


def renew_card(card: Path, figures: dict) -> None:
    """Replaces what stands between the two marker lines of the card."""
    if not card.exists():
        return
    lines = ["| figure | value |", "|---|---|"] + [
        f"| {k} | {v:.4g} |" if isinstance(v, float) else f"| {k} | {v} |" for k, v in figures.items()
    ]
    text = re.sub(
        r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", "\n".join(lines) + "\n", card.read_text(), flags=re.S
    )
    write_atomic(card, lambda f: f.write(text.encode()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--work", type=Path, help="checkpoint directory (default build/zoo/<model>)")
    parser.add_argument("--out", type=Path, help="default zoo/<model>")
    args = parser.parse_args()
    work, out = args.work or Path("build/zoo") / args.model, args.out or HERE / args.model
    torch.set_num_threads(2)

    module, feed, output, axes, metrics, step = MODELS[args.model](work, out)
    module.eval().requires_grad_(False)
    run_torch = lambda inputs: module(**{k: torch.from_numpy(v) for k, v in inputs.items()}).numpy()
    figures = {"training steps": step, "parameters": sum(p.numel() for p in module.parameters())}
    figures |= {f"{k}, fp32": v for k, v in metrics(run_torch).items()}
    onnx_fp16.round_weights(module)
    onnx_fp16.export(module, {k: torch.from_numpy(v) for k, v in feed.items()}, output, axes, out / "model.onnx")

    session = onnx_fp16.onnxruntime_session(out / "model.onnx")
    run_file = lambda inputs: session.run(None, inputs)[0]
    figures |= {f"{k}, stored fp16": v for k, v in metrics(run_file).items()}
    # another batch and length than the export saw
    other = {
        k: np.concatenate((v, v[:1]))[:, : v.shape[1] - 7] if v.ndim == 2 else np.concatenate((v, v[:1]))
        for k, v in feed.items()
    }
    wanted = run_torch(other)
    figures["onnxruntime vs PyTorch"] = onnx_fp16.relative_difference(run_file(other), wanted)
    figures["OpenVINO vs PyTorch"] = onnx_fp16.relative_difference(
        onnx_fp16.run_openvino(out / "model.onnx", other), wanted
    )
    figures["file size, bytes"] = (out / "model.onnx").stat().st_size
    if (work / "training.json").exists():
        trained = json.loads((work / "training.json").read_text())
        if trained["steps"] == step:
            figures |= {
                k.replace("_", " "): v
                for k, v in trained.items()
                if k not in ("steps", "perplexity", "accuracy", "mAP", "mAP50")
            }
    print(json.dumps(figures, indent=1))
    renew_card(out / "CARD.md", figures)
    good = max(figures["onnxruntime vs PyTorch"], figures["OpenVINO vs PyTorch"]) < TOLERANCE
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
