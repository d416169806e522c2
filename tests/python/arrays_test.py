"""posittune on arrays, against tables of values, loops over channels, and the command line.

FILE POSITTUNE ROOT PACKAGE [unittest arguments]
"""

import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import unittest

POSITTUNE, PACKAGE = (os.path.abspath(path) for path in (sys.argv[1], sys.argv[3]))
sys.path.insert(0, PACKAGE)

import numpy as np  # noqa: E402

import posittune as pt  # noqa: E402

RNG = np.random.default_rng(4)
X = (RNG.standard_normal((6, 5, 64)) * np.exp2(RNG.integers(-12, 12, (6, 5, 64)))).astype(np.float32)
SMALL = ("posit<8,1>", "posit<8,0>", "posit<6,1>", "int8", "int4", "fp8_e4m3", "fp6_e2m3", "fp4_e2m1")


def nearest(x, format):
    """By the table of all values; ties to the even code, and what is larger than all to the largest."""
    values = format.values()
    codes = np.flatnonzero(np.isfinite(values))
    order = np.argsort(values[codes], kind="stable")
    codes, values = codes[order], values[codes][order]
    out = np.empty(x.shape)
    for i, v in np.ndenumerate(x.astype(np.float64)):
        distance = np.abs(values - v)
        best = np.flatnonzero(distance == distance.min())
        out[i] = values[min(best, key=lambda k: codes[k] & 1)]
    return out


class Formats(unittest.TestCase):
    def test_card(self):
        posit = pt.Format("P8E1")
        self.assertEqual((posit.name, posit.bits, posit.max, posit.min), ("posit<8,1>", 8, 4096.0, 2.0**-12))
        self.assertEqual((posit.nan_code, posit.epsilon, posit.block), (128, 1 / 16, 0))
        self.assertEqual((pt.Format("mxfp6").block, pt.Format("fp16").has_infinity), (32, True))
        self.assertEqual(posit.decode(posit.encode(1.5)), 1.5)
        self.assertTrue(np.isnan(posit.decode(128)))
        self.assertEqual(posit.values().shape, (256,))
        self.assertEqual({posit: 1}[pt.Format("posit<8,1>")], 1)
        self.assertNotEqual(posit, "posit<8,1>")
        self.assertEqual(pickle.loads(pickle.dumps(posit)), posit)
        self.assertIn("posit<8,1>", map(str, pt.formats()))
        x, decimals = posit.accuracy()
        self.assertEqual(x.shape, decimals.shape)
        self.assertGreater(decimals.max(), 1.5)

    def test_errors(self):
        with self.assertRaises(pt.UsageError) as caught:
            pt.Format("posit<8,9>")
        self.assertIn("posit<8,", caught.exception.expected + caught.exception.hint)
        self.assertIsInstance(caught.exception, ValueError)
        with self.assertRaises(pt.UsageError):
            pt.Format("posit<8,1>").decode(256)
        with self.assertRaises(pt.UsageError):
            pt.Format("fp32").values()


