#!/usr/bin/env python3
"""Runs what docs/results.md claims about mixed precision, on four models and three calibration draws, and writes its tables.

usage: bench/search.py [--build build/release] [--models build/models] [--runs-folder build/search] [--only NAME ...] [--draws N | NAME=N | NAME:RUN=N ...] [--small]
                       [--inputs [output static | eight six]] [--write] [--page docs/results.md]

Runs go to --runs-folder; finished ones there are used as they are, others continued. Models that are not there are left out, and named: scripts/fetch makes
yolov8n and smollm2. A draw is every third item of the calibration split, with another first one. --inputs makes only the uniform rows of weights and inputs with `output` and
`static` scales, or the searched ones, and writes these alone; a line above the table says of which models and when.
"""

import datetime
import json
import math
import pathlib
import re
import shutil
import sys

import numpy
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages
from pages import slug

DRAWS = 3
UNIFORM = ("posit<8,1>", "fp8_e4m3", "int8", "mxint8", "posit<6,1>", "mxfp6")
RUNS = ("plain", "weighted", "compensated", "search", "eight", "output", "static", "token", "windows", "six")
CHOICES = ";".join(f"posit<{n},*>;int{n}" for n in (3, 4, 5, 6, 7, 8)) + ";fp4_e2m1;fp6_e2m3;fp8_e4m3"
EIGHT = "posit<7,*>;posit<8,*>;posit<9,*>;int7;int8;int9;fp8_e4m3"
INPUTS8 = "posit<7,1>;posit<8,0>;posit<8,1>;posit<8,2>;posit<9,1>;posit<10,1>;fp8_e4m3;mxint8;int8@token"
DROPS = {"searched, 8 bits": 1, "searched, 6 bits": 10}  # row: percent that a search may lose
INPUTS6 = "posit<4,1>;posit<5,1>;posit<6,1>;posit<7,1>;posit<8,1>;posit<9,1>;fp6_e2m3;mxfp4;mxfp6;mxint8"
MODELS = {  # name: (folder, items to search on, items to report on)
    "zoo GPT-2": ("zoo/gpt2", 24, 48),
    "zoo ALBERT": ("zoo/albert", 200, 400),
    "YOLOv8n": ("yolov8n", 16, 32),
    "SmolLM2": ("smollm2", 2, 4),
}
# In small: items of each split, and fewer choices of what takes long.
SMALL_ITEMS = 2
SMALL = {
    CHOICES: "posit<4,*>;int5;fp6_e2m3",
    EIGHT: "posit<7,*>;int9",
    INPUTS8: "posit<8,1>;int8@token",
    INPUTS6: "posit<6,1>;mxfp4",
}


def draw_home(args, name: str, draw: int) -> pathlib.Path:
    return args.runs_folder / slug(name) / f"draw{draw}"


def draw_data(args, name: str, draw: int) -> None:
    """data.yaml of a draw: its part of the calibration split, and limits."""
    folder, search, report = MODELS[name]
    source = pages.model_folder(args, folder)
    home = draw_home(args, name, draw)
    home.mkdir(parents=True, exist_ok=True)
    data = yaml.safe_load((source / "data.yaml").read_text())
    for split in ("calibrate", "search", "report"):
        for key in ("path", "tokenizer", "annotations", "labels"):
            if key in data[split]:
                data[split][key] = str((source / data[split][key]).resolve())
    data["search"]["limit"], data["report"]["limit"] = (SMALL_ITEMS, SMALL_ITEMS) if args.small else (search, report)
    calibrate = pathlib.Path(data["calibrate"]["path"])
    if calibrate.is_dir():
        part = home / "calibrate"
        part.mkdir(exist_ok=True)
        images = sorted(p for p in calibrate.iterdir() if p.is_file())
        for image in images[draw::DRAWS]:
            shutil.copy(image, part / image.name)
        data["calibrate"]["path"] = str(part)
        if data["calibrate"].pop("annotations", None):  # they name all images, and calibration needs none
            data["calibrate"]["kind"] = "images"
    else:
        items = slice(draw, SMALL_ITEMS * DRAWS if args.small else None, DRAWS)
        numpy.savez(home / "calibrate.npz", **{key: value[items] for key, value in numpy.load(calibrate).items()})
        data["calibrate"]["path"] = str(home / "calibrate.npz")
    (home / "data.yaml").write_text(yaml.safe_dump(data))


