"""A small detector with the layout of YOLOv8, written for this project: C2f blocks, SPPF, a top-down and a bottom-up
neck, and a decoupled anchor-free head whose box sides are distributions over bins (DFL).

Input `images` is (N, 3, H, W) float32 in 0..1, RGB. In training `forward` gives raw maps; `Detector` wraps the
network for export and gives (N, 4 + classes, A): centre x, centre y, width, height in pixels and class scores 0..1.
"""

import torch
from torch import nn

STRIDES = (8, 16, 32)
BINS = 16  # a side is 0..BINS-1 cells of its stride
WIDTHS = (16, 32, 56, 88, 128)  # channels at strides 2, 4, 8, 16, 32


class ConvUnit(nn.Module):
    """Convolution, batch norm, SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, width: int, shortcut: bool) -> None:
        super().__init__()
        self.first, self.second, self.shortcut = ConvUnit(width, width, 3), ConvUnit(width, width, 3), shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(self.first(x))
        return x + y if self.shortcut else y


class C2f(nn.Module):
    """Splits the channels, runs a chain of bottlenecks on one half, and mixes every intermediate result."""

    def __init__(self, inputs: int, outputs: int, depth: int, shortcut: bool) -> None:
        super().__init__()
        self.width = outputs // 2
        self.enter = ConvUnit(inputs, 2 * self.width)
        self.chain = nn.ModuleList(Bottleneck(self.width, shortcut) for _ in range(depth))
        self.leave = ConvUnit((2 + depth) * self.width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = list(self.enter(x).split(self.width, 1))
        for block in self.chain:
            parts.append(block(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class SPPF(nn.Module):
    """Three 5x5 max pools in a row see 5, 9 and 13 cells."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter, self.leave = ConvUnit(width, width // 2), ConvUnit(2 * width, width)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [self.enter(x)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class Branch(nn.Sequential):
    """One half of the head at one scale: two 3x3 units and a plain 1x1 convolution."""

    def __init__(self, inputs: int, width: int, outputs: int) -> None:
        super().__init__(ConvUnit(inputs, width, 3), ConvUnit(width, width, 3), nn.Conv2d(width, outputs, 1))


class Yolo(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        a, b, c, d, e = WIDTHS
        self.classes = classes
        self.stem = ConvUnit(3, a, 3, 2)
        self.stage2 = nn.Sequential(ConvUnit(a, b, 3, 2), C2f(b, b, 1, True))
        self.stage3 = nn.Sequential(ConvUnit(b, c, 3, 2), C2f(c, c, 2, True))
        self.stage4 = nn.Sequential(ConvUnit(c, d, 3, 2), C2f(d, d, 2, True))
        self.stage5 = nn.Sequential(ConvUnit(d, e, 3, 2), C2f(e, e, 1, True), SPPF(e))
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.down4, self.down3 = C2f(d + e, d, 1, False), C2f(c + d, c, 1, False)
        self.shrink3, self.up4 = ConvUnit(c, c, 3, 2), C2f(c + d, d, 1, False)
        self.shrink4, self.up5 = ConvUnit(d, d, 3, 2), C2f(d + e, e, 1, False)
        self.box = nn.ModuleList(Branch(w, 40, 4 * BINS) for w in (c, d, e))
        self.score = nn.ModuleList(Branch(w, c, classes) for w in (c, d, e))
        for branch, stride in zip(self.score, STRIDES):
            # a class is present in few of the cells: start from that, not from one half
            nn.init.constant_(branch[-1].bias, -4.6 - 0.5 * (stride == 8))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the sides (N, A, 4, BINS) and of the classes (N, A, classes); cells of stride 8 come first."""
        p3 = self.stage3(self.stage2(self.stem(x)))
        p4 = self.stage4(p3)
        p5 = self.stage5(p4)
        n4 = self.down4(torch.cat((self.up(p5), p4), 1))
        n3 = self.down3(torch.cat((self.up(n4), p3), 1))
        n4 = self.up4(torch.cat((self.shrink3(n3), n4), 1))
        n5 = self.up5(torch.cat((self.shrink4(n4), p5), 1))
        maps = (n3, n4, n5)
        sides = torch.cat([head(m).flatten(2) for head, m in zip(self.box, maps)], 2)
        scores = torch.cat([head(m).flatten(2) for head, m in zip(self.score, maps)], 2)
        return sides.transpose(1, 2).unflatten(2, (4, BINS)), scores.transpose(1, 2)


def cells(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres of all cells in pixels (A, 2) and their strides (A, 1), in the order of Yolo.forward."""
    centres, strides = [], []
    for stride in STRIDES:
        n = size // stride
        at = (torch.arange(n) + 0.5) * stride
        y, x = torch.meshgrid(at, at, indexing="ij")
        centres.append(torch.stack((x, y), -1).reshape(-1, 2))
        strides.append(torch.full((n * n, 1), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def corners(sides: torch.Tensor, centres: torch.Tensor, strides: torch.Tensor) -> torch.Tensor:
    """Boxes (N, A, 4) x0 y0 x1 y1 in pixels: expected bin of each side (left, top, right, bottom) times the stride."""
    bins = torch.arange(BINS, dtype=sides.dtype)
    reach = (sides.softmax(-1) * bins).sum(-1) * strides
    return torch.cat((centres - reach[..., :2], centres + reach[..., 2:]), -1)


class Detector(nn.Module):
    """The network with its decoding, for a fixed picture size."""

    def __init__(self, network: Yolo, size: int) -> None:
        super().__init__()
        self.network = network
        centres, strides = cells(size)
        self.register_buffer("centres", centres)
        self.register_buffer("strides", strides)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        sides, scores = self.network(images)
        low, high = corners(sides, self.centres, self.strides).split(2, -1)
        return torch.cat(((low + high) / 2, high - low, scores.sigmoid()), -1).transpose(1, 2)


def fold_batch_norm(module: nn.Module) -> None:
    """Turns every ConvUnit in eval mode into one convolution with bias, in place."""
    for unit in module.modules():
        if isinstance(unit, ConvUnit) and isinstance(unit.norm, nn.BatchNorm2d):
            unit.conv = torch.nn.utils.fusion.fuse_conv_bn_eval(unit.conv, unit.norm)
            unit.norm = nn.Identity()
