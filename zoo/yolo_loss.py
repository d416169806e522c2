"""Which cells answer for which object, and what they are told: task-aligned assignment, CIoU, DFL, class scores.

Assignment after "TOOD: Task-aligned One-stage Object Detection" (2021): the fitness of a cell for an object is
score^0.5 * IoU^6; the TOP fittest cells whose centre lies in the box answer for it, with a target score that follows
the fitness. DFL after "Generalized Focal Loss" (2020): a side between two bins is learnt as a pair of weights.
"""

import math

import torch
import torch.nn.functional as F
from yolo_model import BINS, corners

TOP, SCORE_POWER, IOU_POWER = 10, 0.5, 6.0
BOX_GAIN, SCORE_GAIN, BINS_GAIN = 7.5, 0.5, 1.5


def iou(a: torch.Tensor, b: torch.Tensor, complete: bool = False) -> torch.Tensor:
    """IoU of broadcastable boxes (..., 4); `complete` subtracts the CIoU terms for distance and aspect."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    common = (high - low).clamp(min=0).prod(-1)
    size_a, size_b = (a[..., 2:] - a[..., :2]).clamp(min=1e-6), (b[..., 2:] - b[..., :2]).clamp(min=1e-6)
    value = common / (size_a.prod(-1) + size_b.prod(-1) - common + 1e-7)
    if not complete:
        return value
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    distance = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) ** 2).sum(-1) / 4
    aspect = (
        4
        / math.pi**2
        * (torch.atan(size_a[..., 0] / size_a[..., 1]) - torch.atan(size_b[..., 0] / size_b[..., 1])) ** 2
    )
    with torch.no_grad():
        weight = aspect / (aspect - value + 1 + 1e-7)
    return value - distance / ((hull**2).sum(-1) + 1e-7) - weight * aspect


@torch.no_grad()
def assign(
    scores: torch.Tensor,
    boxes: torch.Tensor,
    centres: torch.Tensor,
    labels: torch.Tensor,
    truth: torch.Tensor,
    valid: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """scores (N, A, C) 0..1, boxes (N, A, 4); labels (N, M), truth (N, M, 4), valid (N, M) with padding rows false.

    Returns owner (N, A): index of the object or -1; matched (N, A, 4): its box; target (N, A, C): wanted scores.
    """
    count, cells, classes = scores.shape
    inside = (
        torch.cat((centres - truth[:, :, None, :2], truth[:, :, None, 2:] - centres), -1).amin(-1) > 1e-6
    )  # (N, M, A)
    allowed = inside & valid[:, :, None]
    overlap = iou(truth[:, :, None], boxes[:, None]).clamp(min=0) * allowed
    own_score = scores.transpose(1, 2).gather(1, labels[:, :, None].expand(-1, -1, cells))
    fitness = own_score**SCORE_POWER * overlap**IOU_POWER * allowed
    # An object whose predictions all miss it (IoU 0) still gets the cells nearest to its middle: add a tiny preference.
    middle = (truth[:, :, :2] + truth[:, :, 2:]) / 2
    nearness = 1e-9 / (1 + (centres - middle[:, :, None]).norm(dim=-1))
    best = ((fitness + nearness) * allowed).topk(TOP, -1)
    chosen = torch.zeros_like(allowed).scatter_(-1, best.indices, best.values > 0)
    # a cell wanted by several objects goes to the one it overlaps most
    rival = torch.where(chosen, overlap + 1e-9, overlap.new_zeros(()))
    strongest, owner = rival.max(1)
    owner = torch.where(strongest > 0, owner, -1)
    index = owner.clamp(min=0)
    matched = truth.gather(1, index[..., None].expand(-1, -1, 4))

    mine = torch.zeros_like(chosen).scatter_(1, index[:, None], (owner >= 0)[:, None])
    fitness, overlap = fitness * mine, overlap * mine
    wanted = fitness / (fitness.amax(-1, keepdim=True) + 1e-9) * overlap.amax(-1, keepdim=True)
    target = scores.new_zeros(count, cells, classes)
    target.scatter_(2, labels.gather(1, index)[..., None], wanted.amax(1)[..., None])
    return owner, matched, target


def detection_loss(
    sides: torch.Tensor,
    logits: torch.Tensor,
    centres: torch.Tensor,
    strides: torch.Tensor,
    labels: torch.Tensor,
    truth: torch.Tensor,
    valid: torch.Tensor,
) -> tuple[torch.Tensor, dict[str, float]]:
    boxes = corners(sides, centres, strides)
    owner, matched, target = assign(logits.detach().sigmoid(), boxes.detach(), centres, labels, truth, valid)
    scale = target.sum().clamp(min=1.0)
    score_loss = F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / scale
    used = owner >= 0
    weight = target.sum(-1)[used]
    box_loss = ((1 - iou(boxes[used], matched[used], complete=True)) * weight).sum() / scale
    # the wanted reach of each side in cells, kept inside the last bin
    at, step = centres.expand_as(boxes[..., :2])[used], strides.expand(len(boxes), -1, -1)[used]
    reach = (torch.cat((at - matched[used][:, :2], matched[used][:, 2:] - at), -1) / step).clamp(0, BINS - 1.01)
    low = reach.floor().long()
    part = reach - low
    flat = sides[used].reshape(-1, BINS)
    bins_loss = (
        (
            F.cross_entropy(flat, low.reshape(-1), reduction="none") * (1 - part.reshape(-1))
            + F.cross_entropy(flat, low.reshape(-1) + 1, reduction="none") * part.reshape(-1)
        )
        .view(-1, 4)
        .mean(-1)
    )
    bins_loss = (bins_loss * weight).sum() / scale
    total = BOX_GAIN * box_loss + SCORE_GAIN * score_loss + BINS_GAIN * bins_loss
    return total, {"box": box_loss.item(), "score": score_loss.item(), "bins": bins_loss.item()}
