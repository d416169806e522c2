"""What the numbers of an output are taken for, in compare, sensitivity and search: values against numpy, on small models
that openvino's own API makes.

    FILE POSITTUNE ROOT [unittest arguments]
"""

import json

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from support import CliTest, main

ITEMS = 48
generator = np.random.default_rng(5)


def draw(*shape, scale=1.0):
    return (generator.standard_normal(shape) * scale).astype(np.float32)


VECTORS, WEIGHT = draw(ITEMS, 16), draw(16, 10, scale=0.5)
STEPS, SPEECH = draw(ITEMS, 12, 16), draw(16, 5, scale=0.9)
PIXELS, KERNEL = draw(8, 3, 6, 5), draw(4, 3, 1, 1)


def softmax(x, axis=-1):
    e = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def kl(p, q, axis=-1):
    """Mean over rows; p = 0 gives 0."""
    p, q = (np.moveaxis(x.astype(np.float64), axis, -1) for x in (p, q))
    p, q = (x / x.sum(-1, keepdims=True) for x in (p, q))
    return np.mean(
        np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / np.maximum(q, np.finfo(np.float32).tiny)), 0), -1)
    )


def binary_kl(p, q):
    p, q = (np.clip(x.astype(np.float64), 1e-7, 1 - 1e-7) for x in (p, q))
    return np.mean(np.sum(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)), -1))


def by_hand(x):
    """A softmax that no operator of that name makes."""
    e = ops.exp(x)
    return ops.divide(e, ops.reduce_sum(e, np.array([-1]), True))


def decode(rows, blank=0):
    text, last = [], None
    for symbol in rows.argmax(-1):
        if symbol != last and symbol != blank:
            text.append(int(symbol))
        last = symbol
    return text


def edits(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0] = range(len(a) + 1), range(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a[i - 1] != b[j - 1]))
    return table[-1, -1]


