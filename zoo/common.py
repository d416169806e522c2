"""What all zoo scripts share: seeds, progress lines, atomic files, checkpoints, and the fp16 ONNX export."""

import math
import os
import random
import time
from pathlib import Path
from typing import Callable

import numpy as np


def seed_everything(seed: int) -> None:
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def write_atomic(path: Path, write: Callable) -> None:
    """A reader sees the old file or the whole new one, also after a crash: temporary name, sync, rename."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Progress:
    """Plain progress lines with rate and time left; `every` thins them out."""

    def __init__(self, name: str, total: int, every: int = 1, done: int = 0) -> None:
        self.name, self.total, self.every, self.done = name, total, every, done
        self.start, self.first = time.monotonic(), done

    def step(self, note: str = "") -> None:
        self.done += 1
        if self.done % self.every and self.done != self.total:
            return
        rate = (self.done - self.first) / max(time.monotonic() - self.start, 1e-9)
        left = (self.total - self.done) / rate
        print(f"{self.name} {self.done}/{self.total}  {rate:.3g}/s  left {left / 60:.1f} min  {note}", flush=True)


class Checkpoint:
    """model, optimizer, step and RNG in one file; `load` returns the step to go on from (0 without a checkpoint)."""

    def __init__(self, folder: Path, resume: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.resume = folder / "checkpoint.pt", resume

    def save(self, step: int, **modules) -> None:
        import torch

        state = {name: module.state_dict() for name, module in modules.items()}
        state |= {
            "step": step,
            "torch_rng": torch.get_rng_state(),
            "numpy_rng": np.random.get_state(),
            "python_rng": random.getstate(),
        }
        write_atomic(self.path, lambda file: torch.save(state, file))

    def load(self, **modules) -> int:
        import torch

        if not (self.resume and self.path.exists()):
            return 0
        state = torch.load(self.path, weights_only=False)
        for name, module in modules.items():
            module.load_state_dict(state[name])
        torch.set_rng_state(state["torch_rng"])
        np.random.set_state(state["numpy_rng"])
        random.setstate(state["python_rng"])
        print(f"resumed at step {state['step']} from {self.path.name}", flush=True)
        return state["step"]


class Clock:
    """Seconds of training so far, part of the checkpoint: processor time by threads, so a busy machine or a stopped
    process does not use up the schedule."""

    def __init__(self, threads: int) -> None:
        self.threads, self.seconds, self.last = threads, 0.0, time.process_time()

    def tick(self) -> None:
        now = time.process_time()
        self.seconds += (now - self.last) / self.threads
        self.last = now

    def state_dict(self) -> dict:
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict) -> None:
        self.seconds = state["seconds"]


def learning_rate_factor(step: int, warmup: int, done: float, floor: float = 0.03) -> float:
    """Linear warm-up over `warmup` steps, cosine decay to `floor` as `done` goes from 0 to 1."""
    return min(1.0, (step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
