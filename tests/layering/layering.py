"""Checks that includes go one way between the rooms of src/posittune, that each library is known to its rooms alone, that
libraries name no flags of the command line, that headers have tests of their names, and that the oracle is independent.

usage: layering.py ROOT           exit 1 and one line per fault
       layering.py --self-test    the checker finds what it should
"""

import fnmatch
import pathlib
import re
import sys
import tempfile

# Room -> rooms it may include directly. ARCHITECTURE.md draws the same arrows.
ALLOWED = {
    "base": "",
    "formats": "base",
    "kernels": "formats base",
    "cuda": "kernels formats base",
    "model": "base",
    "records": "base",
    "quant": "kernels formats model base",
    "engine": "quant kernels formats model base",
    "data": "records base",
    "metrics": "records base",
    "cost": "quant formats model records base",
    "hardware": "formats base",
    "search": "records base",
    "evaluation": "engine quant kernels formats model data metrics records base",
    "sensitivity": "evaluation engine quant kernels formats model data metrics records base",
    "tuning": "search cost sensitivity evaluation engine quant kernels formats model data metrics records base",
    "session": "tuning search cost hardware exporter sensitivity evaluation engine quant kernels formats model data metrics records report base",
    "exporter": "engine quant kernels formats model records base",
    "report": "formats records base",
}
# Library -> rooms, and single files, that know it: the other rooms can be read, and replaced, without it. A file knows a library
# that it includes or whose names it uses.
ALLOWED_LIBRARIES = {
    "openvino": {"model", "engine", "data/preprocess.cc", "data/tokenizer.cc"},
    "nlohmann": {
        "records/*json*",
        "records/*_fields.h",
        "records/run_folder.cc",
        "cli",
        "data/coco.cc",
        "engine/path_speed.cc",
        "exporter/*json*",
    },
    "CLI": {"cli"},
    "fmt": {"report", "session", "cli"},
    "sqlite3.h": {"records"},
    "yaml-cpp": {"quant", "data"},
    "oneapi": {"engine"},
    "dnnl.h": {"engine"},
    "dnnl.hpp": {"engine"},
    "Eigen": {"engine"},
    "tbb": {"base"},
    "cuda_runtime.h": {"cuda"},
    "openssl": {"base"},
    "jerror.h": {"data"},
    "jpeglib.h": {"data"},
    "png.h": {"data"},
    "zip.h": {"data"},
    "zlib.h": {"data"},
    "onnx": {"exporter/*onnx*"},
    "google": {"exporter/*onnx*"},
}
NAMES = {
    "openvino": r"\bov::",
    "nlohmann": r"\bnlohmann::",
    "CLI": r"\bCLI::",
    "fmt": r"\bfmt::",
    "sqlite3.h": r"\bsqlite3_",
    "yaml-cpp": r"\bYAML::",
    "oneapi": r"\bdnnl::",
    "Eigen": r"\bEigen::",
    "onnx": r"\bonnx::",
    "tbb": r"\btbb::",
}
# Headers of the C library and the compiler; C++'s have neither a folder nor an ending.
SYSTEM = re.compile(r"sys/\w+\.h|(dlfcn|fcntl|immintrin|pthread|unistd)\.h|[^./]+")
ANGLED = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.MULTILINE)

# Libraries name fields, the command line flags. What is written into files for other tools may hold their flags.
FLAG = re.compile(r'"(?:[^"\\\n]|\\.)*--(?:[a-z][^"\n]*)?"')
SHORT_FLAG = re.compile(r'"(?:(?:[^"\\\n]|\\.)*[ `(])?-[a-zA-Z][ `,=)"](?:[^"\\\n]|\\.)*')
FLAGS_OF_OTHER_TOOLS = {"data/tokenizer.cc", "hardware/package.cc", "session/model_runner.cc", "session/zoo_models.cc"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(posittune/[^>]+)>)', re.MULTILINE)


def room_of(path: pathlib.PurePath) -> str:
    return path.parts[0] if len(path.parts) > 1 else "main"


def check_file(path: pathlib.Path, relative: pathlib.PurePath) -> list[str]:
    room = room_of(relative)
    text = path.read_text(encoding="utf-8")
    problems = check_libraries(text, room, relative) + check_flags(text, room, relative)
    for quoted, angled in INCLUDE.findall(text):
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
        elif other not in ALLOWED[room].split():
            problems.append(f'{relative}: {room} must not include {other} ("{target}")')
    return problems


def check_libraries(text: str, room: str, relative: pathlib.PurePath) -> list[str]:
    problems = []
    for header in ANGLED.findall(text):
        library = header.split("/")[0]
        if library == "posittune" or SYSTEM.fullmatch(header):
            continue
        allowed = ALLOWED_LIBRARIES.get(library)
        if allowed is None:
            problems.append(f"{relative}: <{header}> is of no library in the table of tests/layering/layering.py")
        elif not is_allowed(allowed, room, relative):
            problems.append(f"{relative}: {room} must not know {library} (<{header}>)")
    code = re.sub(r"//[^\n]*", "", text)
    for library, name in NAMES.items():
        if not is_allowed(ALLOWED_LIBRARIES[library], room, relative) and (found := re.search(name, code)):
            problems.append(f"{relative}: {room} must not know {library} ({found[0]})")
    return problems


def is_allowed(allowed: set[str], room: str, relative: pathlib.PurePath) -> bool:
    return room in allowed or any(fnmatch.fnmatch(relative.as_posix(), each) for each in allowed)


def check_flags(text: str, room: str, relative: pathlib.PurePath) -> list[str]:
    if room in ("cli", "main") or relative.as_posix() in FLAGS_OF_OTHER_TOOLS:
        return []
    code = re.sub(r"//[^\n]*", "", text)
    found = FLAG.findall(code) + SHORT_FLAG.findall(code)
    return [f"{relative}: a flag of the command line in {flag}: name the field" for flag in found]


