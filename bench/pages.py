"""The pages of docs/: what all scripts that write tables into them share."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import machine

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONTEXT = {"compiler": "the release preset", "flags": "-O3 -DNDEBUG -ffp-contract=off"}


def parser(about: str, page: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    made.add_argument(
        "--page", type=pathlib.Path, default=ROOT / "docs" / page, help=f"default: docs/{page}; plots go beside it"
    )
    made.add_argument("--write", action="store_true", help="into the page, between its marks; default: print")
    return made


def add_models(made: argparse.ArgumentParser, small: str) -> None:
    made.add_argument(
        "--models",
        type=pathlib.Path,
        default=ROOT / "build" / "models",
        help="folder of models that do not ship with the project",
    )
    made.add_argument("--small", action="store_true", help=f"to see that it works, in seconds: {small}")


def tell_goal(what: str, asked: float, seen: float) -> None:
    """What was asked (at most so much) beside what was seen, for those who develop: pages show what was seen alone."""
    print(f"goal: {what}: at most {asked:g}, seen {seen:.2f}: {'met' if seen <= asked else 'missed'}", file=sys.stderr)


def slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def model_folder(args, folder: str) -> pathlib.Path:
    """`zoo/NAME`: one that ships; any other below --models."""
    return (ROOT if folder.startswith("zoo/") else args.models) / folder


def is_there(args, folder: str) -> bool:
    return (model_folder(args, folder) / "model.onnx").exists()


def posittune(args, command: str, *words, codes=(0,)) -> dict:
    """What a command prints with --json."""
    line = [str(word) for word in (args.build.resolve() / "posittune", command, "--json", *words)]
    done = subprocess.run(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode not in codes:
        sys.exit(f"exit code {done.returncode} of {' '.join(line)}")
    return json.loads(done.stdout)


def with_options(words: list[str], options: dict[str, str]) -> list[str]:
    """The words of a command with these options, which take one value, in place of what it says of them."""
    kept = [word for at, word in enumerate(words) if word not in options and (at == 0 or words[at - 1] not in options)]
    return [*kept, *(word for option in options.items() for word in option)]


def environment(load: tuple = ()) -> list[str]:
    """Processor, compiler, date, load (now, or as it was at the start)."""
    return machine.lines(CONTEXT | {"load_avg": load or os.getloadavg()}, None)


def put(page: pathlib.Path, name: str, text: str) -> None:
    """Between the page's marks of that name; all else stays as it is."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    before = page.read_text()
    found = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.S)
    if len(found.findall(before)) != 1:
        sys.exit(f"{page}: no place for the table\n  expected: once the lines {begin.strip()} and {end}")
    page.write_text(found.sub(lambda _: text.rstrip("\n") + "\n", before))


def finish(args, parts: dict[str, list[str]]) -> None:
    """Lines by the name of their marks: into the page, or on stdout."""
    for name, lines in parts.items():
        text = "\n".join(lines)
        put(args.page, name, text) if args.write else print(text)
