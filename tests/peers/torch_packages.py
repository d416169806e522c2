"""Importing the peers that need PyTorch, without what they drag along. Also used by bench/peers."""

import contextlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from report import Unusable


@contextlib.contextmanager
def quiet():
    """Sends what this process and its children print on stdout to nowhere."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)


def qtorch_plus():
    """The module qtorch_plus.quant. Its first import compiles its C++ (a minute or two) and prints."""
    with quiet():
        try:
            import qtorch_plus.quant
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:  # no compiler, no ninja, no Python.h
            last = (str(error).strip().splitlines() or [repr(error)])[-1]
            raise Unusable(f"it compiles its C++ and failed: {last}") from error
    return qtorch_plus.quant


def qtorch_plus_sources():
    folder = Path(importlib.util.find_spec("qtorch_plus").origin).parent / "quant/quant_cpu"
    return [str(folder / name) for name in ("quant_cpu.cpp", "bit_helper.cpp", "sim_helper.cpp")]


def flexposit_formats():
    """The module flexposit.formats by its file: the package's __init__ imports transformers and datasets."""
    package = importlib.util.find_spec("flexposit")
    if package is None:
        raise ImportError("no module flexposit")
    spec = importlib.util.spec_from_file_location("flexposit_formats", Path(package.origin).with_name("formats.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
