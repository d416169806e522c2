#!/usr/bin/env python3
"""Trains the zoo's GPT-2 (GPT2LMHeadModel from random weights) on the token stream of prepare_text.py.

Stops after --steps, or after --minutes of training time; the learning rate decays with whichever is nearer to its
end, so a run cut by time still finishes annealed. A killed run goes on from its last checkpoint.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from common import Checkpoint, Clock, Progress, learning_rate_factor, seed_everything, write_atomic
from muon import MuonAdamW
from transformers import GPT2Config, GPT2LMHeadModel

CONTEXT = 256


def build(vocabulary: int) -> GPT2LMHeadModel:
    # Dropout 0: the run sees each token about once, so there is nothing to overfit.
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=CONTEXT,
        n_embd=224,
        n_layer=6,
        n_head=7,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config)


def make_optimizer(model: GPT2LMHeadModel, rate: float, rest_rate: float) -> MuonAdamW:
    # GPT-2 keeps query, key and value in one matrix (in, 3 * width)
    matrices = [(p, 3 if "c_attn" in n else 1) for n, p in model.named_parameters() if ".h." in n and p.dim() == 2]
    rest = [p for n, p in model.named_parameters() if not (".h." in n and p.dim() == 2)]
    return MuonAdamW(matrices, rest, rate, rest_rate)


def batch_at(tokens: np.ndarray, step: int, size: int, seed: int) -> torch.Tensor:
    """Rows of CONTEXT tokens; every epoch is a new permutation and a new offset, a function of the step alone."""
    per_epoch = (len(tokens) // CONTEXT - 1) // size
    epoch, at = divmod(step, per_epoch)
    rng = np.random.default_rng((seed, epoch))
    order, offset = rng.permutation(per_epoch * size), rng.integers(CONTEXT)
    rows = order[at * size : (at + 1) * size]
    return torch.from_numpy(
        np.stack([tokens[offset + r * CONTEXT : offset + (r + 1) * CONTEXT] for r in rows]).astype(np.int64)
    )


@torch.no_grad()
def nats_per_token(model: torch.nn.Module, rows: np.ndarray) -> float:
    model.eval()
    total = 0.0
    for part in torch.from_numpy(rows).split(16):
        logits = model(input_ids=part).logits[:, :-1]
        total += torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), part[:, 1:].reshape(-1), reduction="sum"
        ).item()
    model.train()
    return total / (rows.shape[0] * (rows.shape[1] - 1))


def ngram_perplexity(train: np.ndarray, rows: np.ndarray, vocabulary: int) -> dict[str, float]:
    """Baselines on the same positions: add-one unigram, and a bigram interpolated with it (weight tuned on train's tail)."""
    unigram = (np.bincount(train, minlength=vocabulary) + 1.0) / (len(train) + vocabulary)
    fit, tail = train[:-200_000].astype(np.int64), train[-200_000:].astype(np.int64)
    pairs = np.zeros((vocabulary, vocabulary), np.float32)
    np.add.at(pairs, (fit[:-1], fit[1:]), 1)
    context = pairs.sum(1, keepdims=True)

    def nats(previous, following, weight):
        # Witten-Bell style: contexts seen often trust the bigram more
        trust = context[previous, 0] / (context[previous, 0] + weight)
        bigram = pairs[previous, following] / np.maximum(context[previous, 0], 1)
        return -np.log(trust * bigram + (1 - trust) * unigram[following]).mean()

    weight = min((10, 30, 100, 300, 1000, 3000), key=lambda w: nats(tail[:-1], tail[1:], w))
    previous, following = rows[:, :-1].ravel(), rows[:, 1:].ravel()
    return {
        "unigram": float(np.exp(-np.log(unigram[following]).mean())),
        "bigram": float(np.exp(nats(previous, following, weight))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=Path("build/zoo/gpt2"), help="holds train.npy; the checkpoint goes here"
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "gpt2", help="calibrate/search/report npz")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="processor time per thread after which the schedule ends"
    )
    parser.add_argument("--batch", type=int, default=12, help="rows of 256 tokens")
    parser.add_argument("--rate", type=float, default=0.02, help="of Muon")
    parser.add_argument("--rest-rate", type=float, default=3e-3, help="of AdamW: embeddings, biases, norms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-resume", action="store_true", help="start anew even if a checkpoint exists")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)

    tokens = np.load(args.work / "train.npy")
    vocabulary = json.loads((args.work / "corpus.json").read_text())["vocabulary"]
    rows = np.load(args.data / "calibrate.npz")["input_ids"]
    model, clock = build(vocabulary), Clock(args.threads)
    optimizer = make_optimizer(model, args.rate, args.rest_rate)
    checkpoint = Checkpoint(args.work, not args.no_resume)
    step = checkpoint.load(model=model, optimizer=optimizer, clock=clock)
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(tokens) / 1e6:.1f} M tokens",
        flush=True,
    )

    progress = Progress("gpt2", args.steps, every=20, done=step)
    running = None
    while step < args.steps and clock.seconds < args.minutes * 60:
        factor = learning_rate_factor(step, 50, max(step / args.steps, clock.seconds / (args.minutes * 60)))
        part = batch_at(tokens, step, args.batch, args.seed)
        logits = model(input_ids=part).logits[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, vocabulary), part[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(factor)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        step += 1
        clock.tick()
        progress.step(f"loss {running:.3f}  rate {factor:.3f}  {clock.seconds / 60:.1f} min trained")
        if step % 200 == 0:
            checkpoint.save(step, model=model, optimizer=optimizer, clock=clock)
            print(f"step {step}: calibrate perplexity {math.exp(nats_per_token(model, rows[:32])):.2f}", flush=True)
    checkpoint.save(step, model=model, optimizer=optimizer, clock=clock)

    report = np.load(args.data / "report.npz")["input_ids"]
    figures = {
        "steps": step,
        "tokens_seen": step * args.batch * CONTEXT,
        "minutes": round(clock.seconds / 60, 1),
        "perplexity": math.exp(nats_per_token(model, report)),
        **ngram_perplexity(tokens, report, vocabulary),
    }
    write_atomic(args.work / "training.json", lambda f: f.write(json.dumps(figures, indent=1).encode()))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