class Scores(CliTest):
    def model(self, name, end, shape, weight, output="y"):
        x = ops.parameter(shape, np.float32, name="x")
        x.output(0).set_names({"x"})
        product = (
            ops.convolution(x, weight, [1, 1], [0, 0], [0, 0], [1, 1])
            if weight.ndim == 4
            else ops.matmul(x, weight, False, False)
        )
        last = end(product)
        last.output(0).set_names({output})
        path = self.path / f"{name}.xml"
        ov.save_model(ov.Model([last], [x], name), str(path), compress_to_fp16=False)
        return path

    def classifier(self, name, end, output="y"):
        np.savez(self.path / "data.npz", x=VECTORS)
        np.savez(self.path / "calibrate.npz", x=draw(8, 16))
        return self.model(name, end, [-1, 16], WEIGHT, output)

    def compare(self, model, *arguments, formats="fp32,int4", data="data.npz"):
        """The document, and the outputs of its rows."""
        out = self.path / f"out-{len(list(self.path.iterdir()))}"
        done = self.run_cli(
            "compare",
            model,
            "--report",
            data,
            "--formats",
            formats,
            "--what",
            "w",
            "--scale",
            "mse_pow2",
            "--resamples",
            20,
            "--threads",
            1,
            "--save-outputs",
            out,
            "-o",
            f"run-{out.name}",
            "--json",
            *arguments,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        saved = [np.load(next(out.glob(f"{name}*.npy"))) for name in ("fp32", "int4")]
        return json.loads(done.stdout), *saved

    @staticmethod
    def value(document, metric, row=-1):
        return document["rows"][row]["metrics"][metric]["value"]

    def ends(self):
        return {
            "logits": (lambda x: x, "logits", "logits", "logits"),
            "softmax": (lambda x: ops.softmax(x, 1), "y", "probabilities", "Softmax"),
            "squeezed": (
                lambda x: ops.squeeze(ops.softmax(ops.unsqueeze(x, np.array([1])), 2), np.array([1])),
                "y",
                "probabilities",
                "",
            ),
            "log_softmax": (lambda x: ops.log_softmax(x, 1), "y", "logits", "LogSoftmax"),
        }

    def test_one_network_has_one_kl_whatever_it_ends_in(self):
        found = {}
        for name, (end, output, kind, reason) in self.ends().items():
            document, p, q = self.compare(self.classifier(name, end, output))
            self.assertEqual(
                (document["scored"]["task"], document["scored"]["scores"], document["scored"]["output"]),
                ("classify", kind, output),
            )
            self.assertIn(reason if name != "logits" else "", document["scored"]["reason"])
            expected = kl(p, q) if kind == "probabilities" else kl(softmax(p), softmax(q))
            # The logits' own exponentials are floats: 1e-5 (metrics/scores.h).
            self.assertAlmostEqual(
                self.value(document, "kl") / expected, 1, delta=1e-6 if kind == "probabilities" else 1e-5
            )
            self.assertEqual(self.value(document, "kl", 0), 0)
            self.assertGreater(expected, 1e-3)
            found[name] = self.value(document, "kl")
        for name, value in found.items():
            self.assertAlmostEqual(value / found["logits"], 1, delta=1e-6, msg=found)

    def test_rows_of_probabilities_are_seen_without_an_operator_that_says_so(self):
        document, p, q = self.compare(self.classifier("by_hand", by_hand), "--task", "classify")
        self.assertEqual(document["scored"]["scores"], "probabilities")
        self.assertIn("sum to 1", document["scored"]["reason"])
        self.assertAlmostEqual(self.value(document, "kl") / kl(p, q), 1, delta=1e-6)

    def test_sigmoids_are_independent(self):
        document, p, q = self.compare(self.classifier("sigmoid", ops.sigmoid))
        self.assertEqual((document["scored"]["task"], document["scored"]["scores"]), ("classify", "sigmoid"))
        self.assertAlmostEqual(self.value(document, "kl") / binary_kl(p, q), 1, delta=1e-6)

    def test_a_person_overrides(self):
        model = self.classifier("softmax", lambda x: ops.softmax(x, 1))
        document, p, q = self.compare(model, "--scores", "logits")
        self.assertEqual((document["scored"]["scores"], document["scored"]["reason"]), ("logits", "asked for"))
        self.assertAlmostEqual(self.value(document, "kl") / kl(softmax(p), softmax(q)), 1, delta=1e-4)
        logits = self.classifier("logits", lambda x: x, "logits")
        quick = ("--report", "data.npz", "--formats", "int4", "--what", "w", "--resamples", 20, "-o", "refused")
        self.assertIn(
            "does not hold probabilities", self.fails(3, "compare", logits, *quick, "--scores", "probabilities")
        )
        self.assertIn(
            "no scores of classes", self.fails(2, "compare", logits, *quick, "--scores", "logits", "--task", "generic")
        )
        self.fails(2, "compare", logits, *quick, "--scores", "chances")

    def test_sensitivity_and_search_take_the_same(self):
        scores, losses = [], []
        for name in ("logits", "softmax"):
            end, output, kind, _ = self.ends()[name]
            model = self.classifier(name, end, output)
            data = ("--calibrate", "calibrate.npz", "--search", "data.npz", "--threads", 1, "--json")
            found = json.loads(
                self.ok(
                    "sensitivity",
                    model,
                    *data,
                    "--formats",
                    "int4",
                    "--tier",
                    "exact",
                    "--no-early-stop",
                    "-o",
                    f"s-{name}",
                )
            )
            self.assertEqual(
                (found["scored"]["output"], found["scored"]["scores"], found["scored"]["loss"]), (output, kind, "kl")
            )
            scores.append([row["score"] for row in found["rows"] if row["tier"] == "exact"])
            found = json.loads(
                self.ok(
                    "search",
                    model,
                    *data,
                    "--formats",
                    "int3,int4,int5",
                    "--bits",
                    "5",
                    "--no-report",
                    "--rounding",
                    "nearest",
                    "-o",
                    f"f-{name}",
                )
            )
            self.assertEqual(found["scored"]["scores"], kind)
            losses.append(found["rows"][0]["search_loss"]["value"])
        self.assertEqual(len(scores[0]), 1)
        np.testing.assert_allclose(scores[1], scores[0], rtol=1e-6)
        np.testing.assert_allclose(losses[1], losses[0], rtol=2e-6)
        table = self.ok(
            "sensitivity", model, "--calibrate", "calibrate.npz", "--search", "data.npz", "--formats", "int4", "-o", "t"
        )
        self.assertIn("scored: output 'y' as probabilities (the graph ends in Softmax), task classify", table)

    def test_plain_numbers_have_a_relative_error_and_no_kl(self):
        model = self.classifier("plain", ops.tanh)
        document, p, q = self.compare(model)
        self.assertEqual(
            (document["scored"]["task"], document["scored"]["loss"], document["scored"]["scores"]),
            ("generic", "rel_sq_error", ""),
        )
        expected = np.mean(np.sum((p - q).astype(np.float64) ** 2, 1) / np.sum(p.astype(np.float64) ** 2, 1))
        self.assertAlmostEqual(self.value(document, "rel_sq_error") / expected, 1, delta=1e-6)
        self.assertNotIn("kl", document["rows"][-1]["metrics"])
        self.assertIn("--task", self.said)
        data = ("--calibrate", "calibrate.npz", "--search", "data.npz", "--threads", 1)
        text = self.ok("sensitivity", model, *data, "--formats", "int4", "--tier", "exact", "-o", "s")
        text += self.ok(
            "search", model, *data, "--report", self.save_more(), "--formats", "int3,int4", "--bits", "4", "-o", "f"
        )
        self.assertIn("rel_sq_error to FP32", text)
        self.assertIn("rel_sq_error on search", text)
        self.assertIn("rel_sq_error on report", text)
        self.assertNotIn("KL", text)

    def save_more(self):
        np.savez(self.path / "report.npz", x=draw(12, 16))
        return "report.npz"

    def recogniser(self, end=lambda x: ops.log_softmax(x, 2)):
        return self.model("ctc", end, [-1, 12, 16], SPEECH)

    def test_a_recogniser_is_decoded(self):
        np.savez(self.path / "data.npz", x=STEPS)
        document, p, q = self.compare(self.recogniser())
        self.assertEqual((document["scored"]["task"], document["scored"]["unit"]), ("ctc", "nats/step"))
        self.assertAlmostEqual(self.value(document, "kl") / kl(softmax(p), softmax(q)), 1, delta=1e-4)
        spelled, truth = ([decode(rows) for rows in x] for x in (q, p))
        self.assertAlmostEqual(
            self.value(document, "exact_match_to_fp32"), np.mean([a == b for a, b in zip(spelled, truth)]), places=12
        )
        distance = sum(edits(a, b) for a, b in zip(spelled, truth))
        self.assertGreater(distance, 0)
        self.assertAlmostEqual(self.value(document, "cer_to_fp32"), distance / sum(map(len, truth)), places=12)
        self.assertEqual(self.value(document, "cer_to_fp32", 0), 0)

    def test_a_recogniser_with_labels(self):
        texts = [generator.integers(1, 5, generator.integers(0, 7)).tolist() for _ in range(ITEMS)]
        labels = np.full((ITEMS, 7), -1)
        for row, text in zip(labels, texts):
            row[: len(text)] = text
        np.savez(self.path / "data.npz", x=STEPS, labels=labels)
        turned = self.recogniser(
            lambda x: ops.transpose(ops.softmax(x, 2), np.array([0, 2, 1]))
        )  # classes before steps
        document, p, q = self.compare(turned, "--class-axis", 1)
        self.assertEqual((document["scored"]["task"], document["scored"]["scores"]), ("ctc", "probabilities"))
        for row, x in enumerate((p, q)):
            spelled = [decode(rows) for rows in x.transpose(0, 2, 1)]
            self.assertAlmostEqual(
                self.value(document, "exact_match", row), np.mean([a == b for a, b in zip(spelled, texts)]), places=12
            )
            distance = sum(edits(a, b) for a, b in zip(spelled, texts))
            self.assertAlmostEqual(self.value(document, "cer", row), distance / sum(map(len, texts)), places=12)
        self.assertAlmostEqual(self.value(document, "kl") / kl(p, q, 1), 1, delta=1e-6)
        quick = ("--report", "data.npz", "--formats", "int4", "--what", "w", "--resamples", 20, "-o", "refused")
        self.assertIn("sequences", self.fails(3, "compare", turned, *quick, "--task", "generic"))
        self.assertIn("no symbol", self.fails(3, "compare", turned, *quick, "--class-axis", 1, "--blank", 2))

    def test_a_map_of_classes(self):
        np.savez(self.path / "data.npz", x=PIXELS)
        document, p, q = self.compare(self.model("map", lambda x: ops.softmax(x, 1), [-1, 3, 6, 5], KERNEL))
        self.assertEqual(
            (document["scored"]["task"], document["scored"]["scores"], document["scored"]["unit"]),
            ("segment", "probabilities", "nats/position"),
        )
        self.assertAlmostEqual(self.value(document, "kl") / kl(p, q, 1), 1, delta=1e-6)
        self.assertAlmostEqual(self.value(document, "top1_agreement"), np.mean(p.argmax(1) == q.argmax(1)), places=12)
        # Classes last, and no operator that says what the numbers are.
        last = self.model("last", lambda x: ops.transpose(x, np.array([0, 2, 3, 1])), [-1, 3, 6, 5], KERNEL)
        document, p, q = self.compare(last)
        self.assertEqual(document["scored"]["task"], "generic")
        self.assertIn("--task says so: classify, segment", self.said)
        document, p, q = self.compare(last, "--task", "segment", "--class-axis", 3)
        self.assertEqual(document["scored"]["scores"], "logits")
        self.assertAlmostEqual(self.value(document, "kl") / kl(softmax(p), softmax(q)), 1, delta=1e-4)


if __name__ == "__main__":
    main()
