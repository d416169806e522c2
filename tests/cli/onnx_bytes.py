"""Initializers of an ONNX file, found and overwritten in place: as much of protobuf's wire format as that takes.

ModelProto.graph is field 7, GraphProto.initializer 5; of a TensorProto dims is 1, data_type 2, name 8, raw_data 9
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import dataclasses
import math

import numpy as np

GRAPH, INITIALIZER = 7, 5
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
TYPES = {1: np.float32, 7: np.int64, 10: np.float16, 11: np.float64}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data, at, end):
    """(number, value) of each field: an integer, or (begin, end) of bytes."""
    while at < end:
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
            yield tag >> 3, value
        elif tag & 7 == 2:
            size, at = varint(data, at)
            yield tag >> 3, (at, at + size)
            at += size
        else:
            at += {1: 8, 5: 4}[tag & 7]


@dataclasses.dataclass
class Initializer:
    dims: tuple
    dtype: type
    begin: int  # of its raw data in the file
    end: int

    @property
    def size(self):
        return math.prod(self.dims)


class OnnxFile:
    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        self.initializers = {}
        for number, graph in fields(self.data, 0, len(self.data)):
            if number != GRAPH:
                continue
            for inner, tensor in fields(self.data, *graph):
                if inner == INITIALIZER:
                    self._add(tensor)

    def _add(self, tensor):
        dims, dtype, name, raw = [], None, None, None
        for number, value in fields(self.data, *tensor):
            if number == DIMS and isinstance(value, int):
                dims.append(value)
            elif number == DIMS:  # packed
                at, end = value
                while at < end:
                    dim, at = varint(self.data, at)
                    dims.append(dim)
            elif number == DATA_TYPE:
                dtype = TYPES.get(value)
            elif number == NAME:
                name = self.data[slice(*value)].decode()
            elif number == RAW_DATA:
                raw = value
        if dtype is not None and raw is not None:
            self.initializers[name] = Initializer(tuple(dims), dtype, *raw)

    def values(self, name):
        """A writable view."""
        one = self.initializers[name]
        return np.frombuffer(memoryview(self.data)[one.begin : one.end], one.dtype).reshape(one.dims)

    def shuffle(self, name, seed=1):
        values = self.values(name).reshape(-1)
        values[:] = np.random.default_rng(seed).permutation(values)

    def save(self, path):
        path.write_bytes(self.data)
        return path
