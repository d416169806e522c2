"""posittune.torch against the kernels of the extension, bit by bit, and recipes on small modules.

FILE POSITTUNE ROOT PACKAGE [unittest arguments]
POSITTUNE_SWEEP=all in the environment: all 2^32 floats of six formats, which takes an hour; of a name: of one of them.
"""

import dataclasses
import doctest
import hashlib
import inspect
import math
import os
import pathlib
import sys
import tempfile
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
from posittune.torch import scale_rules, tensors  # noqa: E402

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

    def check_codes(self, found, expected, text):
        """Codes are those of posittune.encode(), and decode to the same in each way."""
        np.testing.assert_array_equal(found.codes.numpy(), expected.codes, text)
        self.assertTrue(found.codes.is_contiguous())
        if expected.exponents.size:
            np.testing.assert_array_equal(found.exponents.numpy(), expected.exponents, text)
        for values in (found.decode(), ptt.decode_anywhere(found)):
            np.testing.assert_array_equal(patterns(values), patterns(expected.decode()), text)

    def test_codes(self):
        special = X.clone()
        special[0, 0, :6] = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1e-45])
        for name in (*SWEPT, *OTHERS, *BLOCKS):
            scales = torch.from_numpy(pt.choose_scales(special.numpy(), name, "absmax"))
            expected = pt.encode(special.numpy(), name, "absmax")
            self.check_codes(ptt.encode(special, name, "absmax"), expected, name)
            self.check_codes(ptt.encode_anywhere(special, name, scales, None, 0, True), expected, name)

    def test_codes_of_views(self):
        """Any strides, types and axes, with codes by number too."""
        narrow = torch.randn(6, 5, 64).bfloat16()
        for x in (X.transpose(0, 2), X[:, ::2], X[0, 3].expand(4, 40), X.permute(1, 2, 0)[3:], narrow[1:, :, ::2]):
            plain = x.float().contiguous().numpy()
            for name, axes in (("posit<8,1>", (None, *range(x.dim()), -1)), ("fp12_e5m6", (0,)), ("mxfp4", (None, 0))):
                for axis in axes:
                    scales = torch.exp2(torch.randn(1 if axis is None else x.shape[axis]))
                    expected = pt.encode(plain, name, scales.numpy(), axis)
                    text = f"{name} {x.stride()} {axis}"
                    self.check_codes(ptt.encode(x, name, scales, axis), expected, text)
                    self.check_codes(ptt.encode_anywhere(x, name, scales, axis), expected, text)

    def test_codes_of_other_types(self):
        """Bits above those of the format are ignored, in any type of integers and any strides."""
        for name in ("posit<6,1>", "int4", "fp4_e2m1", "fp12_e5m6", "posit<32,2>"):
            wide = torch.arange(-300, 5000).reshape(2, -1)
            for codes in (wide, wide.T, wide.int(), wide[:, ::3].T):
                codes = ptt.Codes(pt.Format(name), codes, torch.tensor([0.7]))
                np.testing.assert_array_equal(patterns(ptt.decode(codes)), patterns(ptt.decode_anywhere(codes)), name)

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
            self.check_codes(ptt.encode(X, "int4", scales, axis, group=32), expected, axis)
            self.check_codes(ptt.encode_anywhere(X, "int4", scales, axis, 32), expected, axis)

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
            for refuse in (ptt.quantize, ptt.encode):
                with self.assertRaises(TypeError):
                    refuse(wrong, "int8")
        for empty in (torch.zeros(0), torch.zeros(3, 0)):
            for name in ("int8", "mxfp4"):
                self.assertEqual(ptt.quantize(empty, name).shape, empty.shape)
                for codes in (ptt.encode(empty, name), ptt.encode_anywhere(empty, name, torch.ones(1))):
                    self.assertEqual(codes.decode().shape, empty.shape)
                    self.assertEqual(ptt.decode_anywhere(codes).shape, empty.shape)
        self.assertEqual(ptt.quantize(torch.tensor(3.2), "int4").item(), 3)

    def test_refused(self):
        for refuse in (ptt.quantize, ptt.encode):
            with self.assertRaises(pt.UsageError):
                refuse(X, "posit<8,9>")
            with self.assertRaises(pt.UsageError):
                refuse(X, "int8", torch.ones(5), 0)
            with self.assertRaisesRegex(TypeError, "format"):
                refuse(X, 8)
        codes = ptt.encode(X, "int8")
        for scale in (0.0, -1.0, float("nan"), float("inf")):
            wrong = torch.tensor([scale])
            for refuse in (ptt.quantize, ptt.encode):
                for given in (scale, wrong):
                    with self.assertRaises(pt.InputError):
                        refuse(X, "int8", given)
            with self.assertRaises(pt.InputError):
                dataclasses.replace(codes, scales=wrong).decode()
            self.assertTrue(ptt.quantize_anywhere(X, "int8", wrong).isnan().all())
            self.assertTrue(ptt.decode_anywhere(dataclasses.replace(codes, scales=wrong)).isnan().all())


