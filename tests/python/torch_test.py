"""posittune.torch against the kernels of the extension, bit by bit, and recipes on small modules.

FILE POSITTUNE ROOT PACKAGE [unittest arguments]
POSITTUNE_SWEEP=all in the environment: all 2^32 floats of six formats, which takes an hour; of a name: of one of them.
"""

import dataclasses
import hashlib
import math
import os
import sys
import time
import unittest

PACKAGE = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else ""
sys.path.insert(0, PACKAGE)

try:
    import torch
except ModuleNotFoundError:
    print("skip: no torch here")
    sys.exit(77)
import numpy as np  # noqa: E402
from posittune.torch import scale_rules  # noqa: E402

import posittune as pt  # noqa: E402
from posittune import _core  # noqa: E402
from posittune import torch as ptt  # noqa: E402

SWEEP = os.environ.get("POSITTUNE_SWEEP")
SWEPT = ("posit<8,0>", "posit<8,1>", "posit<8,2>", "posit<6,1>", "fp8_e4m3", "int8")
OTHERS = (
    "posit<2,0>", "posit<3,4>", "posit<8,1>ftz", "posit<16,1>", "posit<16,4>", "posit<16,4>ftz", "posit<31,3>",
    "posit<32,0>", "posit<32,2>", "posit<32,4>", "int2", "int16", "fp16", "bf16", "fp32", "tf32", "fp8_e5m2",
    "fp8_e3m4", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1", "fp3_e1m1", "fp12_e5m6",
)  # fmt: skip
BLOCKS = ("mxfp8", "mxfp8_e5m2", "mxfp6", "mxfp6_e3m2", "mxfp4", "mxint8")
torch.manual_seed(0)
X = torch.randn(3, 64, 40) * torch.exp2(torch.randint(-8, 8, (3, 64, 40)).float())


def patterns(x):
    return np.asarray(x, np.float32).view(np.uint32)


def floats(stride):
    """Blocks of all float32 patterns: every stride-th, and the subnormals near zero and the specials."""
    size = 1 << 14 if stride == 1 else 1 << 17  # with the temporaries of all operations it stays in the L2 cache
    for first in range(0, 1 << 32, size * stride):
        yield np.arange(first, min(first + size * stride, 1 << 32), stride, dtype=np.uint64).astype(np.uint32)
    edges = [0x7F800000, 0x7F800001, 0x7FC00000, 0xFF800000, 0x80000000, 0x7F7FFFFF, 0xFF7FFFFF]
    yield np.concatenate([np.arange(4096, dtype=np.uint32), np.uint32(edges)])