def finished(home: pathlib.Path, arguments: list[str]) -> dict | None:
    """The result of an earlier call, which must have had the same options: a run is not shown as what it is not."""
    if not (home / "results.json").exists():
        return None
    said = json.loads((home / "run.json").read_text())["sessions"][-1]["command_line"]
    if said[len(said) - len(arguments) :] != arguments:
        sys.exit(
            f"{home}: made with other options\n  expected: {' '.join(arguments)}\n  found: {' '.join(said)}\n  do: rename or delete that folder"
        )
    return json.loads((home / "results.json").read_text())


def posittune(args, name: str, draw: int, run: str, command: str, *options) -> dict:
    home = draw_home(args, name, draw)
    if (earlier := finished(home / run, [str(option) for option in options])) is not None:
        return earlier
    draw_data(args, name, draw)
    model = pages.model_folder(args, MODELS[name][0]) / "model.onnx"
    return pages.posittune(
        args, command, model, "--data", home / "data.yaml", "--threads", 2, "-o", home / run, *options, codes=(0, 1)
    )


def kl(row) -> float:
    return row["metrics"]["kl"]["value"]


def drop(row) -> float:
    """Percent of FP32's metric that is lost."""
    for name in ("perplexity", "accuracy", "map", "map_agreement"):
        if name in row["metrics"]:
            metric = row["metrics"][name]
            fp32 = metric["value"] - metric["delta"]["value"]
            lost = metric["delta"]["value"] * (1 if metric["better"] == "lower" else -1)
            return 100 * lost / fp32
    return math.nan


def find(result, **wanted) -> dict:
    (row,) = [row for row in result["rows"] if all(row.get(key) == value for key, value in wanted.items())]
    return row


