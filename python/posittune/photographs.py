"""Image splits cut from a few photographs.

No photograph is in two splits. A split holds each of its photographs as a whole and in square crops of random place
and size, all at most 320 pixels wide or high; a file is named after its photograph (astronaut_07.jpg).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from posittune.errors import say
from posittune.wheels import SCIKIT_IMAGE, SCIKIT_LEARN, ULTRALYTICS, Wheel, download, extract

SIDE = 320
SMALLEST = 0.4  # side of a crop over the short side of its photograph
QUALITY = 95  # of the JPEG files
SEED = 320


@dataclass(frozen=True)
class Photograph:
    wheel: Wheel
    member: str
    split: str
    origin: str  # with the licence as the package states it

    @property
    def name(self) -> str:
        return Path(self.member).stem


def _of(wheel: Wheel, folder: str, *rows: tuple[str, str, str]) -> tuple[Photograph, ...]:
    return tuple(Photograph(wheel, f"{folder}/{file}", split, origin) for file, split, origin in rows)


UNSTATED = "origin not stated in the package (AGPL-3.0)"
PHOTOGRAPHS = (
    *_of(
        SCIKIT_IMAGE,
        "skimage/data",
        ("camera.png", "calibrate", "Lav Varshney, CC0"),
        ("coffee.png", "calibrate", "Rachel Michetti, CC0"),
        ("hubble_deep_field.jpg", "calibrate", "NASA, public domain"),
        ("grass.png", "calibrate", "DeviantArt (linolafett), CC0"),
        ("retina.jpg", "search", "Mikael Häggström, CC0"),
        ("chelsea.png", "search", "Stefan van der Walt, CC0"),
        ("coins.png", "search", "Brooklyn Museum, no known copyright restrictions"),
        ("astronaut.png", "report", "NASA, public domain"),
        ("rocket.jpg", "report", "SpaceX, public domain"),
        ("cell.png", "report", "Paul Müller et al., CC0"),
    ),
    *_of(
        SCIKIT_LEARN,
        "sklearn/datasets/images",
        ("flower.jpg", "calibrate", "vultilion on Flickr, CC-BY-2.0"),
        ("china.jpg", "report", "danielbuechele on Flickr, CC-BY-2.0"),
    ),
    *_of(ULTRALYTICS, "ultralytics/assets", ("zidane.jpg", "search", UNSTATED), ("bus.jpg", "report", UNSTATED)),
)
EACH = {"calibrate": 12, "search": 24, "report": 40}  # images of one photograph


def squares(width: int, height: int, count: int, random: np.random.Generator) -> list[tuple[int, int, int, int]]:
    """Boxes (left, top, right, bottom) inside the photograph."""
    boxes = []
    for _ in range(count):
        side = int(min(width, height) * random.uniform(SMALLEST, 1.0))
        left, top = (int(random.integers(0, length - side + 1)) for length in (width, height))
        boxes.append((left, top, left + side, top + side))
    return boxes


def cut(photograph: Path, count: int, folder: Path, random: np.random.Generator) -> None:
    with Image.open(photograph) as file:
        image = file.convert("RGB")
    whole = image.copy()
    whole.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    images = [whole]
    for box in squares(*image.size, count - 1, random):
        images.append(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box))
    for number, item in enumerate(images):
        item.save(folder / f"{number:02d}_{photograph.stem}.jpg", quality=QUALITY)


def make_splits(folder: Path, scratch: Path) -> dict[str, int]:
    """folder/calibrate, search, report; the number of images of each."""
    random = np.random.default_rng(SEED)
    for wheel in dict.fromkeys(photograph.wheel for photograph in PHOTOGRAPHS):
        here = [p for p in PHOTOGRAPHS if p.wheel == wheel]
        for photograph, file in zip(
            here, extract(download(wheel, scratch), [p.member for p in here], scratch), strict=True
        ):
            (folder / photograph.split).mkdir(exist_ok=True)
            cut(file, EACH[photograph.split], folder / photograph.split, random)
    counts = {split: len(list((folder / split).iterdir())) for split in EACH}
    say("images: " + ", ".join(f"{split} {count}" for split, count in counts.items()))
    return counts


def table() -> str:
    rows = [f"| {p.name} | {p.split} | {p.wheel} | {p.origin} |" for p in PHOTOGRAPHS]
    return "\n".join(["| photograph | split | package | origin and licence |", "|---|---|---|---|", *rows])