class Bits(unittest.TestCase):
    def sweep(self, name, stride, scale=1.0, saturate=False):
        format, scales = pt.Format(name), np.float32([scale])
        ours, theirs = hashlib.sha256(), hashlib.sha256()
        for bits in floats(stride):
            x = bits.view(np.float32)
            y = np.empty_like(x)
            _core._quantize(format, x, 1, x.size, scales, 0, y, saturate, 0)
            found = ptt.quantize_anywhere(torch.from_numpy(x), name, torch.from_numpy(scales), None, 0, saturate)
            theirs.update(y.view(np.uint32))
            ours.update(found.numpy().view(np.uint32))
        self.assertEqual(ours.hexdigest(), theirs.hexdigest(), (name, stride, scale, saturate))
        if stride == 1:
            print(f"{name}: all 2^32 floats, {ours.hexdigest()}", flush=True)

    def test_all_floats(self):
        for name in SWEPT:
            self.sweep(name, 1 if SWEEP in ("all", name) else 65521)

    def test_other_formats(self):
        for name in OTHERS:
            for scale, saturate in ((1.0, False), (0.37, True), (2.0**-100, False), (1e30, True)):
                self.sweep(name, 1048573, scale, saturate)

    def test_codes(self):
        for name in (*SWEPT, *OTHERS, *BLOCKS):
            expected, found = pt.encode(X.numpy(), name, "absmax"), ptt.encode(X, name, "absmax")
            np.testing.assert_array_equal(found.codes.numpy(), expected.codes, name)
            np.testing.assert_array_equal(patterns(found.decode()), patterns(expected.decode()), name)
            if expected.exponents.size:
                np.testing.assert_array_equal(found.exponents.numpy(), expected.exponents, name)

    def test_scales(self):
        for name in ("posit<8,1>", "int4", *BLOCKS):
            for axis in (None, 0, 1, *(() if pt.Format(name).block else (2,))):
                scales = torch.from_numpy(pt.choose_scales(X.numpy(), name, "absmax", axis))
                expected = patterns(pt.quantize(X.numpy(), name, "absmax", axis))
                np.testing.assert_array_equal(patterns(ptt.quantize(X, name, "absmax", axis)), expected)
                np.testing.assert_array_equal(patterns(ptt.quantize_anywhere(X, name, scales, axis, 0, True)), expected)

    def test_groups(self):
        for axis, channels, per_channel in ((None, 1, 240), (0, 3, 80), (1, 64, 4), (2, 40, 6), (-1, 40, 6)):
            scales = torch.exp2(torch.randint(-3, 3, (channels, per_channel)).float())
            expected = pt.encode(X.numpy(), "int4", scales.numpy(), axis, group=32)
            values = patterns(expected.decode())
            np.testing.assert_array_equal(
                patterns(pt.quantize(X.numpy(), "int4", scales.numpy(), axis, group=32)), values
            )
            np.testing.assert_array_equal(patterns(ptt.quantize(X, "int4", scales, axis, group=32)), values)
            np.testing.assert_array_equal(patterns(ptt.quantize_anywhere(X, "int4", scales, axis, 32)), values)
            codes = ptt.encode(X, "int4", scales, axis, group=32)
            np.testing.assert_array_equal(codes.codes.numpy(), expected.codes)
            np.testing.assert_array_equal(patterns(codes.decode()), values)

    def test_scales_on_devices(self):
        """By the path of devices, on the CPU: bit for bit what the library chooses."""
        wide = torch.randn(2, 3, 4096 * 2 + 37) * 1e-3
        special = X.clone()
        special[0, :, :3], special[1, 0, 0], special[2, 5] = math.nan, math.inf, 0
        one = torch.full((1, 5), -3e38)
        for x in (X, wide, special, one, torch.zeros(3, 17), torch.randn(40, 1), torch.randn(1, 3, 64) * 1e-42):
            for name in ("posit<8,1>", "posit<16,4>", "int4", "fp8_e4m3", "fp16", *BLOCKS):
                for axis in (None, *range(x.dim() - bool(pt.Format(name).block))):
                    for rule in scale_rules.ON_DEVICES:
                        found = scale_rules.choose_on_device(x, pt.Format(name), rule, axis).numpy()
                        expected = pt.choose_scales(x.numpy(), name, rule, axis)
                        np.testing.assert_array_equal(patterns(found), patterns(expected), f"{name} {rule} {axis}")
        for rule in ("mse", "mse_pow2"):
            with self.assertRaises(ValueError):
                scale_rules.choose_on_device(X, pt.Format("int8"), rule, None)

    def test_types(self):
        for kind in (torch.float16, torch.bfloat16):
            y = ptt.quantize(X.to(kind), "posit<8,1>")
            self.assertEqual(y.dtype, kind)
            torch.testing.assert_close(y.float(), ptt.quantize(X.to(kind).float(), "posit<8,1>"), rtol=0, atol=0)
        for wrong in (X.double(), X.int()):
            with self.assertRaises(TypeError):
                ptt.quantize(wrong, "int8")
        for empty in (torch.zeros(0), torch.zeros(3, 0)):
            for name in ("int8", "mxfp4"):
                self.assertEqual(ptt.quantize(empty, name).shape, empty.shape)
                self.assertEqual(ptt.encode(empty, name).decode().shape, empty.shape)
        self.assertEqual(ptt.quantize(torch.tensor(3.2), "int4").item(), 3)

    def test_refused(self):
        with self.assertRaises(pt.UsageError):
            ptt.quantize(X, "posit<8,9>")
        with self.assertRaises(pt.UsageError):
            ptt.quantize(X, "int8", torch.ones(5), 0)
        for scale in (0.0, -1.0, float("nan"), float("inf")):
            with self.assertRaises(pt.InputError):
                ptt.quantize(X, "int8", scale)
            with self.assertRaises(pt.InputError):
                ptt.quantize(X, "int8", torch.tensor([scale]))
            self.assertTrue(ptt.quantize_anywhere(X, "int8", torch.tensor([scale])).isnan().all())