class Rounding(unittest.TestCase):
    def test_nearest(self):
        x = X.reshape(-1)[:400]
        for name in SMALL:
            format = pt.Format(name)
            expected = nearest(x, format)
            if name.startswith("posit"):  # a nonzero number never becomes zero
                expected = np.where((expected == 0) & (x != 0), np.copysign(format.min, x), expected)
            if name.startswith("posit"):  # ties and halves are those of bit strings, outside of the middle
                middle = (np.abs(x) > 2**-4) & (np.abs(x) < 2**4)
                np.testing.assert_array_equal(pt.quantize(x, format)[middle], expected[middle], name)
                continue
            np.testing.assert_array_equal(pt.quantize(x, format), expected.astype(np.float32), name)

    def test_codes(self):
        for name in (*SMALL, "posit<16,2>", "fp16", "posit<32,2>", "mxfp6", "mxint8"):
            for arguments in ({}, {"scale": "absmax"}, {"scale": "mse_pow2", "axis": 0}):
                codes = pt.encode(X, name, **arguments)
                np.testing.assert_array_equal(codes.decode(), pt.quantize(X, name, **arguments), name)
                packed = codes.pack()
                again = pt.unpack(packed, codes.format.bits, codes.codes.size)
                np.testing.assert_array_equal(again, codes.codes.reshape(-1))
                self.assertEqual(codes.nbytes, packed.nbytes + codes.scales.nbytes + codes.exponents.nbytes)

    def test_each_axis_is_a_loop_over_it(self):
        for axis in (0, 1, 2, -1, -3):
            for rule in ("absmax", "rms_pow2", "mse_pow2", "mse"):
                got = pt.quantize(X, "posit<6,1>", rule, axis=axis)
                scales = pt.choose_scales(X, "posit<6,1>", rule, axis=axis)
                self.assertEqual(scales.shape, (X.shape[axis],))
                codes = pt.encode(X, "posit<6,1>", rule, axis=axis)
                np.testing.assert_array_equal(codes.decode(), got)
                for i in range(X.shape[axis]):
                    part = np.ascontiguousarray(np.take(X, i, axis=axis))
                    np.testing.assert_array_equal(scales[i], pt.choose_scales(part, "posit<6,1>", rule)[0])
                    expected = pt.quantize(part, "posit<6,1>", rule)
                    np.testing.assert_array_equal(np.take(got, i, axis=axis), expected, (axis, rule, i))

    def test_groups(self):
        scales = np.exp2(RNG.integers(-3, 3, (6, 10))).astype(np.float32)
        got = pt.quantize(X, "int4", scales, axis=0, group=32)
        flat = X.reshape(6, 10, 32)
        expected = np.stack([[pt.quantize(flat[i, k], "int4", scales[i, k]) for k in range(10)] for i in range(6)])
        np.testing.assert_array_equal(got, expected.reshape(X.shape))
        # Groups run through the other axes in their order, of whatever length these are.
        for x in (X, X[:, :4, :7], X[..., 0]):
            for axis in range(x.ndim):
                rows = np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
                scales = np.exp2(RNG.integers(-3, 3, (len(rows), -(-rows.shape[1] // 5)))).astype(np.float32)
                got = pt.quantize(x, "int4", scales, axis=axis, group=5)
                wide = np.repeat(scales, 5, axis=1)[:, : rows.shape[1]]
                expected = pt.quantize(rows * wide, "int4") / wide
                np.testing.assert_array_equal(np.moveaxis(got, axis, 0).reshape(rows.shape), expected)
                codes = pt.encode(x, "int4", scales, axis=axis, group=5)
                np.testing.assert_array_equal(codes.decode(), got)

    def test_as_the_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            np.save(home / "x.npy", X)
            for format, rule, axis in (("posit<8,1>", "rms_pow2", None), ("int8", "mse", 0), ("fp6_e2m3", "absmax", 1)):
                extra = [] if axis is None else ["--axis", str(axis)]
                line = [POSITTUNE, "quantize", "x.npy", "-f", format, "--rule", rule, "-o", "y.npy", *extra]
                subprocess.run(line, cwd=home, check=True, capture_output=True)
                np.testing.assert_array_equal(np.load(home / "y.npy"), pt.quantize(X, format, rule, axis=axis))

    def test_what_is_not_a_number(self):
        x = np.float32([np.nan, np.inf, -np.inf, 1])
        np.testing.assert_array_equal(pt.quantize(x, "posit<8,1>"), np.float32([np.nan, np.nan, np.nan, 1]))
        np.testing.assert_array_equal(pt.quantize(x, "int8"), np.float32([np.nan, 127, -127, 1]))
        found = pt.difference(x, pt.quantize(x, "int8"), "int8")
        self.assertEqual((found["count"], found["nonfinite"]), (4, 3))

    def test_any_layout(self):
        expected = pt.quantize(X, "int4")
        for view in (X[::-1], X.transpose(2, 0, 1), X[:, ::2, 1:], np.asfortranarray(X)):
            np.testing.assert_array_equal(pt.quantize(view, "int4"), pt.quantize(np.ascontiguousarray(view), "int4"))
        for view in (np.asfortranarray(X), X.transpose(2, 0, 1), X.transpose(1, 0, 2)):
            for axis in (None, 0, 1, 2, -1):
                scale = 1 if axis is None else np.exp2(RNG.integers(-3, 3, view.shape[axis]))
                got = pt.quantize(view, "int4", scale, axis)
                np.testing.assert_array_equal(got, pt.quantize(np.ascontiguousarray(view), "int4", scale, axis))
                self.assertEqual(got.strides, view.strides)
        self.assertEqual(pt.quantize(np.float32(3.2), "int4").shape, ())
        self.assertEqual(pt.quantize(3.2, "int4"), 3)
        out = np.empty_like(X)
        self.assertIs(pt.quantize(X, "int4", out=out), out)
        np.testing.assert_array_equal(out, expected)
        again = X.copy()
        np.testing.assert_array_equal(pt.quantize(again, "int4", out=again), expected)
        by_axis = np.empty_like(X)
        pt.quantize(X, "int4", "absmax", axis=2, out=by_axis)
        np.testing.assert_array_equal(by_axis, pt.quantize(X, "int4", "absmax", axis=2))

    def test_without_elements(self):
        for shape in ((0,), (3, 0), (0, 3), (2, 0, 32), (2, 0, 3), (2, 3, 0)):
            empty = np.zeros(shape, np.float32)
            for format in ("int4", "mxint8"):
                axes = range(len(shape) - (format == "mxint8"))  # blocks run along the last one
                for axis in (None, *axes):
                    for scale in ("absmax", "mse", 1.0):
                        self.assertEqual(pt.quantize(empty, format, scale, axis).shape, shape)
                        self.assertEqual(pt.encode(empty, format, scale, axis).decode().shape, shape)
                    scales = pt.choose_scales(empty, format, "absmax", axis)
                    self.assertEqual(scales.shape, (1 if axis is None else shape[axis],))

    def test_out_over_other_elements(self):
        buffer = RNG.standard_normal(1 << 18).astype(np.float32)
        for source, target in (
            (slice(0, -64), slice(64, None)),
            (slice(64, None), slice(0, -64)),
            (slice(0, None, 2), slice(0, 1 << 17)),
        ):
            b = buffer.copy()
            expected = pt.quantize(b[source].copy(), "int4")
            np.testing.assert_array_equal(pt.quantize(b[source], "int4", out=b[target]), expected)
        b = np.float32([2, 3, 5])
        np.testing.assert_array_equal(pt.quantize(b, "int4", b[:1], out=b), np.float32([2, 3, 3.5]))

    def test_dlpack(self):
        class Foreign:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        for array in (X, X[:, ::2], np.asfortranarray(X)):
            np.testing.assert_array_equal(pt.quantize(Foreign(array), "int4"), pt.quantize(array, "int4"))
        with self.assertRaises(TypeError):
            pt.quantize(Foreign(X.astype(np.float64)), "int4")

        class Bfloat16:
            dtype, device = "torch.bfloat16", "cpu"

            def __dlpack__(self, **options):
                raise BufferError("unsupported type")

            def __dlpack_device__(self):
                return X.__dlpack_device__()

        with self.assertRaises(TypeError) as caught:
            pt.quantize(Bfloat16(), "int4")
        for part in ("`x`", "expected float32", "Bfloat16 of torch.bfloat16 on cpu", "unsupported type"):
            self.assertIn(part, str(caught.exception))

    def test_threads_change_nothing(self):
        big = RNG.standard_normal(1 << 20).astype(np.float32)
        one = pt.quantize(big, "posit<8,1>", "mse", threads=1)
        np.testing.assert_array_equal(one, pt.quantize(big, "posit<8,1>", "mse", threads=4))

    def test_the_lock_is_released(self):
        big, seen = RNG.standard_normal(1 << 22).astype(np.float32), []
        worker = threading.Thread(target=lambda: pt.choose_scales(big, "posit<8,1>", "mse", threads=1))
        worker.start()
        while worker.is_alive():
            seen.append(1)
        self.assertGreater(len(seen), 100)


class Equality(unittest.TestCase):
    def test_codes(self):
        codes = pt.encode(X, "mxint8")
        self.assertEqual(codes, pt.encode(X, "mxint8"))
        self.assertEqual(pickle.loads(pickle.dumps(codes)), codes)
        for other in (pt.encode(-X, "mxint8"), pt.encode(X, "mxfp8_e4m3"), pt.encode(X[0], "mxint8"), None):
            self.assertNotEqual(codes, other)
        with self.assertRaises(TypeError):
            hash(codes)

    def test_models(self):
        def model(**changes):
            weight = pt.QuantizedWeight([pt.encode(X[0], "int4", "absmax", axis=0)])
            parts = {"weights": {"w": weight}, "corrections": {"l": np.ones(5, np.float32)}}
            return pt.QuantizedModel(pt.Recipe(), **{**parts, **changes})

        self.assertEqual(model(), model())
        for changes in ({"weights": {}}, {"corrections": {"l": np.zeros(5, np.float32)}}, {"layers": {"l": "w"}}):
            self.assertNotEqual(model(), model(**changes))
        with self.assertRaises(TypeError):
            hash(model())


class BadInput(unittest.TestCase):
    def refused(self, kind, part, function, *arguments, **options):
        with self.assertRaises(kind) as caught:
            function(*arguments, **options)
        self.assertIn(part, str(caught.exception))

    def test_each(self):
        for array in (X.astype(np.float64), X.astype(np.float16), X.astype(int), X.astype(object), X.astype(">f4")):
            self.refused(TypeError, "expected float32", pt.quantize, array, "int8")
        self.refused(pt.UsageError, "posit<8", pt.quantize, X, "posit8<1")
        self.refused(TypeError, "", pt.quantize, X, 8)
        self.refused(pt.UsageError, "no such axis", pt.quantize, X, "int8", axis=3)
        self.refused(pt.UsageError, "1 or 6", pt.quantize, X, "int8", np.ones(5, np.float32), axis=0)
        self.refused(pt.UsageError, "last axis", pt.quantize, X, "mxint8", axis=2)
        for scale in (0, -1, np.nan, np.inf, 1e-45):
            self.refused(pt.InputError, "scale", pt.quantize, X, "int8", scale)
        self.refused(pt.UsageError, "absmax", pt.quantize, X, "int8", "absmix")
        self.refused(pt.UsageError, "groups", pt.quantize, X, "int8", "absmax", group=32)
        self.refused(TypeError, "out", pt.quantize, X, "int8", out=np.empty(X.shape))
        self.refused(ValueError, "out", pt.quantize, X, "int8", out=np.empty(3, np.float32))
        self.refused(ValueError, "shapes", pt.difference, X, X[0], "int8")
        self.refused(TypeError, "uint8", pt.pack, X, 6)
        self.refused(TypeError, "uint8", pt.unpack, X, 6, 4)
        self.refused(pt.InputError, "3 for 4 codes", pt.unpack, np.zeros(2, np.uint8), 6, 4)
        self.refused(pt.InputError, "found: 200", pt.pack, np.uint8([3, 200]), 4)
        for bits in (-4, 0, 9):
            self.refused(pt.UsageError, "1 to 8", pt.pack, np.uint8([3]), bits)
        for count, bits in ((3, -4), (3, 33), (-1, 8), (2**62, 32)):
            self.refused(pt.UsageError, "out of range", pt.packed_bytes, count, bits)
        self.assertEqual(pt.packed_bytes(3, 6), 3)
        self.refused(pt.UsageError, "`count`", pt.unpack, np.zeros(2, np.uint8), 8, -1)
        for codes in (X, X.astype(np.int64), [1, 2]):
            self.refused(TypeError, "expected uint8", pt.Codes, pt.Format("int4"), codes, np.ones(1, np.float32))

    def test_arguments_are_named(self):
        for name, value, kind, part in (
            ("axis", "a", TypeError, "is a str"),
            ("axis", (0, 1), TypeError, "is a tuple"),
            ("axis", 1.0, TypeError, "is a float"),
            ("group", -1, pt.UsageError, "found: -1"),
            ("group", "a", TypeError, "is a str"),
            ("threads", "a", TypeError, "is a str"),
            ("threads", -1, pt.UsageError, "0 to 1024"),
            ("threads", 10**9, pt.UsageError, "0 to 1024"),
            ("scale", {}, TypeError, "is a dict"),
            ("scale", None, TypeError, "is a NoneType"),
            ("format", None, TypeError, "is a NoneType"),
            ("x", [1, "a"], TypeError, "found a list"),
        ):
            arguments = {"x": X, "format": "int4", name: value}
            self.refused(kind, part, pt.quantize, **arguments)
            self.refused(kind, f"`{name}`", pt.encode, **arguments)
        self.refused(TypeError, "expected posittune.Codes", pt.decode, X)
        self.refused(TypeError, "`rule` is a NoneType", pt.choose_scales, X, "int4", None)
        for function, arguments in (
            (pt.decode, (pt.encode(X, "int4"),)),
            (pt.pack, (np.uint8([1]), 4)),
            (pt.unpack, (np.uint8([1]), 4, 2)),
            (pt.choose_scales, (X, "int4")),
            (pt.difference, (X, X, "int4")),
        ):
            self.refused(pt.UsageError, "`threads`", function, *arguments, threads=-1)
        self.assertEqual(pt.quantize(X, "int4", axis=np.int64(1), scale="absmax", threads=np.int32(1)).shape, X.shape)


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False, verbosity=1).result.wasSuccessful())
