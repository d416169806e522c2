#!/usr/bin/env python3
"""Trains the zoo's YOLO from random weights on the scenes of render_scenes.py.

Stops after --epochs or --minutes, whichever comes first, annealed in both cases. A killed run goes on from its last
checkpoint. What is kept and exported is the moving average of the weights.
"""

import argparse
import copy
import json
import math
from pathlib import Path

import numpy as np
import torch
from common import Checkpoint, Clock, Progress, learning_rate_factor, seed_everything, write_atomic
from render_scenes import CLASSES, SIZE
from yolo_loss import detection_loss
from yolo_metric import coco_map, load_split, to_input
from yolo_model import Detector, Yolo, cells


class Average:
    """Exponential moving average of parameters and statistics; short at first, so that the start is forgotten."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model, self.updates = copy.deepcopy(model).eval().requires_grad_(False), 0

    def update(self, model: torch.nn.Module) -> None:
        self.updates += 1
        keep = 0.998 * (1 - math.exp(-self.updates / 200))
        for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(keep).add_(theirs.detach(), alpha=1 - keep)

    def state_dict(self) -> dict:
        return {"model": self.model.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.updates = state["updates"]


class Scenes:
    def __init__(self, work: Path) -> None:
        self.images = np.load(work / "train_images.npy", mmap_mode="r")
        rows = np.load(work / "train_boxes.npz")["rows"]
        self.boxes = np.split(rows[:, 1:], np.searchsorted(rows[:, 0], np.arange(1, len(self.images))))

    def batch(self, items: np.ndarray, rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
        """Images 0..1, labels (N, M), boxes (N, M, 4), valid (N, M); colours are permuted and scaled, nothing is flipped:
        a mirrored letter is another sign."""
        images = np.stack([self.images[i][:, :, rng.permutation(3)] for i in items])
        light = rng.uniform(0.8, 1.15, (len(items), 3, 1, 1)).astype(np.float32)
        most = max(1, max(len(self.boxes[i]) for i in items))
        rows, valid = np.zeros((len(items), most, 5), np.float32), np.zeros((len(items), most), bool)
        for n, i in enumerate(items):
            rows[n, : len(self.boxes[i])] = self.boxes[i]
            valid[n, : len(self.boxes[i])] = True
        rows = torch.from_numpy(rows)
        pixels = torch.from_numpy((to_input(images) * light).clip(0, 1))
        return (
            pixels.contiguous(memory_format=torch.channels_last),
            rows[..., 0].long(),
            rows[..., 1:],
            torch.from_numpy(valid),
        )


@torch.no_grad()
def evaluate(network: Yolo, data: Path, split: str) -> dict[str, float]:
    detector = Detector(network, SIZE).eval()
    predictions = [
        p for part in torch.from_numpy(to_input(load_split(data, split))).split(16) for p in detector(part).numpy()
    ]
    return coco_map(data / f"{split}.json", predictions)


def make_optimizer(model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    kernels = [p for p in model.parameters() if p.dim() == 4]
    rest = [p for p in model.parameters() if p.dim() != 4]
    return torch.optim.AdamW(
        [{"params": kernels, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.99),
        fused=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=Path("build/zoo/yolo"), help="holds train_*.np[yz]; the checkpoint goes here"
    )
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).parent / "yolo", help="calibrate/search/report folders"
    )
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="processor time per thread after which the schedule ends"
    )
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-resume", action="store_true", help="start anew even if a checkpoint exists")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)

    scenes = Scenes(args.work)
    model = Yolo(len(CLASSES)).to(memory_format=torch.channels_last).train()
    average, clock, optimizer = Average(model), Clock(args.threads), make_optimizer(model, args.rate)
    checkpoint = Checkpoint(args.work, not args.no_resume)
    step = checkpoint.load(model=model, average=average, optimizer=optimizer, clock=clock)
    centres, strides = cells(SIZE)
    per_epoch = len(scenes.images) // args.batch
    total = args.epochs * per_epoch
    print(
        f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(scenes.images)} scenes", flush=True
    )

    progress = Progress("yolo", total, every=20, done=step)
    running = None
    while step < total and clock.seconds < args.minutes * 60:
        epoch, at = divmod(step, per_epoch)
        rng = np.random.default_rng((args.seed, step))
        items = np.sort(
            np.random.default_rng((args.seed, epoch)).permutation(len(scenes.images))[
                at * args.batch : (at + 1) * args.batch
            ]
        )
        factor = learning_rate_factor(step, 200, max(step / total, clock.seconds / (args.minutes * 60)))
        for group in optimizer.param_groups:
            group["lr"] = args.rate * factor
        images, labels, truth, valid = scenes.batch(items, rng)
        sides, logits = model(images)
        loss, parts = detection_loss(sides, logits, centres, strides, labels, truth, valid)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        average.update(model)
        now = np.array([loss.item(), *parts.values()])
        running = now if running is None else 0.95 * running + 0.05 * now
        step += 1
        clock.tick()
        progress.step(
            "loss {:.3f}  box {:.3f} score {:.3f} bins {:.3f}".format(*running)
            + f"  {clock.seconds / 60:.1f} min trained"
        )
        if step % 200 == 0:
            checkpoint.save(step, model=model, average=average, optimizer=optimizer, clock=clock)
            figures = evaluate(average.model, args.data, "calibrate")
            print(f"step {step}: calibrate mAP {figures['mAP']:.3f}, mAP50 {figures['mAP50']:.3f}", flush=True)
    checkpoint.save(step, model=model, average=average, optimizer=optimizer, clock=clock)
    figures = {
        "steps": step,
        "epochs": round(step / per_epoch, 2),
        "minutes": round(clock.seconds / 60, 1),
        **evaluate(average.model, args.data, "report"),
    }
    write_atomic(args.work / "training.json", lambda f: f.write(json.dumps(figures, indent=1).encode()))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