class Operator(unittest.TestCase):
    def test_opcheck(self):
        x = X.clone().requires_grad_()
        torch.library.opcheck(torch.ops.posittune.quantize, (x, "posit<8,1>", torch.ones(3), 0, 0, False))

    def test_gradient(self):
        x = X.clone().requires_grad_()
        (ptt.quantize(x, "int4", 2.0) * X).sum().backward()
        torch.testing.assert_close(x.grad, X, rtol=0, atol=0)

    def test_compiled(self):
        def loss(x):
            return (ptt.quantize(x * 2, "posit<8,1>", 2.0) * 3).sum()

        x, y = (X.clone().requires_grad_() for _ in range(2))
        loss(x).backward()
        found = torch.compile(loss, fullgraph=True, backend="aot_eager")(y)  # no compiler of C++ is needed
        found.backward()
        torch.testing.assert_close(found, loss(x), rtol=0, atol=0)
        torch.testing.assert_close(y.grad, x.grad, rtol=0, atol=0)

    def test_speed(self):
        """At least 0.8 of the kernels' rate, in one run, the best of several; half as much is accepted on a busy machine."""
        x, threads = torch.randn(1 << 22), torch.get_num_threads()

        def best(run):
            times = []
            for _ in range(12):
                start = time.perf_counter()
                run()
                times.append(time.perf_counter() - start)
            return min(times[1:])

        ratio = best(lambda: pt.quantize(x.numpy(), "posit<8,1>", threads=threads)) / best(
            lambda: ptt.quantize(x, "posit<8,1>")
        )
        print(f"rate of the operator: {ratio:.2f} of posittune.quantize", file=sys.stderr)
        self.assertGreater(ratio, 0.4)


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(20, 64)
        self.first = torch.nn.Linear(64, 64)
        self.head = torch.nn.Linear(64, 20, bias=False)
        self.head.weight = self.table.weight
        with torch.no_grad():  # rows of heavy tails, which suit other formats than even ones
            self.first.weight[::2] *= torch.exp2(3 * torch.randn(32, 64))

    def forward(self, ids):
        return self.head(self.first(torch.relu(self.first(self.table(ids)))))


