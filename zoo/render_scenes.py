#!/usr/bin/env python3
"""Renders the YOLO task: shapes and glyphs with clutter over photographs, with the true box of every object.

An object's box is the extent of its own mask, also where another object covers part of it; an object of which less
than 35 % stays visible is no target and no image keeps it (it is taken back). Photographs come from scikit-image
(origin and licences: the model card); search and report scenes use photographs that training never shows.
Output in --work: train_images.npy, train_boxes.npz; in --out: calibrate/search/report folders of JPEG + COCO json.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from common import Progress, write_atomic
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 192  # pixels, height and width of a scene
OVER = 2  # drawn at this multiple and reduced: smooth edges
CLASSES = ("disc", "ring", "triangle", "rectangle", "star", "cross", "crescent", "arrow", "letter", "digit")

# files of skimage/data; the model card gives their licences
PHOTOGRAPHS = {
    "train": (
        "astronaut.png",
        "brick.png",
        "chelsea.png",
        "coffee.png",
        "grass.png",
        "hubble_deep_field.jpg",
        "motorcycle_left.png",
        "moon.png",
        "retina.jpg",
    ),
    "search": ("camera.png", "coins.png"),
    "report": ("rocket.jpg", "gravel.png", "ihc.png", "cell.png"),
}
# Calibration should look like what the model knows; its scenes ship, so only photographs whose free licence is stated.
PHOTOGRAPHS["calibrate"] = tuple(n for n in PHOTOGRAPHS["train"] if n not in ("motorcycle_left.png", "moon.png"))
IMAGES = {"train": 9000, "calibrate": 60, "search": 120, "report": 250}
SEEDS = {"train": 1, "calibrate": 2, "search": 3, "report": 4}


def polygon(radii: list[float], angle: float, stretch: float = 1.0) -> list[tuple[float, float]]:
    """Points at equal angles around the origin at the given radii."""
    step = 2 * math.pi / len(radii)
    points = [(r * math.cos(i * step), stretch * r * math.sin(i * step)) for i, r in enumerate(radii)]
    return [(x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)) for x, y in points]


def turned(points: list[tuple[float, float]], angle: float, scale: float) -> list[tuple[float, float]]:
    c, s = math.cos(angle) * scale, math.sin(angle) * scale
    return [(x * c - y * s, x * s + y * c) for x, y in points]


def object_mask(kind: str, radius: float, rng: np.random.Generator) -> Image.Image:
    """A white-on-black mask of one object, about 2*radius wide, in a picture of 3*radius."""
    side = int(3 * radius) + 4
    middle = side / 2
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    angle = rng.uniform(0, 2 * math.pi)
    box = lambda r, dx=0.0, dy=0.0: (middle - r + dx, middle - r + dy, middle + r + dx, middle + r + dy)
    fill = lambda points: draw.polygon([(middle + x, middle + y) for x, y in points], fill=255)
    if kind == "disc":
        draw.ellipse(box(radius), fill=255)
    elif kind == "ring":
        draw.ellipse(box(radius), fill=255)
        draw.ellipse(box(radius * rng.uniform(0.5, 0.75)), fill=0)
    elif kind == "triangle":
        fill(polygon([radius * 1.1] * 3, angle))
    elif kind == "rectangle":
        a, b = radius * rng.uniform(0.7, 1.1), radius * rng.uniform(0.45, 1.0)
        fill(turned([(-a, -b), (a, -b), (a, b), (-a, b)], angle, 1))
    elif kind == "star":
        fill(polygon([radius * 1.1, radius * rng.uniform(0.4, 0.55)] * 5, angle))
    elif kind == "cross":
        w = rng.uniform(0.22, 0.36)
        arm = [
            (1, -w),
            (1, w),
            (w, w),
            (w, 1),
            (-w, 1),
            (-w, w),
            (-1, w),
            (-1, -w),
            (-w, -w),
            (-w, -1),
            (w, -1),
            (w, -w),
        ]
        fill(turned(arm, angle, radius * 1.05))
    elif kind == "crescent":
        draw.ellipse(box(radius), fill=255)
        shift = radius * rng.uniform(0.4, 0.6)
        draw.ellipse(box(radius * 0.9, shift * math.cos(angle), shift * math.sin(angle)), fill=0)
    elif kind == "arrow":
        fill(
            turned(
                [(1.1, 0), (0.2, -0.7), (0.2, -0.25), (-1.1, -0.25), (-1.1, 0.25), (0.2, 0.25), (0.2, 0.7)],
                angle,
                radius,
            )
        )
    else:
        # Glyphs turn little, otherwise 6 and 9, or N and Z, have no answer; letters that look like digits stay away
        text = rng.choice(list("ABCDEFGHJKLMNPRTUVWXY") if kind == "letter" else list("23456789"))
        font = ImageFont.load_default(size=max(8, int(radius * 2.3)))
        draw.text(
            (middle, middle),
            str(text),
            font=font,
            fill=255,
            anchor="mm",
            stroke_width=int(rng.integers(0, 1 + radius // 10)),
        )
        mask = mask.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR)
    return mask


def background(photographs: list[np.ndarray], rng: np.random.Generator) -> Image.Image:
    photo = photographs[rng.integers(len(photographs))]
    side = int(rng.uniform(0.35, 1.0) * min(photo.shape[:2]))
    y, x = rng.integers(photo.shape[0] - side + 1), rng.integers(photo.shape[1] - side + 1)
    crop = photo[y : y + side, x : x + side]
    crop = crop[:, ::-1] if rng.random() < 0.5 else crop
    return Image.fromarray(np.ascontiguousarray(crop)).resize((SIZE * OVER, SIZE * OVER), Image.Resampling.BILINEAR)


def clutter(image: Image.Image, rng: np.random.Generator) -> None:
    """Things that are no object: strokes, irregular blobs and dots."""
    draw = ImageDraw.Draw(image, "RGBA")
    edge = SIZE * OVER
    for _ in range(rng.integers(0, 7)):
        colour = tuple(int(c) for c in rng.integers(0, 256, 3)) + (int(rng.integers(120, 256)),)
        kind = rng.integers(3)
        if kind == 0:
            draw.line(
                [tuple(p) for p in rng.uniform(0, edge, (rng.integers(2, 5), 2))],
                fill=colour,
                width=int(rng.integers(1, 9)),
            )
        elif kind == 1:
            cx, cy = rng.uniform(0, edge, 2)
            points = polygon(list(rng.uniform(4, 40, rng.integers(6, 11))), 0)
            draw.polygon([(cx + x, cy + y) for x, y in points], fill=colour)
        else:
            for x, y in rng.uniform(0, edge, (rng.integers(3, 20), 2)):
                draw.ellipse((x, y, x + 3, y + 3), fill=colour)


def scene(photographs: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(SIZE, SIZE, 3) uint8 and (n, 5) float32 rows of class, x0, y0, x1, y1 in pixels."""
    image = background(photographs, rng)
    clutter(image, rng)
    edge = SIZE * OVER
    taken = np.zeros((edge, edge), np.int16)  # which object is on top, 0 is none
    areas, rows = {}, {}
    for number in range(1, 1 + int(rng.integers(1, 9))):
        label = int(rng.integers(len(CLASSES)))
        radius = float(np.exp(rng.uniform(math.log(9), math.log(38)))) * OVER  # small objects are as likely as large
        mask = object_mask(CLASSES[label], radius, rng)
        extent = mask.point(lambda v: 255 * (v > 127)).getbbox()
        if extent is None or extent[2] - extent[0] >= edge or extent[3] - extent[1] >= edge:
            continue
        mask = mask.crop(extent)
        x, y = int(rng.integers(edge - mask.width + 1)), int(rng.integers(edge - mask.height + 1))
        solid = np.asarray(mask) > 127
        window = taken[y : y + mask.height, x : x + mask.width]
        after = window.copy()
        after[solid] = number
        hidden = {n: (window == n).sum() - (after == n).sum() for n in np.unique(window) if n}
        visible = {n: (taken == n).sum() - lost for n, lost in hidden.items()}
        if any(v < 0.35 * areas[n] for n, v in visible.items()):
            continue  # it would hide another object
        taken[y : y + mask.height, x : x + mask.width] = after
        areas[number] = solid.sum()
        rows[number] = [label, x / OVER, y / OVER, (x + mask.width) / OVER, (y + mask.height) / OVER]
        paint(image, mask, x, y, rng)
    return finish(image, rng), np.array(list(rows.values()), np.float32).reshape(-1, 5)


