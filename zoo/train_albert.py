#!/usr/bin/env python3
"""Trains the zoo's ALBERT (AlbertForSequenceClassification from random weights) on prepare_sections.py's task.

One group of weights serves all depths. Stops after --epochs or --minutes, whichever comes first, annealed in both
cases. A killed run goes on from its last checkpoint.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from common import Checkpoint, Clock, Progress, learning_rate_factor, seed_everything, write_atomic
from transformers import AlbertConfig, AlbertForSequenceClassification

UNKNOWN, FIRST_WORD = 1, 4  # token ids: [UNK], and the first that is not special
HIDE = 0.15  # share of words replaced by [UNK] in training: 22 k items are few, and single words must not decide


def build(vocabulary: int, classes: int) -> AlbertForSequenceClassification:
    config = AlbertConfig(
        vocab_size=vocabulary,
        embedding_size=64,
        hidden_size=192,
        num_hidden_layers=6,
        num_hidden_groups=1,
        num_attention_heads=6,
        intermediate_size=768,
        max_position_embeddings=128,
        num_labels=classes,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        classifier_dropout_prob=0.1,
    )
    return AlbertForSequenceClassification(config)


def epoch_batches(lengths: np.ndarray, size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Items of similar length share a batch, so that little is spent on padding; batches come in random order."""
    rng = np.random.default_rng((seed, epoch))
    order = np.argsort(lengths + rng.integers(0, 12, len(lengths)), kind="stable")
    batches = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def trimmed(data: dict, items: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    longest = int(data["attention_mask"][items].sum(1).max())
    return tuple(
        torch.from_numpy(a)
        for a in (data["input_ids"][items, :longest], data["attention_mask"][items, :longest], data["labels"][items])
    )


@torch.no_grad()
def accuracy(model: torch.nn.Module, data: dict) -> float:
    model.eval()
    right = 0
    for items in np.array_split(np.argsort(data["attention_mask"].sum(1)), math.ceil(len(data["labels"]) / 64)):
        ids, mask, labels = trimmed(data, items)
        right += (model(input_ids=ids, attention_mask=mask).logits.argmax(-1) == labels).sum().item()
    model.train()
    return right / len(data["labels"])


def baselines(train: dict, test: dict, vocabulary: int) -> dict[str, float]:
    """The largest class, and multinomial naive Bayes on the same tokens."""
    classes = int(train["labels"].max()) + 1
    count = np.ones((classes, vocabulary))
    for ids, mask, label in zip(train["input_ids"], train["attention_mask"], train["labels"]):
        count[label] += np.bincount(ids[mask > 0], minlength=vocabulary)
    logs = np.log(count / count.sum(1, keepdims=True))
    prior = np.log(np.bincount(train["labels"], minlength=classes) / len(train["labels"]))
    scores = np.stack(
        [prior + logs[:, ids[mask > 0]].sum(1) for ids, mask in zip(test["input_ids"], test["attention_mask"])]
    )
    majority = np.bincount(train["labels"]).argmax()
    return {
        "majority_class": float((test["labels"] == majority).mean()),
        "naive_bayes": float((scores.argmax(1) == test["labels"]).mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=Path("build/zoo/albert"), help="holds train.npz; the checkpoint goes here"
    )
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parent / "albert", help="calibrate/search/report npz"
    )
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="processor time per thread after which the schedule ends"
    )
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-resume", action="store_true", help="start anew even if a checkpoint exists")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)

    train = dict(np.load(args.work / "train.npz"))
    held_out = {n: dict(np.load(args.data / f"{n}.npz")) for n in ("calibrate", "report")}
    vocabulary = len(json.loads((args.data / "tokenizer.json").read_text())["model"]["vocab"])
    classes = len(json.loads((args.data / "labels.json").read_text()))
    model, clock = build(vocabulary, classes), Clock(args.threads)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.05, betas=(0.9, 0.98), fused=True)
    checkpoint = Checkpoint(args.work, not args.no_resume)
    step = checkpoint.load(model=model, optimizer=optimizer, clock=clock)
    lengths = train["attention_mask"].sum(1)
    per_epoch = len(lengths) // args.batch
    total = args.epochs * per_epoch
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(lengths)} items, {lengths.mean():.0f} tokens each",
        flush=True,
    )

    progress = Progress("albert", total, every=50, done=step)
    running, batches = None, None
    while step < total and clock.seconds < args.minutes * 60:
        epoch, at = divmod(step, per_epoch)
        if batches is None or at == 0:
            batches = epoch_batches(lengths, args.batch, args.seed, epoch)
        factor = learning_rate_factor(step, 400, max(step / total, clock.seconds / (args.minutes * 60)))
        for group in optimizer.param_groups:
            group["lr"] = args.rate * factor
        ids, mask, labels = trimmed(train, batches[at])
        hidden = (torch.rand(ids.shape) < HIDE) & (ids >= FIRST_WORD)
        logits = model(input_ids=ids.masked_fill(hidden, UNKNOWN), attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        step += 1
        clock.tick()
        progress.step(f"loss {running:.3f}  lr {args.rate * factor:.2e}  {clock.seconds / 60:.1f} min trained")
        if step % 300 == 0:
            checkpoint.save(step, model=model, optimizer=optimizer, clock=clock)
            print(f"step {step}: calibrate accuracy {accuracy(model, held_out['calibrate']):.3f}", flush=True)
    checkpoint.save(step, model=model, optimizer=optimizer, clock=clock)

    figures = {
        "steps": step,
        "epochs": round(step / per_epoch, 2),
        "minutes": round(clock.seconds / 60, 1),
        "accuracy": accuracy(model, held_out["report"]),
        **baselines(train, held_out["report"], vocabulary),
    }
    write_atomic(args.work / "training.json", lambda f: f.write(json.dumps(figures, indent=1).encode()))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
