#!/usr/bin/env python3
"""Measures what compensated rounding is worth on embeddings and convolutions, and writes those tables of docs/search.md.

usage: bench/compensation.py [--build build/release] [--models build/models] [--runs-folder build/compensation] [--small] [--write] [--page docs/search.md]

KL on the `search` split with the data of bench/search.py's first draw (a third of the calibration split). Runs go to --runs-folder and are continued
there. The convolutions are YOLOv8n's: scripts/fetch makes it; where it is not, their table is left as it is.
"""

import pathlib
import re
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages
import search

EMBEDDINGS = ("zoo ALBERT", ["posit<8,*>", "posit<4,*>", "int4"])
CONVOLUTIONS = ("YOLOv8n", ["posit<8,*>", "posit<5,*>", "posit<4,*>", "int4"])
search.MODELS["zoo YOLO"] = ("zoo/yolo", search.SMALL_ITEMS, search.SMALL_ITEMS)


def prepare(args, name: str) -> pathlib.Path:
    """data.yaml with `search` where compare looks: as `report`."""
    search.draw_data(args, name, 0)
    home = search.draw_home(args, name, 0)
    data = yaml.safe_load((home / "data.yaml").read_text())
    data["report"] = data.pop("search")
    (home / "data.yaml").write_text(yaml.safe_dump(data))
    return home


def compare(args, name: str, run: str, *options) -> list[dict]:
    home, model = search.draw_home(args, name, 0), pages.model_folder(args, search.MODELS[name][0]) / "model.onnx"
    return pages.posittune(
        args, "compare", model, "--data", home / "data.yaml", "--threads", 2, "-o", home / run, *options
    )["rows"]


def uniform(args, name: str, formats: list[str], rounding: str) -> list[float]:
    rows = compare(
        args,
        name,
        rounding,
        "--what",
        "w",
        "--granularity",
        "channel",
        "--input-weighted",
        "--scale",
        "mse",
        "--formats",
        ";".join(formats),
        "--rounding",
        rounding,
    )
    return [search.kl(search.find({"rows": rows}, format=form)) for form in formats]


def products_alone(args, name: str, formats: list[str]) -> list[float]:
    """The recipes of compensated rounding, with the embeddings rounded to nearest."""
    home, model = search.draw_home(args, name, 0), pages.model_folder(args, search.MODELS[name][0]) / "model.onnx"
    tables = {row["weight"] for row in pages.posittune(args, "inspect", model)["rows"] if row["kind"] == "Embedding"}
    (home / "edited").mkdir(exist_ok=True)
    options = []
    for at, form in enumerate(formats):
        (file,) = (home / "compensated" / "recipes").glob(re.sub("[^a-z0-9]", "_", form) + "_w_*.yaml")
        recipe = yaml.safe_load(file.read_text())
        for weight in tables & set(recipe["weights"]):
            del recipe["weights"][weight]["rounding"]
        options += ["--recipe", home / "edited" / f"{at}.yaml"]
        options[-1].write_text(yaml.safe_dump(recipe))
    return [search.kl(row) for row in compare(args, name, "products", *options)[-len(formats) :]]


def number(value: float) -> str:
    return f"{value:.3g}"


def embeddings(args) -> list[str]:
    name, formats = EMBEDDINGS
    prepare(args, name)
    nearest, both = (uniform(args, name, formats, rounding) for rounding in ("nearest", "compensated"))
    products = products_alone(args, name, formats)
    return [
        "| format, real scales | nearest | products compensated | and embeddings |",
        "|---|---:|---:|---:|",
        *(f"| {form} | {' | '.join(map(number, values))} |" for form, *values in zip(formats, nearest, products, both)),
    ]


def convolutions(args) -> list[str]:
    name, formats = "zoo YOLO" if args.small else CONVOLUTIONS[0], CONVOLUTIONS[1]
    prepare(args, name)
    return [
        f"| | {' | '.join(formats)} |",
        "|---|" + "---:|" * len(formats),
        *(
            f"| {rounding} | {' | '.join(map(number, uniform(args, name, formats, rounding)))} |"
            for rounding in ("nearest", "compensated")
        ),
    ]


def main() -> int:
    parser = pages.parser(__doc__, "search.md")
    pages.add_models(parser, "two items, convolutions of the zoo's YOLO; give it a --runs-folder of its own")
    parser.add_argument("--runs-folder", type=pathlib.Path, default=pages.ROOT / "build" / "compensation")
    args = parser.parse_args()
    args.runs_folder = args.runs_folder.resolve()
    parts = {"embeddings": embeddings(args)}
    if args.small or pages.is_there(args, search.MODELS[CONVOLUTIONS[0]][0]):
        parts["convolutions"] = convolutions(args)
    pages.finish(args, parts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
