"""posittune.archive, which needs NumPy alone, against the archives and values of archive_tool.cc.

FILE ARCHIVE_TOOL ROOT [unittest arguments]
"""

import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
PYTHON = ROOT / "python"
TILE = ROOT / "tests" / "rtl" / "gpt2_posit8.tile"
sys.path.insert(0, str(PYTHON))

import numpy as np  # noqa: E402
from posittune.archive import read_archive  # noqa: E402
from posittune.exceptions import InputError, UsageError  # noqa: E402

# As many mutated files as the sanitizers' full run has; few in the short run (CMakePresets.json).
MUTATED = 500 if "POSITTUNE_SWEEP_STRIDE" in os.environ else 10_000

ALONE = """
import importlib.abc, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in ("numpy", "posittune") and name != "posittune._core"
        if not known:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocked())
sys.path.insert(0, sys.argv[1])
from posittune.archive import read_archive
archive = read_archive(sys.argv[2])
print(sum(weight.decode().size for weight in archive.weights.values()))
print(*sorted(name for name in sys.modules if name.startswith("posittune")))
"""


class FolderCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        subprocess.run([TOOL, folder.name, str(TILE)], check=True)

    def path(self, name):
        return self.folder / f"{name}.posit"


class Values(FolderCase):
    def check(self, name):
        archive = read_archive(self.path(name))
        expected = np.fromfile(self.folder / f"{name}.values", np.float32)
        at = 0
        for weight in sorted(archive.weights, key=lambda text: text.encode()):
            values = archive.weights[weight].decode()
            mine = expected[at : at + values.size].reshape(values.shape)
            wrong = np.argwhere(values.view(np.uint32) != mine.view(np.uint32))
            where = tuple(wrong[0]) if wrong.size else ()
            message = f"{weight} {where}: {values[where]} is {mine[where]} in the library"
            self.assertEqual(len(wrong), 0, message)
            at += values.size
        self.assertEqual(at, expected.size)
        return archive

    def test_every_format_to_the_bit(self):
        self.assertGreaterEqual(len(self.check("formats").weights), 150)

    def test_every_kind_of_weight(self):
        archive = self.check("all")
        self.assertEqual(archive.model_sha256, "a" * 64)
        self.assertEqual(archive.recipe["weights"]["plain"]["format"], "posit<8,1>")
        self.assertEqual(archive.recipe["accumulate"], "quire")
        layer = 'layer \u00e9"\n'
        self.assertEqual((archive.inputs[layer].operands, archive.inputs["per token"].scales), (2, []))
        self.assertEqual(archive.inputs[layer].scales, np.float32([0.5, 3.3]).tolist())
        self.assertEqual(archive.corrections["layer"].tolist(), np.float32([0.25, -1e-3, 0]).tolist())
        choice, windows = archive.weights["choice"], archive.weights["windows"]
        self.assertEqual(choice.formats, ["posit<6,0>"] * 2 + ["int6"] + ["posit<6,2>"] * 3)
        self.assertEqual(windows.formats, ["int4"] * 40 + ["fp16"] * 3 + ["int4"] * 40)
        self.assertEqual(
            (windows.codes.shape, windows.codes.dtype, windows.scales.shape), ((83, 13), np.uint16, (83, 1))
        )
        self.assertEqual(archive.weights["groups"].scales.shape, (6, 3))
        self.assertTrue(archive.weights["plain"].compensated)
        for weight in archive.weights.values():
            turned = weight.layout["rows"] == [[weight.rows, 1]] and weight.cols > 1
            stored = weight.stored().T if turned else weight.stored()
            np.testing.assert_array_equal(stored, weight.decode())

    def test_numpy_alone(self):
        line = [sys.executable, "-I", "-c", ALONE, str(PYTHON), str(self.path("all"))]
        out = subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()
        self.assertEqual(int(out[0]), sum(w.codes.size for w in read_archive(self.path("all")).weights.values()))
        self.assertNotIn("posittune._core", out)


