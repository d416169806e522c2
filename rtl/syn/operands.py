"""Operand streams: real weights and layer inputs, as codes of a format.

operands.bin (make_operands.py) has LANES dot products of STEPS pairs in float32. The project's own
executable picks one scale for all weights, one for all inputs (rule `mse`, as compare and search do)
and encodes.
"""

import array
import ast
import functools
import pathlib
import subprocess
import tempfile

LANES, STEPS = 64, 224
DATA = pathlib.Path(__file__).parent / "operands.bin"
RULE = "mse"


def write_npy(path, values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % len(values)
    header = header.ljust(117) + "\n"  # 10 + 118 bytes: a multiple of 64
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes())


def read_npy(path):
    data = path.read_bytes()
    length = int.from_bytes(data[8:10], "little")
    kind = ast.literal_eval(data[10 : 10 + length].decode())["descr"]
    return array.array({"|u1": "B", "<u2": "H", "<u4": "I"}[kind], data[10 + length :])


@functools.cache
def floats():
    data = array.array("f", DATA.read_bytes())
    count = LANES * STEPS
    assert len(data) == 2 * count
    return data[:count], data[count:]


@functools.cache
def encode(executable, name, which):
    """Codes of weights (which 0) or inputs (1), [LANES * STEPS]."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "in.npy", pathlib.Path(folder) / "out.npy"
        write_npy(source, floats()[which])
        if name == "fp32":
            return array.array("I", floats()[which].tobytes())
        command = [executable, "quantize", source, "-f", name, "--rule", RULE, "--codes", "-o", target]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return read_npy(target)


def streams(executable, design):
    """(weights, inputs): each a list of STEPS lists of LANES codes."""
    result = []
    for which, name in enumerate((design.weight, design.activation)):
        codes = encode(executable, name, which)
        result.append([[codes[lane * STEPS + step] for lane in range(LANES)] for step in range(STEPS)])
    return result


@functools.cache
def values(executable, name):
    """The value of each code, as the executable's code table says (at most 16 bits)."""
    text = subprocess.run([executable, "formats", name, "--codes", "csv"], check=True, capture_output=True, text=True).stdout
    return [float(line.rsplit(",", 1)[1]) for line in text.splitlines()[1:]]
