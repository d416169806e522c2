"""Inputs from public reports that once gave a wrong number or a wrong refusal. Each folder NAME beside this file holds
model and data (made by its gen.py), README.md says what is right and why, case.py checks it.

    FILE POSITTUNE ROOT [unittest arguments]
"""

import importlib.util
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cli"))
import support  # noqa: F401  it looks at the arguments


def tests_of(folder):
    spec = importlib.util.spec_from_file_location(f"case_{folder.name}", folder / "case.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = unittest.defaultTestLoader.loadTestsFromModule(module)
    if found.countTestCases() == 0:
        raise RuntimeError(f"{folder.name} has no test")
    return found


def main():
    suite = unittest.TestSuite()
    for folder in sorted(HERE.iterdir()):
        if (folder / "case.py").exists():
            suite.addTest(tests_of(folder))
        elif folder.is_dir() and not folder.name.startswith("__"):
            raise RuntimeError(f"{folder.name} has no case.py")
    wanted = sys.argv[3:]
    if wanted:
        suite = unittest.TestSuite(test for test in flat(suite) if any(word in test.id() for word in wanted))
    if suite.countTestCases() == 0:
        sys.exit("no case was run")
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful())


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


if __name__ == "__main__":
    main()
