"""posittune quantize: what it computes, writes and reports."""

from support import CliTest, main, np


def nearest(values, x):
    """Nearest of the sorted values; the test data has no ties."""
    index = np.clip(np.searchsorted(values, x), 1, len(values) - 1)
    below, above = values[index - 1], values[index]
    return np.where(x - below < above - x, below, above)


class QuantizeTest(CliTest):
    def test_types_and_orders_of_the_input(self):
        x = np.random.default_rng(3).normal(size=(5, 7, 3)).astype(np.float32)
        self.save(x)
        self.quantize("in.npy", "-f", "posit<8,1>", "--rule", "mse", "--axis", "1", "-o", "right.npy")
        for other in (np.asfortranarray(x), x.astype(">f4"), x.astype(np.float64), np.asfortranarray(x.astype(">f8"))):
            self.save(other, "other.npy")
            self.quantize("other.npy", "-f", "posit<8,1>", "--rule", "mse", "--axis", "1", "-o", "got.npy")
            np.testing.assert_array_equal(np.load(self.path / "got.npy"), np.load(self.path / "right.npy"))
        half = x.astype(np.float16)
        self.save(half.astype(np.float32))
        self.save(half, "half.npy")
        self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "-o", "right.npy")
        self.quantize("half.npy", "-f", "int8", "--rule", "absmax", "-o", "got.npy")
        np.testing.assert_array_equal(np.load(self.path / "got.npy"), np.load(self.path / "right.npy"))

    def test_companions_of_earlier_codes_go(self):
        self.save(np.arange(64, dtype=np.float32))
        self.quantize("in.npy", "-f", "mxfp8", "-o", "c.npy", "--codes")
        self.assertIn("c.exponents.npy", self.files())
        self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "-o", "c.npy", "--codes")
        self.assertEqual(self.files(), ["c.npy", "c.scales.npy", "in.npy"])
        self.quantize("in.npy", "-f", "posit<8,1>", "-o", "c.npy", "--codes")
        self.assertEqual(self.files(), ["c.npy", "in.npy"])

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
        sqnr = {
            rule: self.quantize("in.npy", "-f", "int4", "--rule", rule, "-o", "o.npy")["sqnr_db"]
            for rule in ("absmax", "mse_pow2", "mse")
        }
        self.assertGreater(sqnr["mse"], sqnr["mse_pow2"])
        self.assertGreater(sqnr["mse"], sqnr["absmax"])
        per_column = self.quantize("in.npy", "-f", "int8", "--rule", "mse", "--axis", "1", "-o", "o.npy")
        self.assertEqual(len(per_column["scales"]), 500)

    def test_given_scale(self):
        x = np.array([0.3, -0.7, 5.0], np.float32)
        self.save(x)
        row = self.quantize("in.npy", "-f", "int8", "--scale", "10", "-o", "o.npy")
        np.testing.assert_array_equal(
            np.load(self.path / "o.npy"), (np.round(x * 10) * np.float32(0.1)).astype(np.float32)
        )
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
                row = self.quantize(
                    "in.npy",
                    "-f",
                    "p8e1",
                    "--rule",
                    "mse",
                    "--axis",
                    "0",
                    "-o",
                    "o.npy",
                    "--threads",
                    threads,
                    env={"POSITTUNE_SIMD": target},
                )
                result = (row["scales"], row["sqnr_db"], (self.path / "o.npy").read_bytes())
                reference = reference or result
                self.assertEqual(result, reference, (target, threads))

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
        self.save(np.ascontiguousarray(x[:, x.shape[1] - 129 + skip :]), "aligned.npy")
        self.quantize("aligned.npy", "-f", "mxfp8", "-o", "o.npy")
        np.testing.assert_array_equal(np.load(self.path / "o.npy"), whole[:, x.shape[1] - 129 + skip :])

    def test_overflow_is_not_exact(self):
        self.save(np.array([1e6, 1, 2, 3], np.float32))
        row = self.quantize("in.npy", "-f", "fp16", "-o", "o.npy")
        self.assertEqual((row["overflowed"], row["exact"], row["sqnr_db"]), (1, False, None))
        self.assertIn("-inf dB", self.ok("quantize", "in.npy", "-f", "fp16", "-o", "o.npy"))
        self.save(np.array([np.finfo(np.float32).max, 1, 2], np.float32))
        row = self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "-o", "o.npy")
        self.assertEqual(row["overflowed"], 0)
        self.save(np.array([1, 2, 3], np.float32))
        self.assertTrue(self.quantize("in.npy", "-f", "int8", "-o", "o.npy")["exact"])

    def test_codes_come_with_their_scales(self):
        x = (np.random.default_rng(13).standard_normal((5, 300)) * np.arange(1, 6)[:, None]).astype(np.float32)
        self.save(x)
        self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "--axis", "0", "--codes", "-o", "c.npy")
        self.quantize("in.npy", "-f", "int8", "--rule", "absmax", "--axis", "0", "-o", "q.npy")
        scales = np.load(self.path / "c.scales.npy")
        self.assertEqual(scales.shape, (5,))
        codes = np.load(self.path / "c.npy").view(np.int8).astype(np.float32)
        np.testing.assert_array_equal(codes * (np.float32(1) / scales)[:, None], np.load(self.path / "q.npy"))

    def test_scales_of_an_inner_axis(self):
        # Channels of single elements are gathered before they are measured: the same scales as row by row.
        x = (np.random.default_rng(14).standard_normal((1000, 6)) * np.exp2(np.arange(6))).astype(np.float32)
        self.save(x)
        self.save(np.ascontiguousarray(x.T), "t.npy")
        for rule in ("absmax", "rms_pow2", "mse_pow2", "mse"):
            inner = self.quantize("in.npy", "-f", "posit<6,1>", "--rule", rule, "--axis", "1", "-o", "a.npy")
            outer = self.quantize("t.npy", "-f", "posit<6,1>", "--rule", rule, "--axis", "0", "-o", "b.npy")
            self.assertEqual(inner["scales"], outer["scales"])
            np.testing.assert_array_equal(np.load(self.path / "a.npy"), np.load(self.path / "b.npy").T)


if __name__ == "__main__":
    main()
