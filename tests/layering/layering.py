"""Checks that includes go one way between the rooms of src/posittune, and that the oracle is independent.

usage: layering.py ROOT           exit 1 and one line per forbidden include
       layering.py --self-test    the checker finds what it should
"""

import pathlib
import re
import sys
import tempfile

# Room -> rooms it may include directly. ARCHITECTURE.md draws the same arrows.
ALLOWED = {
    "base": set(),
    "formats": {"base"},
    "kernels": {"formats", "base"},
    "model": {"base"},
    "records": {"base"},
    "quant": {"kernels", "formats", "model", "base"},
    "engine": {"quant", "kernels", "formats", "model", "base"},
    "data": {"records", "base"},
    "metrics": {"records", "base"},
    "cost": {"quant", "model", "records", "formats", "base"},
    "hardware": {"formats", "base"},
    "search": {"records", "base"},
    "evaluation": {"engine", "quant", "kernels", "formats", "model", "data", "metrics", "records", "base"},
    "sensitivity": {
        "evaluation",
        "engine",
        "quant",
        "kernels",
        "formats",
        "model",
        "data",
        "metrics",
        "records",
        "base",
    },
    "tuning": {
        "search",
        "cost",
        "sensitivity",
        "evaluation",
        "engine",
        "quant",
        "kernels",
        "formats",
        "model",
        "data",
        "metrics",
        "records",
        "base",
    },
    "session": {
        "tuning",
        "search",
        "cost",
        "hardware",
        "sensitivity",
        "evaluation",
        "engine",
        "quant",
        "kernels",
        "formats",
        "model",
        "data",
        "metrics",
        "records",
        "report",
        "base",
    },
    "exporter": {"engine", "quant", "kernels", "formats", "model", "records", "base"},
    "report": {"records", "base"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(posittune/[^>]+)>)', re.MULTILINE)


def room_of(path: pathlib.PurePath) -> str:
    return path.parts[0] if len(path.parts) > 1 else "main"


def check_file(path: pathlib.Path, relative: pathlib.PurePath) -> list[str]:
    room = room_of(relative)
    problems = []
    for quoted, angled in INCLUDE.findall(path.read_text(encoding="utf-8")):
        target = quoted or angled
        if not target.startswith("posittune/"):
            # the tests' stand-in for the AVX-512 intrinsics, behind POSITTUNE_EMULATE_AVX512
            if target != "tests/kernels/avx512_emulation.h":
                problems.append(f'{relative}: include "{target}" is not of the form posittune/ROOM/FILE')
            continue
        other = room_of(pathlib.PurePath(target).relative_to("posittune"))
        if other == room or room in ("cli", "main"):
            continue
        if room not in ALLOWED:
            problems.append(f"{relative}: room '{room}' is not in the table of tests/layering/layering.py")
        elif other not in ALLOWED[room]:
            problems.append(f'{relative}: {room} must not include {other} ("{target}")')
    return problems


def check(root: pathlib.Path) -> tuple[int, list[str]]:
    source = root / "src" / "posittune"
    files = sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cc"))
    problems = [problem for p in files for problem in check_file(p, p.relative_to(source))]
    oracle = sorted(p for p in (root / "tests" / "oracle").rglob("*") if p.suffix in (".h", ".cc"))
    for path in oracle:
        if re.search(r'#\s*include\s*[<"]posittune/', path.read_text(encoding="utf-8")):
            problems.append(f"{path.relative_to(root)}: the oracle shares no code with src/")
    return len(files) + len(oracle), problems


def self_test() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for room, text in (
            ("formats", '#include "posittune/kernels/target.h"\n'),
            ("kernels", '#include "posittune/formats/format.h"\n'),
            ("base", "#include <posittune/quant/scale_rules.h>\n"),
            ("cellar", '#include "posittune/base/result.h"\n'),
        ):
            file = root / "src" / "posittune" / room / "x.cc"
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
        oracle = root / "tests" / "oracle" / "o.cc"
        oracle.parent.mkdir(parents=True)
        oracle.write_text('#include "posittune/formats/codec.h"\n', encoding="utf-8")
        count, problems = check(root)
        assert count == 5, count
        assert len(problems) == 4, problems
        assert any("formats must not include kernels" in p for p in problems), problems
        assert any("base must not include quant" in p for p in problems), problems
        assert any("'cellar' is not in the table" in p for p in problems), problems
        assert any("the oracle shares no code" in p for p in problems), problems
    print("1 passed, 0 failed")


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    count, problems = check(pathlib.Path(sys.argv[1]))
    for problem in problems:
        print(problem)
    print(f"{count} files checked, {len(problems)} forbidden includes")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
