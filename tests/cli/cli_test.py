"""The executable as a user meets it: output, files, messages, exit codes.

usage: cli_test.py POSITTUNE ROOT [unittest arguments]
"""
import json
import os
import pathlib
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

try:
    import numpy as np
except ImportError:
    print("skipped: numpy is not installed (scripts/test makes an environment that has it)")
    sys.exit(77)

POSITTUNE = ""
ROOT = pathlib.Path()


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def run_cli(self, *arguments, env=None, **options):
        return subprocess.run([POSITTUNE, *map(str, arguments)], capture_output=True, text=True, cwd=self.path,
                              env={**os.environ, **(env or {})}, timeout=300, **options)

    def ok(self, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fails(self, code, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def save(self, array, name="in.npy"):
        np.save(self.path / name, array)
        return name

    def files(self):
        return sorted(p.name for p in self.path.iterdir())


class FormatsTest(CliTest):
    def test_list_names_every_family(self):
        text = self.ok("formats")
        for name in ("fp32", "bf16", "fp8_e4m3", "int8", "posit<8,1>", "mxfp4"):
            self.assertRegex(text, rf"(?m)^{re.escape(name)} ")

    def test_card(self):
        text = self.ok("formats", "P8E1")
        self.assertTrue(text.startswith("posit<8,1>\n"))
        for fact in ("largest            2^12", "epsilon at 1       0.0625", "NaR = 10000000"):
            self.assertIn(fact, text)

    def test_non_standard_is_named(self):
        self.assertIn("NON-STANDARD", self.ok("formats", "posit<8,1>ftz"))

    def test_json(self):
        rows = json.loads(self.ok("formats", "posit<8,1>", "fp8_e4m3", "--json"))["rows"]
        self.assertEqual([r["name"] for r in rows], ["posit<8,1>", "fp8_e4m3"])
        self.assertEqual(rows[1]["max"], 448)

    def test_code_table(self):
        lines = self.ok("formats", "posit<8,1>", "--codes", "csv").splitlines()
        self.assertEqual(len(lines), 257)
        self.assertEqual(lines[1 + 64], "64,01000000,1")
        self.assertEqual(lines[1 + 128], "128,10000000,nan")
        self.ok("formats", "int4", "--codes", "json", "-o", "codes.json")
        rows = json.loads((self.path / "codes.json").read_text())["rows"]
        self.assertEqual([r["value"] for r in rows[:8]], list(range(8)))
        self.assertEqual(rows[8]["value"], "nan")

    def test_plot_is_svg(self):
        self.ok("formats", "posit<8,1>", "fp8_e4m3", "--plot", "a.svg")
        svg = xml.dom.minidom.parse(str(self.path / "a.svg"))
        self.assertEqual(len(svg.getElementsByTagName("polyline")), 2)

    def test_unknown_name(self):
        message = self.fails(2, "formats", "posit<8,9>")
        self.assertIn("unknown format 'posit<8,9>'", message)
        self.assertIn("did you mean posit<8,0>, posit<8,1>", message)

    def test_usage_errors(self):
        self.fails(2, "formats", "--codes", "csv")
        self.fails(2, "formats", "--codes", "xml", "int8")
        self.fails(2, "formats", "--plot", "a.svg")
        self.fails(2, "formats", "int8", "-o", "x")
        self.fails(4, "formats", "posit<32,2>", "--codes", "csv")
        self.fails(2)
        self.fails(2, "no-such-command")
        self.fails(3, "formats", "int8", "--plot", "no/such/folder/a.svg")


class DoctorTest(CliTest):
    def test_reports_and_forces_kernels(self):
        document = json.loads(self.ok("doctor", "--json"))
        names = [t["name"] for t in document["targets"]]
        self.assertIn("scalar", names)
        for target in document["targets"]:
            env = {"POSITTUNE_SIMD": target["name"]}
            if target["supported"]:
                self.assertEqual(json.loads(self.ok("doctor", "--json", env=env))["kernels"], target["name"])
            else:
                self.fails(4, "doctor", env=env)
        message = self.fails(2, "doctor", env={"POSITTUNE_SIMD": "mmx"})
        self.assertIn("POSITTUNE_SIMD", message)


def nearest(values, x):
    """Nearest of the sorted values; the test data has no ties."""
    index = np.clip(np.searchsorted(values, x), 1, len(values) - 1)
    below, above = values[index - 1], values[index]
    return np.where(x - below < above - x, below, above)


class QuantizeTest(CliTest):
    def quantize(self, *arguments, **options):
        return json.loads(self.ok("quantize", *arguments, "--json", **options))["rows"][0]

    def test_against_the_code_table(self):
        rows = self.ok("formats", "posit<8,0>", "--codes", "csv").splitlines()[1:]
        values = np.array([float(r.split(",")[2]) for r in rows])
        x = np.random.default_rng(1).uniform(-60, 60, (3, 5, 7)).astype(np.float32)
        row = self.quantize(self.save(x), "-f", "posit<8,0>", "-o", "out.npy")
        y = np.load(self.path / "out.npy")
        self.assertEqual(y.shape, x.shape)
        self.assertEqual(y.dtype, np.float32)
        # Away from the regime's end, where rounding is arithmetic: |x| in [1/8, 8].
        inside = (np.abs(x) < 8) & (np.abs(x) > 0.125)
        expected = nearest(np.sort(values[~np.isnan(values)]), x)
        np.testing.assert_array_equal(y[inside], expected[inside].astype(np.float32))
        noise = np.sum((y.astype(np.float64) - x) ** 2)
        self.assertAlmostEqual(row["sqnr_db"], 10 * np.log10(np.sum(x.astype(np.float64) ** 2) / noise), places=6)
        self.assertAlmostEqual(row["max_error"], float(np.max(np.abs(y - x))), places=6)

    def test_codes_decode_to_the_same_values(self):
        x = np.random.default_rng(2).standard_normal((40, 33)).astype(np.float32)
        self.save(x)
        for name, dtype in (("posit<8,1>", np.uint8), ("posit<12,1>", np.uint16), ("posit<20,2>", np.uint32)):
            self.ok("quantize", "in.npy", "-f", name, "-o", "q.npy")
            self.ok("quantize", "in.npy", "-f", name, "-o", "c.npy", "--codes")
            codes = np.load(self.path / "c.npy")
            self.assertEqual(codes.dtype, dtype)
            if dtype == np.uint32:
                continue
            rows = self.ok("formats", name, "--codes", "csv").splitlines()[1:]
            table = np.array([float(r.split(",")[2]) for r in rows], np.float32)
            np.testing.assert_array_equal(table[codes], np.load(self.path / "q.npy"))

    def test_block_codes_and_exponents(self):
        x = np.random.default_rng(3).standard_normal((4, 70)).astype(np.float32)
        self.save(x)
        self.ok("quantize", "in.npy", "-f", "mxint8", "-o", "c.npy", "--codes")
        self.ok("quantize", "in.npy", "-f", "mxint8", "-o", "q.npy")
        codes = np.load(self.path / "c.npy").view(np.int8).astype(np.float64) / 64
        exponents = np.load(self.path / "c.exponents.npy")
        self.assertEqual(exponents.shape, (4, 3))
        shared = np.repeat(np.exp2(exponents.astype(np.float64) - 127), 32, axis=1)[:, :70]
        np.testing.assert_array_equal(codes * shared, np.load(self.path / "q.npy"))
        absmax = np.max(np.abs(x[:, :32]), axis=1)
        np.testing.assert_array_equal(exponents[:, 0], np.floor(np.log2(absmax)) + 127)

    def test_scale_rules(self):
        x = (np.random.default_rng(4).standard_normal((6, 500)) * np.exp2(np.arange(-3, 3))[:, None]).astype(np.float32)
        self.save(x)
        row = self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "--axis", "0", "-o", "o.npy")
        np.testing.assert_allclose(row["scales"], 127 / np.abs(x).max(axis=1), rtol=1e-6)
        self.assertEqual(row["saturated"], 0)
        row = self.quantize("in.npy", "-f", "p8e1", "--rule", "rms_pow2", "--axis", "-2", "-o", "o.npy")
        rms = np.sqrt(np.mean(x.astype(np.float64) ** 2, axis=1))
        np.testing.assert_array_equal(row["scales"], np.exp2(np.round(-np.log2(rms))))
        sqnr = {rule: self.quantize("in.npy", "-f", "int4", "--rule", rule, "-o", "o.npy")["sqnr_db"]
                for rule in ("absmax", "mse_pow2", "mse")}
        self.assertGreater(sqnr["mse"], sqnr["mse_pow2"])
        self.assertGreater(sqnr["mse"], sqnr["absmax"])
        per_column = self.quantize("in.npy", "-f", "int8", "--rule", "mse", "--axis", "1", "-o", "o.npy")
        self.assertEqual(len(per_column["scales"]), 500)

    def test_given_scale(self):
        x = np.array([0.3, -0.7, 5.0], np.float32)
        self.save(x)
        row = self.quantize("in.npy", "-f", "int8", "--scale", "10", "-o", "o.npy")
        np.testing.assert_array_equal(np.load(self.path / "o.npy"), (np.round(x * 10) * np.float32(0.1)).astype(np.float32))
        self.assertEqual(row["rule"], "given")

    def test_counts(self):
        x = np.array([np.nan, np.inf, -np.inf, 0, 1e30, -1e30, 1e-30, 1], np.float32)
        self.save(x)
        row = self.quantize("in.npy", "-f", "posit<8,1>", "-o", "o.npy")
        self.assertEqual((row["nonfinite"], row["saturated"], row["to_zero"]), (3, 2, 0))
        y = np.load(self.path / "o.npy")
        self.assertTrue(np.isnan(y[:3]).all())
        np.testing.assert_array_equal(y[3:], np.float32([0, 4096, -4096, 2.0**-12, 1]))
        row = self.quantize("in.npy", "-f", "fp8_e4m3", "-o", "o.npy")
        self.assertEqual((row["nonfinite"], row["saturated"], row["to_zero"]), (3, 2, 1))
        np.testing.assert_array_equal(np.load(self.path / "o.npy"), np.float32([np.nan, 448, -448, 0, 448, -448, 0, 1]))
        self.assertIn("NaN or infinities", self.ok("quantize", "in.npy", "-f", "int8", "-o", "o.npy"))

    def test_any_shape(self):
        for shape in ((), (0,), (3, 0, 2), (1,), (2, 3, 4, 5)):
            x = np.full(shape, 0.3, np.float32)
            self.save(x)
            self.quantize("in.npy", "-f", "mxfp4", "-o", "o.npy")
            row = self.quantize("in.npy", "-f", "posit<6,1>", "--rule", "mse", "-o", "o.npy")
            y = np.load(self.path / "o.npy")
            self.assertEqual(y.shape, shape)
            self.assertEqual(row["elements"], x.size)

    def test_result_does_not_depend_on_threads_or_kernels(self):
        x = np.random.default_rng(5).standard_normal((70, 12345)).astype(np.float32)
        self.save(x)
        reference = None
        for target in ("scalar", "avx2", "avx512"):
            if self.run_cli("doctor", env={"POSITTUNE_SIMD": target}).returncode != 0:
                continue
            for threads in (1, 2, 5):
                row = self.quantize("in.npy", "-f", "p8e1", "--rule", "mse", "--axis", "0", "-o", "o.npy", "--threads",
                                    threads, env={"POSITTUNE_SIMD": target})
                result = (row["scales"], row["sqnr_db"], (self.path / "o.npy").read_bytes())
                reference = reference or result
                self.assertEqual(result, reference, (target, threads))

    def test_streams_arrays_larger_than_memory(self):
        # 512 MB of array under a 400 MB limit of address space for data.
        shape = (32, 1 << 22)
        with open(self.path / "big.npy", "wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
            rng = np.random.default_rng(6)
            block = rng.standard_normal(1 << 22).astype(np.float32)
            for _ in range(32):
                file.write(block.tobytes())

        def limit():
            resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))

        sanitized = os.environ.get("POSITTUNE_BUILD") == "sanitized"
        row = self.quantize("big.npy", "-f", "p8e1", "--rule", "rms_pow2", "-o", "o.npy",
                            preexec_fn=None if sanitized else limit)
        self.assertEqual(row["elements"], 32 << 22)
        y = np.load(self.path / "o.npy", mmap_mode="r")
        np.testing.assert_array_equal(y[0], y[31])

    def test_long_rows_and_channels_in_pieces(self):
        # Rows longer than a chunk (4 M elements), one scale each.
        x = np.random.default_rng(7).standard_normal((2, (4 << 20) + 4097)).astype(np.float32)
        x[1] *= 100
        self.save(x)
        row = self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "--axis", "0", "-o", "o.npy")
        np.testing.assert_allclose(row["scales"], 127 / np.abs(x).max(axis=1), rtol=1e-6)
        scales = np.float32(row["scales"])[:, None]
        y = np.load(self.path / "o.npy")
        np.testing.assert_array_equal(y, (np.round(x * scales) * (np.float32(1) / scales)).astype(np.float32))
        self.quantize("in.npy", "-f", "mxfp8", "-o", "o.npy")
        whole = np.load(self.path / "o.npy")
        self.save(x[:, -129:], "end.npy")
        self.quantize("end.npy", "-f", "mxfp8", "-o", "o.npy")
        start = (x.shape[1] - 129) % 32
        skip = (32 - start) % 32
        self.save(np.ascontiguousarray(x[:, x.shape[1] - 129 + skip:]), "aligned.npy")
        self.quantize("aligned.npy", "-f", "mxfp8", "-o", "o.npy")
        np.testing.assert_array_equal(np.load(self.path / "o.npy"), whole[:, x.shape[1] - 129 + skip:])

    def test_bad_input(self):
        self.save(np.zeros(3, np.float64), "f8.npy")
        self.save(np.asfortranarray(np.zeros((3, 2), np.float32)), "fortran.npy")
        (self.path / "text.npy").write_text("hello")
        self.save(np.zeros(300, np.float32))
        whole = (self.path / "in.npy").read_bytes()
        (self.path / "cut.npy").write_bytes(whole[:-4])
        (self.path / "long.npy").write_bytes(whole + b"1234")
        before = self.files()
        for name, part in (("missing.npy", "cannot open"), ("f8.npy", "'<f8'"), ("fortran.npy", "Fortran"),
                           ("text.npy", "not an npy file"), ("cut.npy", "file size does not match"),
                           ("long.npy", "file size does not match"), (".", "not a regular file")):
            message = self.fails(3, "quantize", name, "-f", "int8", "-o", "o.npy")
            self.assertIn(part, message)
            self.assertIn(name, message)
        self.fails(3, "quantize", "in.npy", "-f", "int8", "-o", "no/folder/o.npy")
        for bad in ("0", "-1", "nan", "inf", "1e-45", "1e60", "x"):
            self.fails(2, "quantize", "in.npy", "-f", "int8", "--scale", bad, "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "int8", "--rule", "best", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "int8", "--rule", "mse", "--scale", "1", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "int8", "--axis", "1", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "mxfp8", "--axis", "0", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-o", "o.npy")
        self.assertIn("did you mean", self.fails(2, "quantize", "in.npy", "-f", "posit8", "-o", "o.npy"))
        self.assertEqual(self.files(), before)

    def test_output_over_input(self):
        x = np.random.default_rng(8).standard_normal(1000).astype(np.float32)
        self.save(x)
        self.quantize("in.npy", "-f", "p8e1", "-o", "other.npy")
        self.quantize("in.npy", "-f", "p8e1", "-o", "in.npy")
        self.assertEqual((self.path / "in.npy").read_bytes(), (self.path / "other.npy").read_bytes())

    def test_full_disk_is_a_clear_error(self):
        x = np.zeros(1 << 20, np.float32)
        self.save(x)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        message = self.fails(5, "quantize", "in.npy", "-f", "int8", "-o", "o.npy", preexec_fn=limit)
        self.assertIn("o.npy", message)
        self.assertEqual(self.files(), ["in.npy"])

    def test_interrupt_leaves_nothing(self):
        x = np.zeros((1 << 26,), np.float32)
        self.save(x)
        running = subprocess.Popen([POSITTUNE, "quantize", "in.npy", "-f", "posit<8,1>", "--rule", "mse", "-o", "o.npy"],
                                   cwd=self.path, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "POSITTUNE_SIMD": "scalar"})
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        message = running.communicate(timeout=120)[1]
        self.assertEqual(running.returncode, 130, message)
        self.assertEqual(self.files(), ["in.npy"])


class ReadmeTest(CliTest):
    def test_examples_run(self):
        blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines() if line.startswith("posittune ")]
        self.assertGreater(len(lines), 3)
        self.save(np.random.default_rng(9).standard_normal((64, 256)).astype(np.float32), "weights.npy")
        for line in lines:
            self.ok(*shlex.split(line.split(" #")[0])[1:])


if __name__ == "__main__":
    POSITTUNE, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=1)
