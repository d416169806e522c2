"""Types for editors and checkers: the stub of the extension is what it holds today, and all that is public has types and
a docstring.

FILE ROOT PACKAGE [--store]     --store writes the stub anew
"""

import inspect
import pathlib
import subprocess
import sys
import tempfile

ROOT, PACKAGE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(PACKAGE))

import posittune  # noqa: E402

STUB = ROOT / "python" / "posittune" / "_core.pyi"


def made_stub() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "stub.pyi"
        line = ["-m", "nanobind.stubgen", "-q", "-P", "-m", "posittune._core", "-i", str(PACKAGE), "-o", str(path)]
        subprocess.run([sys.executable, *line], check=True)
        return path.read_text().rstrip("\n") + "\n"


def without_types(name: str, function) -> list[str]:
    found = [] if inspect.getdoc(function) else [f"{name} has no docstring"]
    try:
        signature = inspect.signature(function)
    except ValueError:  # of the extension: the stub has its types
        return found
    for parameter in signature.parameters.values():
        known = parameter.annotation is not parameter.empty
        if not known and parameter.name != "self" and parameter.kind is not parameter.VAR_KEYWORD:
            found.append(f"{name}: the parameter {parameter.name} has no type")
    if not inspect.isclass(function) and signature.return_annotation is signature.empty:
        found.append(f"{name} says no type of what it returns")
    return found


def main() -> int:
    stub = made_stub()
    if "--store" in sys.argv:
        STUB.write_text(stub)
    faults = []
    if not STUB.exists() or STUB.read_text() != stub:
        faults.append("python/posittune/_core.pyi is not what the extension holds: run this test with --store")
    if not (ROOT / "python" / "posittune" / "py.typed").exists():
        faults.append("python/posittune/py.typed is missing")
    checked = 0
    for name in posittune.__all__:
        each = getattr(posittune, name)
        faults += without_types(name, each)
        checked += 1
        if not inspect.isclass(each):
            continue
        for method, function in vars(each).items():
            if not method.startswith("_") and (inspect.isfunction(function) or isinstance(function, classmethod)):
                faults += without_types(f"{name}.{method}", getattr(each, method))
                checked += 1
    print(f"{checked} public names, {len(faults)} faults", *faults, sep="\n")
    return 1 if faults or checked < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
