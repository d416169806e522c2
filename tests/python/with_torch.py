"""Runs a test with an interpreter that has PyTorch: that of python_hub's environment where it was made, else this one.

    with_torch.py BUILD_FOLDER FILE [arguments]

It is looked for when the test runs, since the environment is made by another test.
"""

import os
import sys
from pathlib import Path


def interpreter(build):
    """Python of BUILD/python/venv, where python_test.py finished it; else that which runs this."""
    folder = Path(build).resolve() / "python" / "venv"
    python = folder / "bin/python"
    return str(python) if python.exists() and (folder / "requirements.sha256").is_file() else sys.executable


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    python = interpreter(sys.argv[1])
    os.execv(python, [python, *sys.argv[2:]])