def spread(values) -> str:
    """Median, and all when there are several."""
    values = sorted(value + 0.0 for value in values)  # no -0
    middle = values[len(values) // 2]
    return f"{middle:.3g}" if len(values) == 1 else f"{middle:.3g} ({values[0]:.3g} to {values[-1]:.3g})"


def tell_goal(what: str, holds: list[bool]) -> None:
    """Goals are for those who develop (docs/development/goals.md), so they are not in the tables."""
    missed = sum(not each for each in holds)
    verdict = (
        "met" if missed == 0 else "missed" if missed == len(holds) else f"missed in {missed} of {len(holds)} draws"
    )
    print(f"goal: {what}: {verdict}", file=sys.stderr)


def draws_of(args, name: str, run: str = "") -> int:
    """`3 SmolLM2=2 SmolLM2:six=1`: three, of SmolLM2 two, of its run `six` one."""
    found = 1 if args.small else DRAWS
    for text in args.draws:
        of, _, number = text.rpartition("=")
        if of in ("", name, f"{name}:{run}"):
            found = int(number)
    return found


def drawn(args, name: str) -> str:
    """Draws of a model: how many, and which runs have another number."""
    usual = draws_of(args, name)
    others = [f"{run} {draws_of(args, name, run)}" for run in RUNS if draws_of(args, name, run) != usual]
    return f"{name} {usual}" + (f" ({', '.join(others)})" if others else "")


class Model:
    """Runs of one model, draw by draw."""

    def __init__(self, args, name, runs=RUNS):
        self.name = name
        channel = ["--granularity", "channel"]
        search = ["search", *channel, "--rounding", "compensated", "--input-weighted"]
        formats = ["--formats", "posit<8,*>,posit<4,*>,int4", "--scale", "mse_pow2,mse", "--input-weighted"]
        inputs = ["--what", "wa", "--activation-scale", "output", "--refine", 1 if args.small else 16]
        both = ["compare", *channel, "--what", "wa", "--input-weighted", "--rounding", "compensated"]
        six_formats = [
            *both,
            "--formats",
            "int8,fp8_e4m3,posit<8,1>,mxint8,posit<6,1>,mxfp6",
            "--scale",
            "mse_pow2",
            "--activation-scale",
        ]
        commands = {
            "plain": ["compare", *channel, "--what", "w", "--formats", "posit<8,1>,int8", "--scale", "mse_pow2,mse"],
            "weighted": ["compare", *channel, "--what", "w", *formats],
            "compensated": ["compare", *channel, "--what", "w", *formats, "--rounding", "compensated"],
            "search": [*search, "--bits", "4.5,5,6", "--formats", CHOICES, "--baselines"],
            "eight": [
                *search,
                "--bits",
                8.05,
                "--activation-bits",
                8,
                "--formats",
                EIGHT,
                "--activations",
                INPUTS8,
                *inputs,
            ],
            "output": [*six_formats, "output"],
            "static": [*six_formats, "static"],
            "token": [
                *both,
                "--formats",
                "int8,posit<8,1>,posit<6,1>",
                "--scale",
                "absmax,rms_pow2",
                "--activation-scale",
                "token",
            ],
            "windows": [*search, "--bits", "4.5,5", "--formats", CHOICES, "--windows", 64],
            "six": [
                *search,
                "--bits",
                6.05,
                "--activation-bits",
                6,
                "--formats",
                CHOICES,
                "--activations",
                INPUTS6,
                *inputs,
            ],
        }
        if args.small:
            commands = {run: [SMALL.get(word, word) for word in words] for run, words in commands.items()}
        for run in runs:
            setattr(
                self,
                run,
                [posittune(args, name, draw, run, *commands[run]) for draw in range(draws_of(args, name, run))],
            )


def claim_a(model) -> list[str]:
    base = [kl(find(r, format="posit<8,1>", scale="mse_pow2")) for r in model.plain]
    int8 = [kl(find(r, format="int8", scale="mse")) for r in model.plain]
    lines = []
    for title, runs in (("nearest", model.weighted), ("compensated", model.compensated)):
        mixed = [min(kl(find(r, format="posit<8,*>", scale=s)) for s in ("mse_pow2", "mse")) for r in runs]
        lines.append(
            f"| {model.name} | {title} | {spread(base)} | {spread(int8)} | {spread(mixed)} | {spread([m / b for m, b in zip(mixed, base)])} |"
        )
        what = f"8 bits, {model.name}, {title}: KL of posit<8,*>, times that of"
        tell_goal(f"{what} posit<8,1>, at most 0.5", [m <= 0.5 * b for m, b in zip(mixed, base)])
        tell_goal(f"{what} INT8, at most 1", [m <= i for m, i in zip(mixed, int8)])
    return lines


def claim_bc(model) -> list[str]:
    lines = []
    for bits in ("4.5", "5", "6"):
        ours = [find(r, method="search", budget=f"bits {bits}") for r in model.search]
        flex = [find(r, method="FlexPosit scheme", budget=f"bits {bits}") for r in model.search]
        # Uniform formats may have a little more than the budget: their scales and tags.
        best = [
            min(
                (
                    row
                    for row in r["rows"]
                    if row["method"].startswith("uniform") and row["bits_per_weight"] <= float(bits) + 0.1
                ),
                key=kl,
            )
            for r in model.search
        ]
        less = [100 * (1 - kl(o) / kl(f)) for o, f in zip(ours, flex)]
        lines.append(
            f"| {model.name} | {bits} | {spread([kl(o) for o in ours])} | {spread([kl(f) for f in flex])} | {spread(less)} "
            f"| {best[0]['method'][8:]} ({best[0]['bits_per_weight']:.2f}) | {spread([kl(b) for b in best])} |"
        )
        if bits != "6":
            tell_goal(
                f"mixed formats, {model.name}, {bits} bits: at least 65 % less than FlexPosit's scheme",
                [x >= 65 for x in less],
            )
        tell_goal(
            f"mixed formats, {model.name}, {bits} bits: below the best uniform format",
            [kl(o) < kl(b) for o, b in zip(ours, best)],
        )
    return lines


def methods_table(model) -> list[str]:
    methods = [
        "search",
        "HAWQ-like order",
        "AIMET list",
        "greedy by SQNR",
        "small layers first",
        "random",
        "shuffled scores",
        "FlexPosit scheme",
    ]
    lines = []
    for bits in ("4.5", "5"):
        cells = [spread([kl(find(r, method=m, budget=f"bits {bits}")) for r in model.search]) for m in methods]
        windows = (
            spread([kl(find(r, method="search", budget=f"bits {bits}")) for r in model.windows])
            if model.windows
            else "not run"
        )
        lines.append(f"| {model.name} | {bits} | {cells[0]} | {windows} | " + " | ".join(cells[1:]) + " |")
    return lines


def uniform_inputs(model) -> list[tuple[str, list[dict]]]:
    """Rows of weights and inputs with `output` and `static` scales, by label."""
    rows = []
    for form in UNIFORM:
        if form.startswith("mx"):  # its scales are its blocks'
            rows += [(form, [find(r, format=form) for r in model.output])] if hasattr(model, "output") else []
            continue
        rows += [
            (f"{form} {rule}", [find(r, format=form) for r in getattr(model, rule)])
            for rule in ("output", "static")
            if hasattr(model, rule)
        ]
    return rows


def searched_inputs(model) -> list[tuple[str, list[dict]]]:
    """Rows of weights and inputs that were searched, by label; of the runs that the model has."""
    return [
        (f"searched, {bits} bits", [find(r, method="search") for r in getattr(model, run)])
        for bits, run in ((8, "eight"), (6, "six"))
        if hasattr(model, run)
    ]


def inputs_line(model, title: str, found: list[dict]) -> str:
    if not found:
        return f"| {model.name} | {title} | not run | | |"
    cells = [spread([of(r) for r in found]) for of in (lambda r: r["bits_per_weight"], kl, drop)]
    return f"| {model.name} | {title} | " + " | ".join(cells) + " |"


def claim_d(model) -> list[str]:
    rows = [*searched_inputs(model), *uniform_inputs(model)]
    for form in ("int8", "posit<8,1>", "posit<6,1>"):  # the better of two rules for the scale
        rows.append(
            (
                f"{form} per token",
                [min((find(r, format=form, scale=s) for s in ("absmax", "rms_pow2")), key=kl) for r in model.token],
            )
        )
    lines = []
    for title, found in rows:
        lines.append(inputs_line(model, title, found))
        if found and title in DROPS:
            most = DROPS[title]
            tell_goal(
                f"weights and inputs, {model.name}, {title}: loss at most {most} %", [drop(r) <= most for r in found]
            )
    return lines


def claim_e(model) -> list[str]:
    lines = []
    for form in ("posit<4,*>", "int4"):
        before = [min(kl(find(r, format=form, scale=s)) for s in ("mse_pow2", "mse")) for r in model.weighted]
        after = [min(kl(find(r, format=form, scale=s)) for s in ("mse_pow2", "mse")) for r in model.compensated]
        less = [100 * (1 - a / b) for a, b in zip(after, before)]
        lines.append(f"| {model.name} | {form} | {spread(before)} | {spread(after)} | {spread(less)} |")
        tell_goal(f"error compensation, {model.name}, {form}: at least 40 % less", [x >= 40 for x in less])
    return lines


def tables(models) -> list[str]:
    def each(part):
        return [line for model in models for line in part(model)]

    return [
        "### 8 bits, weights only: es per channel against posit<8,1> and INT8",
        "",
        "KL on the report split, nats per token, item or image; median of the draws and all of them. `posit<8,*>` with weighted scales (the better of powers of two and real ones), posit<8,1> with powers of two by SQNR, INT8 per channel with real MSE scales, both to nearest.",
        "",
        "| model | rounding of posit<8,*> | posit<8,1> | INT8 | posit<8,*> | to posit<8,1> |",
        "|---|---|---|---|---|---|",
        *each(claim_a),
        "",
        "### Mixed formats against FlexPosit's scheme and the best uniform format",
        "",
        "| model | bits | searched | FlexPosit scheme | less, % | best uniform (its bits) | its KL |",
        "|---|---:|---|---|---|---|---|",
        *each(claim_bc),
        "",
        "KL of all rules at equal bits:",
        "",
        "| model | bits | searched | searched, windows of 64 | HAWQ-like order | AIMET list | greedy SQNR | small first | random | shuffled scores | FlexPosit scheme |",
        "|---|---:|---|---|---|---|---|---|---|---|---|",
        *each(methods_table),
        "",
        *[f"![{model.name}: KL against bits](results-{slug(model.name)}.svg)" for model in models],
        "",
        "### Weights and inputs",
        "",
        INPUTS_INTRO
        + " `output`, `static`, per token: the rule that scales inputs ([compare.md](compare.md)); these searches take `output`.",
        "",
        "| model | formats | bits/weight | KL | loss, % |",
        "|---|---|---|---|---|",
        *each(claim_d),
        "",
        "### Error compensation at 4 bits",
        "",
        "| model | format | nearest | compensated | less, % |",
        "|---|---|---|---|---|",
        *each(claim_e),
        "",
    ]


INPUTS_INTRO = "Loss in percent of FP32's perplexity, accuracy or mAP."
LATER = {  # runs that --inputs makes anew: how their line above the table begins
    "uniform": "Rows of uniform formats with `output` and `static` scales, by `bench/search.py --inputs`: ",
    "searched": "Searched rows, by `bench/search.py --inputs eight six`: ",
}


def with_inputs(args, text: str, models) -> str:
    """The table of weights and inputs with new rows in place of those of these models."""
    lines = text.split("\n")
    kind = "uniform" if args.inputs[0] in ("output", "static") else "searched"
    for model in models:
        for title, found in uniform_inputs(model) if kind == "uniform" else searched_inputs(model):
            places = [at for at, line in enumerate(lines) if line.startswith(f"| {model.name} | {title} |")]
            if len(places) != 1:
                sys.exit(f"{args.page}: {len(places)} rows '{model.name} | {title}', expected one")
            lines[places[0]] = inputs_line(model, title, found)
    today = datetime.date.today().isoformat()
    earlier = [line for line in lines if line.startswith(LATER[kind])]
    known = (
        dict(part.split(" (", 1) for part in earlier[0][len(LATER[kind]) :].rstrip(".").split("; ")) if earlier else {}
    )
    alone = f", `{args.inputs[0]}` alone" if len(args.inputs) == 1 else ""
    known |= {model.name: f"{today}, draws: {len(getattr(model, args.inputs[0]))}{alone})" for model in models}
    told = LATER[kind] + "; ".join(f"{name} ({when}" for name, when in known.items()) + "."
    if earlier:
        lines[lines.index(earlier[0])] = told
    else:
        at = next(at for at, line in enumerate(lines) if line.startswith(INPUTS_INTRO))
        lines[at + 1 : at + 1] = ["", told]
    return "\n".join(lines)


COLORS = {
    "search": "#0072b2",
    "FlexPosit scheme": "#d55e00",
    "HAWQ-like order": "#cc79a7",
    "random": "#999999",
    "uniform posit": "#009e73",
    "uniform int": "#e69f00",
    "uniform fp": "#56b4e9",
}


def plot(model) -> str:
    """KL on the report split (log) against bits per weight, first draw, as SVG."""
    lines = {}
    for row in model.search[0]["rows"]:
        name = re.match(r"uniform [a-z]+|.*", row["method"]).group()
        if name in COLORS and kl(row) > 0:
            lines.setdefault(name, []).append((row["bits_per_weight"], math.log10(kl(row))))
    points = [point for line in lines.values() for point in line]
    left, right = math.floor(min(x for x, _ in points)), math.ceil(max(x for x, _ in points))
    low, high = math.floor(min(y for _, y in points)), math.ceil(max(y for _, y in points))

    def at(x, y):
        return 60 + 440 * (x - left) / (right - left), 330 - 290 * (y - low) / (high - low)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 380" font-family="sans-serif" font-size="12">',
        '<rect width="660" height="380" fill="#fff"/>',
        f'<text x="60" y="24">{model.name}: KL to FP32 on the report split</text><text x="280" y="368" text-anchor="middle">bits per weight</text>',
    ]
    for x in range(left, right + 1):
        parts.append(
            f'<path d="M{at(x, low)[0]:.1f} 40V330" stroke="#ddd"/><text x="{at(x, low)[0]:.1f}" y="348" text-anchor="middle">{x}</text>'
        )
    for y in range(low, high + 1):
        parts.append(
            f'<path d="M60 {at(left, y)[1]:.1f}H500" stroke="#ddd"/><text x="54" y="{at(left, y)[1] + 4:.1f}" text-anchor="end">1e{y}</text>'
        )
    for number, (name, color) in enumerate(COLORS.items()):
        line = [at(*point) for point in sorted(lines.get(name, []))]
        where = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        parts.append(
            f'<polyline points="{where}" fill="none" stroke="{color}" stroke-width="1.8"/>'
            + "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in line)
        )
        parts.append(
            f'<circle cx="516" cy="{52 + 18 * number}" r="4" fill="{color}"/><text x="526" y="{56 + 18 * number}">{"searched" if name == "search" else name}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def main() -> int:
    parser = pages.parser(__doc__, "results.md")
    pages.add_models(parser, "one draw, two items, few choices, models of the zoo; give it a --runs-folder of its own")
    parser.add_argument("--runs-folder", type=pathlib.Path, default=pages.ROOT / "build" / "search")
    parser.add_argument("--only", nargs="*", choices=list(MODELS))
    parser.add_argument(
        "--inputs",
        nargs="*",
        choices=("output", "static", "eight", "six"),
        help="only rows of weights and inputs, in place of the page's: `output static` (as without a word) those of uniform formats, `eight six` the searched ones",
    )
    parser.add_argument(
        "--draws",
        nargs="*",
        default=[],
        metavar="N",
        help=f"calibration draws: N (default {DRAWS}), NAME=N of a model, NAME:RUN=N of one of its runs (0: not made; all but plain, weighted, compensated and search may be left out)",
    )
    args = parser.parse_args()
    args.runs_folder = args.runs_folder.resolve()
    if args.inputs is not None:
        args.inputs = args.inputs or ["output", "static"]
        if not set(args.inputs) <= {"output", "static"} and not set(args.inputs) <= {"eight", "six"}:
            parser.error("--inputs takes some of `output static`, or some of `eight six`")
    names = args.only or [name for name in MODELS if not args.small or MODELS[name][0].startswith("zoo/")]
    missing = [name for name in names if not pages.is_there(args, MODELS[name][0])]
    models = [Model(args, name, args.inputs or RUNS) for name in names if name not in missing]
    if args.inputs:
        text = with_inputs(args, args.page.read_text(), models)
        args.page.write_text(text) if args.write else print(text)
        return 0
    draws = "; ".join(drawn(args, model.name) for model in models)
    pages.finish(
        args,
        {
            "results": [
                *pages.environment(),
                "",
                f"Calibration draws: {draws}.",
                "",
                *tables(models),
                *([f"Not there: {', '.join(missing)}."] if missing else []),
            ]
        },
    )
    if args.write:
        for model in models:
            (args.page.parent / f"results-{slug(model.name)}.svg").write_text(plot(model))
    return 0


if __name__ == "__main__":
    sys.exit(main())