class Operator(unittest.TestCase):
    def test_opcheck(self):
        x = X.clone().requires_grad_()
        torch.library.opcheck(torch.ops.posittune.quantize, (x, "posit<8,1>", torch.ones(3), 0, 0, False))

    def test_other_types_are_refused(self):
        """By the operator itself, as by its shapes for compilers: what it gives is float32."""
        for kind in (torch.float16, torch.bfloat16, torch.float64, torch.int32):
            for where in ("cpu", "meta"):
                with self.assertRaisesRegex(TypeError, "float32"):
                    torch.ops.posittune.quantize(X.to(kind).to(where), "int8", torch.ones(1, device=where))
        self.assertEqual(ptt.quantize_anywhere(X.half(), "int8", torch.ones(1)).dtype, torch.float32)
        with self.assertRaises(TypeError):
            ptt.quantize_anywhere(X.double(), "int8", torch.ones(1))

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

    def test_compiled_with_breaks(self):
        """What a graph cannot hold works beside it."""
        format = pt.Format("posit<8,1>")
        for call in (
            lambda x: ptt.quantize(x * 2, "posit<8,1>", "absmax") + 1,
            lambda x: ptt.quantize(x * 2, format) + 1,
            lambda x: ptt.encode(x * 2, "posit<8,1>").decode() + 1,
        ):
            torch._dynamo.reset()
            found = torch.compile(call, backend="aot_eager")(X)
            torch.testing.assert_close(found, call(X), rtol=0, atol=0)
            torch._dynamo.reset()
            with self.assertRaises(torch._dynamo.exc.Unsupported):  # else the docstring of quantize() says too much
                torch.compile(call, backend="aot_eager", fullgraph=True)(X)


def best(run):
    """The shortest time of some runs, in seconds."""
    times = []
    for _ in range(12):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times[1:])


class Speed(unittest.TestCase):
    """At least 0.8 of the kernels' rate, in one run, the best of several; half as much will do where others run."""

    def check(self, name, size, kernels, ours):
        theirs, ours = best(kernels), best(ours)
        rates = f"{size / ours / 1e6:.0f} of {size / theirs / 1e6:.0f} million floats/s"
        print(f"rate of {name}: {theirs / ours:.2f} of posittune's ({rates})", file=sys.stderr)
        self.assertGreater(theirs / ours, 0.4)

    def test_quantize(self):
        x, threads = torch.randn(1 << 22), torch.get_num_threads()
        self.check(
            "quantize()",
            x.numel(),
            lambda: pt.quantize(x.numpy(), "posit<8,1>", threads=threads),
            lambda: ptt.quantize(x, "posit<8,1>"),
        )

    def test_codes(self):
        x, threads = torch.randn(1 << 20), torch.get_num_threads()
        array, ours = pt.encode(x.numpy(), "posit<8,1>"), ptt.encode(x, "posit<8,1>")
        self.check(
            "encode()",
            x.numel(),
            lambda: pt.encode(x.numpy(), "posit<8,1>", threads=threads),
            lambda: ptt.encode(x, "posit<8,1>"),
        )
        self.check("decode()", x.numel(), lambda: pt.decode(array, threads=threads), lambda: ptt.decode(ours))


