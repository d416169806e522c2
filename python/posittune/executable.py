"""The program `posittune` of the wheel."""

import os
import pathlib
import sys

from posittune.errors import Exit, say

PROGRAM = pathlib.Path(__file__).parent / "bin" / "posittune"


def main() -> int:
    """Becomes the program: arguments, streams and exit code are its own."""
    if not PROGRAM.exists():
        say(f"error: the program is not in this installation\n  where: {PROGRAM}\n  hint: pip install posittune")
        return Exit.RESOURCE
    os.execv(PROGRAM, ["posittune", *sys.argv[1:]])