class Recipes(unittest.TestCase):
    def setUp(self):
        self.model, self.ids = Small().eval(), torch.arange(12).reshape(2, 6)

    def check(self, setting):
        """The module computes with what arrays make of the weight; then all is as before."""
        before, weight = self.model(self.ids), self.model.first.weight
        ptt.apply_recipe(self.model, pt.Recipe({"first.weight": setting}))
        found = self.model.first.weight.detach().numpy()
        ptt.remove_recipe(self.model)
        self.assertIs(self.model.first.weight, weight)
        torch.testing.assert_close(self.model(self.ids), before, rtol=0, atol=0)
        return weight.detach().numpy(), found

    def test_weights(self):
        base = {"format": "posit<6,1>", "scale": "mse", "granularity": "channel"}
        w, found = self.check(base)
        np.testing.assert_array_equal(found, pt.quantize(w, "posit<6,1>", "mse", 0))
        w, found = self.check({**base, "windows": [{"first": 3, "count": 9, "format": "int8", "scale": "absmax"}]})
        np.testing.assert_array_equal(found[3:12], pt.quantize(w[3:12], "int8", "absmax", 0))
        np.testing.assert_array_equal(found[12:], pt.quantize(w[12:], "posit<6,1>", "mse", 0))
        w, found = self.check({**base, "alternatives": ["posit<6,0>", "int6"]})
        all = np.stack([pt.quantize(w, name, "mse", 0) for name in ("posit<6,1>", "posit<6,0>", "int6")])
        best = ((all.astype(float) - w) ** 2).sum(2).argmin(0)
        self.assertGreater(len(set(best)), 1)
        np.testing.assert_array_equal(found, all[best, np.arange(len(w))])
        w, found = self.check({"format": "mxfp4", "scale": "none", "granularity": "tensor"})
        np.testing.assert_array_equal(found, pt.quantize(w, "mxfp4"))
        w, found = self.check({**base, "granularity": "group:32"})
        for half in (slice(0, 32), slice(32, 64)):
            expected = pt.quantize(np.ascontiguousarray(w[:, half]), "posit<6,1>", "mse", 0)
            np.testing.assert_array_equal(found[:, half], expected)

    def test_tied_weights_stay_tied(self):
        recipe = pt.Recipe({"head.weight": {"format": "int4", "scale": "mse", "granularity": "channel"}})
        ptt.apply_recipe(self.model, recipe)
        torch.testing.assert_close(self.model.table.weight, self.model.head.weight, rtol=0, atol=0)
        self.model(self.ids).square().sum().backward()
        ptt.remove_recipe(self.model)
        self.assertIs(self.model.table.weight, self.model.head.weight)
        self.assertGreater(self.model.head.weight.grad.abs().sum(), 0)

    def test_inputs_by_run(self):
        settings = {
            "first/MatMul": {"format": "int8", "scale": "absmax", "chosen": "token"},
            "first/MatMul_2": {"format": "int4", "scale": "absmax", "chosen": "static"},
        }
        ptt.apply_recipe(self.model, pt.Recipe({}, settings), scales={"first/MatMul_2": 3.0})
        for _ in range(2):
            found = self.model(self.ids)
        ptt.remove_recipe(self.model)
        x = self.model.table(self.ids).reshape(12, 64)
        x = torch.relu(self.model.first(ptt.quantize(x, "int8", "absmax", 0)))
        expected = self.model.head(self.model.first(ptt.quantize(x, "int4", 3.0))).reshape(2, 6, 20)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)  # sums in another order

    def given(self, weight, **others):
        setting = {"format": "int6", "scale": "mse", "granularity": "channel", "rounding": "compensated"}
        return pt.QuantizedModel(pt.Recipe({"first.weight": setting}), {"first.weight": weight}, **others)

    def test_given_codes(self):
        weight = self.model.first.weight
        nearest = pt.encode(weight.detach().numpy(), "int6", "mse", 0)
        odd = (np.arange(64 * 64).reshape(64, 64) % 3 == 0) & (nearest.codes < 30)
        codes = dataclasses.replace(nearest, codes=np.where(odd, nearest.codes ^ 1, nearest.codes))
        before, layers = weight.detach().clone(), {"a": "first.weight", "b": "first.weight", "c": "head.weight"}
        model = self.given(pt.QuantizedWeight([codes], True), corrections={"b": np.float32([2] * 64)}, layers=layers)
        ptt.apply_recipe(self.model, model)
        np.testing.assert_array_equal(self.model.first.weight.detach().numpy(), codes.decode())
        found = self.model(self.ids)
        first = torch.relu(self.model.first(self.model.table(self.ids)))
        torch.testing.assert_close(found, self.model.head(self.model.first(first) + 2), rtol=1e-5, atol=1e-5)
        found.square().sum().backward()
        self.assertGreater(weight.grad.abs().sum(), 0)
        with torch.no_grad():  # training starts from the codes
            weight[1] += 2 / codes.scales[1]
        steps = (self.model.first.weight.detach().numpy() - codes.decode()) * codes.scales[:, None]
        np.testing.assert_allclose(np.delete(steps, 1, 0), 0)
        self.assertGreater(np.median(steps[1]), 1.9)
        ptt.remove_recipe(self.model)
        self.assertIs(self.model.first.weight, weight)
        torch.testing.assert_close(weight[2:], before[2:], rtol=0, atol=0)
        with self.assertRaisesRegex(pt.InputError, "first.weight"):
            narrow = dataclasses.replace(codes, codes=codes.codes[:, :60])
            ptt.apply_recipe(self.model, self.given(pt.QuantizedWeight([narrow])))

    def test_names_of_layers(self):
        network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Sequential(torch.nn.Conv2d(4, 2, 3)))
        network = torch.nn.ModuleDict({"model": network})
        network.forward = lambda x: network["model"](x)
        setting = {"format": "mxint8", "scale": "none", "chosen": "static"}
        ptt.apply_recipe(
            network, pt.Recipe({}, {"/model/model.0/Conv": setting, "/model/model.1/model.1.0/Conv": setting})
        )
        x = torch.randn(2, 3, 7, 9)
        found = network(x)
        torch.testing.assert_close(network(x[1]), found[1])  # one image, without an axis of images
        ptt.remove_recipe(network)
        first, second = network["model"][0], network["model"][1][0]

        def rounded(x):  # blocks are of an image, not of a line of it
            return ptt.quantize(x.flatten(1), "mxint8").reshape(x.shape)

        torch.testing.assert_close(found, second(rounded(first(rounded(x)))))
        for name in ("logits", "/model/model.7/Conv", "Conv_3"):
            with self.assertRaisesRegex(pt.UsageError, "names"):
                ptt.apply_recipe(network, pt.Recipe({}, {name: setting}))

    def test_indices_are_not_rounded(self):
        before = self.model(self.ids)
        ptt.apply_recipe(
            self.model, pt.Recipe({}, {"table/Gather": {"format": "int4", "scale": "absmax", "chosen": "static"}})
        )
        torch.testing.assert_close(self.model(self.ids), before, rtol=0, atol=0)
        ptt.remove_recipe(self.model)

    def test_refused(self):
        good = {"format": "int4", "scale": "mse", "granularity": "channel"}
        for setting in ({"rounding": "compensated"}, {"bias_correction": True}, {"input_weighted": True}):
            with self.assertRaises(pt.UnsupportedError):
                ptt.apply_recipe(self.model, pt.Recipe({"first.weight": {**good, **setting}}))
        with self.assertRaisesRegex(pt.UsageError, "first.weight"):
            ptt.apply_recipe(self.model, pt.Recipe({"frist.weight": good}))
        static = {"format": "int8", "scale": "absmax", "chosen": "static"}
        with self.assertRaisesRegex(pt.UsageError, "scale"):
            ptt.apply_recipe(self.model, pt.Recipe({}, {"first/MatMul": static}))
        with self.assertRaises(pt.UsageError):
            ptt.remove_recipe(self.model)
        self.assertFalse(torch.nn.utils.parametrize.is_parametrized(self.model))


if __name__ == "__main__":
    sys.exit(not unittest.main(argv=[sys.argv[0], *sys.argv[4:]], exit=False, verbosity=1).result.wasSuccessful())
