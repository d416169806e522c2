"""What the flow needs of a Liberty file: areas, pin capacitances, and functions of cells."""

import functools
import hashlib
import os
import pathlib
import re

# Where another place is named; the flow's options do so too. The cells must be OSU018's.
VARIABLE = "POSITTUNE_LIBERTY"
PATH = pathlib.Path(os.environ.get(VARIABLE) or "/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
PACKAGE = "qflow-tech-osu018"
VOLTAGE = 1.8

# Sequential cells that synthesis uses: one flip-flop.
FLIP_FLOP = "DFFPOSX1"


@functools.cache
def digest():
    """SHA-256 of the file."""
    return hashlib.sha256(PATH.read_bytes()).hexdigest()


def expression(function):
    """A Liberty function as a Python expression on integers whose bits are simulation lanes.

    Juxtaposition is AND, + is OR; the result may have bits above the lanes.
    """
    text = function.replace("+", "|").replace("!", "~")
    text = re.sub(r"(?<=[\w)])\s+(?=[\w(~])", " & ", text)
    return re.sub(r"(?<=[\w)])\s*\*\s*(?=[\w(~])", " & ", text)


@functools.cache
def cells():
    """{cell: {"area", "outputs": {pin: expression}, "capacitance": {pin: pF}}}"""
    result = {}
    text = PATH.read_text()
    for match in re.finditer(r"^cell\s*\((\w+)\)\s*\{(.*?)(?=^cell\s*\(|\Z)", text, re.S | re.M):
        name, body = match.groups()
        area = float(re.search(r"area\s*:\s*([\d.]+)", body).group(1))
        outputs, capacitance = {}, {}
        for pin in re.finditer(r"\bpin\s*\((\w+)\)\s*\{(.*?)(?=\bpin\s*\(|\Z)", body, re.S):
            function = re.search(r'\bfunction\s*:\s*"([^"]*)"', pin.group(2))
            if function:
                outputs[pin.group(1)] = expression(function.group(1))
            capacitance[pin.group(1)] = float(re.search(r"\bcapacitance\s*:\s*([\d.]+)", pin.group(2)).group(1))
        result[name] = {"area": area, "outputs": outputs, "capacitance": capacitance}
    return result