class Documented(unittest.TestCase):
    def test_annotations(self):
        """Every parameter and result of what is public has a type."""
        public = [getattr(ptt, name) for name in ptt.__all__]
        methods = [method for _, method in inspect.getmembers(ptt.Codes, inspect.isfunction) if method.__doc__]
        for call in [*filter(inspect.isfunction, public), *(m for m in methods if not m.__name__.startswith("_"))]:
            signature = inspect.signature(call)
            lacking = [
                name for name, of in signature.parameters.items() if name != "self" and of.annotation is of.empty
            ]
            self.assertFalse(lacking, call.__name__)
            self.assertIsNot(signature.return_annotation, signature.empty, call.__name__)
            self.assertTrue(call.__doc__, call.__name__)

    def test_examples(self):
        for module in (ptt, tensors):
            result = doctest.testmod(module)
            self.assertGreater(result.attempted, 0, module.__name__)
            self.assertEqual(result.failed, 0, module.__name__)


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

    def test_other_types(self):
        """Rounded as float32, whatever type the module has or gets."""
        setting = {"format": "int6", "scale": "absmax", "granularity": "channel", "alternatives": ["posit<6,1>"]}
        layer_input = {"format": "int8", "scale": "absmax", "chosen": "token"}
        recipe = pt.Recipe({"first.weight": setting}, {"first/MatMul": layer_input})
        for kind in (torch.bfloat16, torch.float16, torch.float64):
            model = Small().eval().to(kind)
            weight, expected = model.first.weight, Small().eval()
            expected.load_state_dict(model.state_dict())
            for each in (model, expected):
                ptt.apply_recipe(each, recipe)
            rounded = expected.first.weight
            self.assertEqual((model.first.weight.dtype, model(self.ids).dtype), (kind, kind))
            torch.testing.assert_close(model.first.weight, rounded.to(kind), rtol=0, atol=0)
            model(self.ids).float().square().mean().backward()
            self.assertGreater(weight.grad.abs().sum(), 0)
            torch.testing.assert_close(expected.to(kind).first.weight, rounded.to(kind), rtol=0, atol=0)
            ptt.remove_recipe(model, keep_rounded=True)
            torch.testing.assert_close(model.first.weight, rounded.to(kind), rtol=0, atol=0)

    def test_scales_keep_their_type(self):
        """A module that changes its type later rounds by the same scales."""
        ptt.apply_recipe(self.model, pt.Recipe({"first.weight": {"format": "int6", "scale": "absmax"}}))
        fake = self.model.first.parametrizations.weight[0]
        scales = fake.scales0.clone()
        self.model.to(torch.bfloat16)
        self.assertEqual(fake.scales0.dtype, torch.float32)
        torch.testing.assert_close(fake.scales0, scales, rtol=0, atol=0)

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

    def test_of_a_file(self):
        recipe = pt.Recipe({"first.weight": {"format": "int4", "scale": "absmax", "granularity": "channel"}})
        expected = pt.quantize(self.model.first.weight.detach().numpy(), "int4", "absmax", 0)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "recipe.yaml"
            recipe.write(path)
            for each in (path, str(path)):
                ptt.apply_recipe(self.model, each)
                np.testing.assert_array_equal(self.model.first.weight.detach().numpy(), expected)
                ptt.remove_recipe(self.model)

    def test_what_is_left_out(self):
        """As in a recipe's file."""
        w, found = self.check({"format": "int4"})
        np.testing.assert_array_equal(found, pt.quantize(w, "int4", "rms_pow2"))
        np.testing.assert_array_equal(found, self.check({"format": pt.Format("int4")})[1])

    def refuse(self, recipe, kind, text):
        with self.assertRaisesRegex(kind, text):
            ptt.apply_recipe(self.model, recipe)
        self.assertFalse(torch.nn.utils.parametrize.is_parametrized(self.model))

    def test_wrong_recipes(self):
        good = {"format": "int4", "scale": "mse", "granularity": "channel"}
        wide = [{"first": first, "count": 9, "format": "int8", "scale": "mse"} for first in (3, 5, 60)]
        both = (pt.InputError, pt.UsageError)
        for setting, text in (
            ({"granularity": "chanel"}, "chanel"),
            ({"granularity": "group:0"}, "group:0"),
            ({"roundng": "nearest"}, "roundng"),
            ({"scale": "absmx"}, "absmx"),
            ({"format": "int99"}, "int99"),
            ({"windows": wide[:2]}, "first.weight.*\n.*12 to 64"),
            ({"windows": wide[2:]}, "first.weight.*\n.*0 to 64"),
            ({"format": "mxfp4", "granularity": "group:48"}, "first.weight.*\n.*multiple of 32"),
        ):
            recipe = pt.Recipe({"first.weight": {**good, **setting}})
            for each in (recipe, pt.QuantizedModel(recipe, {})):
                with self.subTest(text):
                    self.refuse(each, both, text)
        layer_input = {"format": "int8", "scale": "absmax", "chosen": "tokn"}
        self.refuse(pt.Recipe({}, {"first/MatMul": layer_input}), both, "tokn")
        self.refuse(pt.Recipe({}, {}, "fp16"), both, "fp16")
        self.refuse("no such file.yaml", pt.InputError, "no such file.yaml")
        self.refuse(pt.Recipe({"first.weight": {**good, "scale": object()}}), TypeError, "recipe")
        for other in ({"first.weight": good}, None, 4):
            self.refuse(other, TypeError, "posittune.Recipe")

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
