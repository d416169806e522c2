import numpy as np
from support import ROOT, CliTest

HERE = ROOT / "tests/cases/index_outside_a_table"
RNG = np.random.default_rng(5)
X = RNG.standard_normal((12, 6, 8)).astype(np.float32)
MODELS = {
    "gather_nd": ("last", RNG.integers(-6, 6, (12, 1)), 6),
    "gather_1d": ("kind", RNG.integers(0, 5, (12, 1)), 5),
    "gather_elements": ("pick", RNG.integers(-6, 6, (12, 1, 8)), 6),
}


class IndexOutsideATable(CliTest):
    def test_refused(self):
        for model, (name, ids, length) in MODELS.items():
            for bad in (length, 100_000_000, -length - 1):
                if model == "gather_1d" and bad < 0:
                    continue  # an id that is fed is never negative
                wrong = ids.copy()
                wrong[9].flat[0] = bad
                np.savez(self.path / "r.npz", x=X, **{name: wrong})
                for batch in ("1", "4", "12"):
                    message = self.fails(
                        3,
                        "compare",
                        HERE / f"{model}.onnx",
                        "--report",
                        "r.npz",
                        "--formats",
                        "int8",
                        "--what",
                        "w",
                        "--batch",
                        batch,
                        "-o",
                        "run",
                    )
                    for part in ("r.npz, item 9,", f"0 to {length - 1}", f"{bad} at position 0"):
                        self.assertIn(part, message)
                self.assertEqual(list(self.path.glob("run/results*")), [])

    def test_values(self):
        rows = np.arange(12)
        for model, (name, ids, _) in MODELS.items():
            np.savez(self.path / "r.npz", x=X, **{name: ids})
            self.ok(
                "compare", HERE / f"{model}.onnx", "--report", "r.npz", "--formats", "fp32", "--what", "w",
                "--save-outputs", model, "-o", f"run_{model}",
            )  # fmt: skip
            with np.load(HERE / f"{model}.npz") as constants:
                if model == "gather_nd":
                    h = X[rows, ids[:, 0]]
                elif model == "gather_1d":
                    h = X.mean(axis=1) * constants["scales"][ids]
                else:
                    h = np.take_along_axis(X, ids, axis=1)[:, 0]
                expected = h @ constants["w"]
            got = np.load(next((self.path / model).glob("fp32*.y.npy")))
            self.assertLess(np.abs(got - expected).max(), 1e-5)

    def test_layers_that_are_left_out(self):
        env = {"POSITTUNE_ZOO": str(ROOT / "zoo")}
        rows = ROOT / "tests/cases/rows_longer_than_context/s.npz"
        for choice in (("--include", "mlp"), ("--exclude", "wpe")):
            message = self.fails(
                3,
                "compare",
                "zoo:gpt2",
                "--report",
                rows,
                "--formats",
                "int8",
                "--what",
                "w",
                *choice,
                "-o",
                "run",
                env=env,
            )
            for part in ("s.npz, item 0,", "0 to 255", "256 at position 256"):
                self.assertIn(part, message)
