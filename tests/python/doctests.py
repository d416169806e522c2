"""Examples in the docstrings of the package do what they show.

FILE PACKAGE
"""

import doctest
import importlib
import sys

sys.path.insert(0, sys.argv[1])
MODULES = (
    "posittune",
    "posittune.arrays",
    "posittune.exceptions",
    "posittune.quantized",
    "posittune.recipe",
    "posittune.values",
)

failed = tried = 0
for name in MODULES:
    module = importlib.import_module(name)
    names = {**vars(importlib.import_module("posittune")), **vars(module)}
    result = doctest.testmod(module, globs=names)
    failed, tried = failed + result.failed, tried + result.attempted
print(f"{tried - failed} passed, {failed} failed")
sys.exit(failed > 0 or tried == 0)