def paint(image: Image.Image, mask: Image.Image, x: int, y: int, rng: np.random.Generator) -> None:
    """Fills the mask with a colour, or a gradient of two, more or less opaque, sometimes close to what is behind."""
    behind = np.asarray(image.crop((x, y, x + mask.width, y + mask.height)), np.float32)
    first, second = rng.integers(0, 256, (2, 3))
    while np.abs(first - behind.mean((0, 1))).sum() < 90:  # an object nobody can see teaches nothing
        first = rng.integers(0, 256, 3)
    if rng.random() < 0.6:
        second = first
    ramp = np.linspace(0, 1, mask.width)[None, :, None]
    colour = first * (1 - ramp) + (0.5 * first + 0.5 * second) * ramp
    alpha = np.asarray(mask, np.float32)[..., None] / 255 * rng.uniform(0.65, 1.0)
    image.paste(Image.fromarray((behind * (1 - alpha) + colour * alpha).astype(np.uint8)), (x, y))


def finish(image: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """The camera: reduction, blur, light, noise."""
    image = image.resize((SIZE, SIZE), Image.Resampling.BOX)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    pixels = np.asarray(image, np.float32)
    pixels = (pixels - 128) * rng.uniform(0.7, 1.2) + 128 + rng.uniform(-25, 25)
    pixels += rng.normal(0, rng.uniform(0, 9), pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def load_photographs(split: str) -> list[np.ndarray]:
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    return [np.asarray(Image.open(folder / name).convert("RGB")) for name in PHOTOGRAPHS[split]]


def coco(boxes: list[np.ndarray], names: list[str]) -> dict:
    annotations = []
    for image, rows in enumerate(boxes):
        for label, x0, y0, x1, y1 in rows.tolist():
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image + 1,
                    "category_id": int(label),
                    "iscrowd": 0,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                }
            )
    return {
        "images": [{"id": i + 1, "file_name": n, "width": SIZE, "height": SIZE} for i, n in enumerate(names)],
        "categories": [{"id": i, "name": n} for i, n in enumerate(CLASSES)],
        "annotations": annotations,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/zoo/yolo"))
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "yolo", help="shipped files (default %(default)s)"
    )
    parser.add_argument(
        "--train",
        type=int,
        default=IMAGES["train"],
        help="training scenes, 0 renders the held-out ones only (default %(default)s)",
    )
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for split, count in (IMAGES | {"train": args.train}).items():
        if not count:
            continue
        photographs, progress = load_photographs(split), Progress(split, count, every=500)
        images, boxes = np.empty((count, SIZE, SIZE, 3), np.uint8), []
        for i in range(count):
            images[i], rows = scene(photographs, np.random.default_rng((SEEDS[split], i)))
            boxes.append(rows)
            progress.step()
        if split == "train":
            write_atomic(args.work / "train_images.npy", lambda f: np.save(f, images))
            flat = np.concatenate([np.c_[np.full(len(b), i), b] for i, b in enumerate(boxes)]).astype(np.float32)
            write_atomic(
                args.work / "train_boxes.npz", lambda f: np.savez(f, rows=flat)
            )  # image, class, x0, y0, x1, y1
            continue
        (args.out / split).mkdir(parents=True, exist_ok=True)
        names = [f"{i:04d}.jpg" for i in range(count)]
        for name, picture in zip(names, images):
            Image.fromarray(picture).save(args.out / split / name, quality=84, optimize=True)
        write_atomic(args.out / f"{split}.json", lambda f: f.write(json.dumps(coco(boxes, names)).encode()))


if __name__ == "__main__":
    main()