def check_tests(root: pathlib.Path) -> list[str]:
    """Each header has a test of its name: tests/ROOM/NAME_test.cc or .py; beside the rooms, tests/NAME_test.cc. (The bodies of
    kernels, -inl.h, are tested through their targets.)"""
    source = root / "src" / "posittune"
    problems = []
    for header in sorted(path.relative_to(source) for path in source.rglob("*.h")):
        test = root / "tests" / header.with_name(f"{header.stem}_test.cc")
        if not header.stem.endswith("-inl") and not test.exists() and not test.with_suffix(".py").exists():
            problems.append(f"{header}: no test is named after it ({test.relative_to(root)})")
    return problems


def check_lists(root: pathlib.Path) -> list[str]:
    """A test that its folder's CMakeLists.txt does not name is never run. In tests/ itself, the names without _test are those of
    folders."""
    problems = []
    for test in sorted([*(root / "tests").glob("*_test.cc"), *(root / "tests").glob("*/*_test.cc")]):
        lists = test.with_name("CMakeLists.txt")
        names = set(re.findall(r"\w+", lists.read_text(encoding="utf-8"))) if lists.exists() else set()
        accepted = {test.stem} if test.parent.name == "tests" else {test.stem, test.stem.removesuffix("_test")}
        if not names & accepted:
            problems.append(f"{test.relative_to(root)}: {lists.relative_to(root)} does not name it")
    return problems


def check(root: pathlib.Path) -> tuple[int, list[str]]:
    source = root / "src" / "posittune"
    files = sorted(p for p in source.rglob("*") if p.suffix in (".h", ".cc", ".cu"))
    problems = [problem for p in files for problem in check_file(p, p.relative_to(source))]
    oracle = sorted(p for p in (root / "tests" / "oracle").rglob("*") if p.suffix in (".h", ".cc"))
    for path in oracle:
        if re.search(r'#\s*include\s*[<"]posittune/', path.read_text(encoding="utf-8")):
            problems.append(f"{path.relative_to(root)}: the oracle shares no code with src/")
    return len(files) + len(oracle), problems + check_tests(root) + check_lists(root)


def self_test() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for room, text in (
            ("formats", '#include "posittune/kernels/target.h"\n'),
            ("kernels", '#include "posittune/formats/format.h"\n'),
            ("base", "#include <posittune/quant/scale_rules.h>\n"),
            ("cellar", '#include "posittune/base/result.h"\n'),
            ("metrics", "#include <openvino/openvino.hpp>\n#include <vector>\n"),
            ("quant", "ov::Model* model; // nlohmann::json\n"),
            ("data", "#include <boost/any.hpp>\n#include <sys/stat.h>\n"),
            (
                "search",
                'auto a = "or --bits 4"; auto b = x-- - 1; // --bits\nauto c = "--" + name;\n'
                'auto d = "or another -o"; auto e = "x -1";\n',
            ),
            ("cli", 'auto a = "--bits";\n'),
        ):
            file = root / "src" / "posittune" / room / "x.cc"
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
        oracle = root / "tests" / "oracle" / "o.cc"
        oracle.parent.mkdir(parents=True)
        oracle.write_text('#include "posittune/formats/codec.h"\n', encoding="utf-8")
        count, problems = check(root)
        assert count == 10, count
        assert len(problems) == 10, problems
        assert any("formats must not include kernels" in p for p in problems), problems
        assert any("base must not include quant" in p for p in problems), problems
        assert any("'cellar' is not in the table" in p for p in problems), problems
        assert any("the oracle shares no code" in p for p in problems), problems
        assert any("metrics must not know openvino" in p for p in problems), problems
        assert any("quant must not know openvino (ov::)" in p for p in problems), problems
        assert any("<boost/any.hpp> is of no library" in p for p in problems), problems
        assert sum("search" in p and "a flag of the command line" in p for p in problems) == 3, problems
        for header in ("formats/a.h", "formats/b.h", "kernels/c.h", "kernels/d-inl.h", "e.h", "f.h"):
            (root / "src" / "posittune" / header).write_text("", encoding="utf-8")
        for test in ("formats/b_test.cc", "kernels/c_test.py", "f_test.cc", "kernels/e_test.cc"):
            (root / "tests" / test).parent.mkdir(parents=True, exist_ok=True)
            (root / "tests" / test).write_text("", encoding="utf-8")
        problems = check_tests(root)
        assert len(problems) == 2, problems
        assert problems[0] == "e.h: no test is named after it (tests/e_test.cc)", problems
        assert problems[1] == "formats/a.h: no test is named after it (tests/formats/a_test.cc)", problems
        (root / "tests" / "formats" / "CMakeLists.txt").write_text("foreach(name a b)", encoding="utf-8")
        (root / "tests" / "kernels" / "CMakeLists.txt").write_text("SOURCES e_test.cc", encoding="utf-8")
        (root / "tests" / "CMakeLists.txt").write_text("add_subdirectory(f)", encoding="utf-8")
        problems = check_lists(root)
        assert problems == ["tests/f_test.cc: tests/CMakeLists.txt does not name it"], problems
        (root / "tests" / "formats" / "CMakeLists.txt").unlink()
        (root / "tests" / "CMakeLists.txt").write_text("SOURCES f_test.cc", encoding="utf-8")
        problems = check_lists(root)
        assert problems == ["tests/formats/b_test.cc: tests/formats/CMakeLists.txt does not name it"], problems
    print("1 passed, 0 failed")


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    count, problems = check(pathlib.Path(sys.argv[1]))
    for problem in problems:
        print(problem)
    print(f"{count} files checked, {len(problems)} faults")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