class Tiles(FolderCase):
    def test_bytes_are_those_of_the_tile_file(self):
        rows = [line.split()[1:] for line in TILE.read_text().splitlines() if line.startswith("w ")]
        expected = bytes(int(code, 16) for row in rows for code in row)
        archive = read_archive(self.path("tile"))
        tile = archive.tile("tile", 3, 5, len(rows), len(rows[0]))
        self.assertEqual((tile.dtype, tile.shape), (np.uint8, (8, 8)))
        self.assertEqual(tile.tobytes(), expected)

    def test_tiles_are_inside_and_of_bytes(self):
        archive = read_archive(self.path("tile"))
        self.assertEqual(archive.tile("tile", 0, 0, 16, 24).shape, (16, 24))
        self.assertEqual(archive.tile("tile", 16, 24, 0, 0).shape, (0, 0))
        for name, *numbers in (
            ("none", 0, 0, 1, 1),
            ("wide", 0, 0, 1, 1),
            ("tile", 9, 0, 8, 8),
            ("tile", 0, 17, 8, 8),
            ("tile", -1, 0, 8, 8),
            ("tile", 4, 0, -2, 8),
        ):
            with self.assertRaises(UsageError):
                archive.tile(name, *numbers)


def parts(data):
    """Header as text, and the bytes behind it."""
    length = struct.unpack("<Q", data[:8])[0]
    return data[8 : 8 + length].decode(), data[8 + length :]


def joined(text, rest):
    header = text.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(header)) + header + rest


NUMBERS = (
    "0",
    "1",
    "-1",
    "2",
    "33",
    "255",
    "1.5",
    "1e9",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "9" * 5000,
)
WORDS = ("null", "true", "[]", "{}", '""', '"U8"', '"F32"', "[" * 3000)


def mutated(data, rng):
    """A change of the structure in most cases, else of bytes."""
    text, rest = parts(data)
    kind = rng.randrange(8)
    if kind < 3:  # a number or a word becomes another
        found = list(re.finditer(r"\d+" if kind else r'\\?"[^"\\]*\\?"', text))
        spot = rng.choice(found)
        return joined(text[: spot.start()] + rng.choice(NUMBERS if kind else WORDS) + text[spot.end() :], rest)
    if kind == 3:  # something twice, or left out
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.randrange(1, 200))
        return joined(text[:end] + (text[start:] if rng.random() < 0.5 else text[end + 20 :]), rest)
    if kind == 4:  # a tensor or a text is missing or has another name
        header = json.loads(text)
        place = header["__metadata__"] if rng.random() < 0.5 else header
        name = rng.choice(list(place))
        value = place.pop(name)
        if rng.random() < 0.5:
            place[rng.choice([name + "x", name.replace("0", "1"), "corrections/x"])] = value
        return joined(json.dumps(header), rest)
    if kind == 5:  # other numbers of a tensor
        at = rng.randrange(len(rest))
        return joined(text, rest[:at] + rng.randbytes(4) + rest[at + 4 :])
    data = bytearray(data)
    at = rng.randrange(len(data) if kind == 6 else 8)
    data[at] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.1 else data)


class Mutations(FolderCase):
    def test_mutated_files_are_read_or_refused(self):
        rng = random.Random(5)
        seeds = [self.path(name).read_bytes() for name in ("all", "tile")]
        path, read = self.folder / "mutated", 0
        for i in range(MUTATED):
            path.write_bytes(mutated(seeds[i % 2], rng))
            try:
                archive = read_archive(path)
            except InputError as error:
                self.assertTrue(error.what and error.where and error.expected, error)
                continue
            read += 1
            for weight in archive.weights.values():
                self.assertEqual(weight.decode().shape, (weight.rows, weight.cols))
        print(f"{MUTATED} mutated files, of which {read} are archives", file=sys.stderr)
        self.assertGreater(read, MUTATED // 50)
        self.assertLess(read, MUTATED // 2)

    def test_cut_files(self):
        data = self.path("tile").read_bytes()
        for size in range(0, len(data), 7):
            (self.folder / "cut").write_bytes(data[:size])
            with self.assertRaises(InputError):
                read_archive(self.folder / "cut")
        with self.assertRaises(InputError):
            read_archive(self.folder / "none")


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[3:]
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stderr))
