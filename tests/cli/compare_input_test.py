"""posittune compare with bad input and bad arguments: one clear error that names file and tensor, and no results."""

import json
import struct
import zlib

from compare_support import ZOO, CompareTest
from onnx_bytes import OnnxFile
from support import main, np

ALBERT = ZOO / "albert"


def grey_png(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes(width)) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class BadInputTest(CompareTest):
    def refused_without_results(self, code, *arguments):
        message = self.refused(code, *arguments, "-o", "run")
        # A folder without run.json is free for the next run.
        self.assertFalse((self.path / "run" / "run.json").exists(), message)
        self.assertFalse((self.path / "run" / "results.json").exists(), message)
        return message

    def test_models(self):
        whole = (ALBERT / "model.onnx").read_bytes()
        (self.path / "cut.onnx").write_bytes(whole[: len(whole) - 1000])
        (self.path / "text.onnx").write_text("no model\n" * 100)
        (self.path / "empty.onnx").write_bytes(b"")
        (self.path / "cut.xml").write_text("<?xml version='1.0'?><net name='x' version='11'><layers>")
        for name in ("missing.onnx", "cut.onnx", "text.onnx", "empty.onnx", "cut.xml", "."):
            message = self.refused_without_results(3, name, "--report", ALBERT / "report.npz")
            self.assertIn(f"where: {name}\n", message)
        file = OnnxFile(ALBERT / "model.onnx")
        file.data = file.data.replace(b"\x22\x07Softmax", b"\x22\x07Hardmix")
        file.save(self.path / "unknown.onnx")
        self.assertIn("Hardmix", self.refused_without_results(4, "unknown.onnx", "--report", ALBERT / "report.npz"))

    def test_weights_that_are_not_numbers(self):
        for bad in (np.nan, np.inf):
            file = OnnxFile(ALBERT / "model.onnx")
            file.values("classifier.weight")[3, 5] = bad
            file.save(self.path / "bad.onnx")
            message = self.refused_without_results(
                3, "bad.onnx", "--report", ALBERT / "report.npz", "--what", "w", "--formats", "int8", "--limit", "4"
            )
            self.assertIn("bad.onnx", message)
            self.assertIn("classifier.weight", message)

    def test_other_constants_that_are_not_numbers(self):
        # They refuse no model (masks hold infinities): inspect names them, and FP32's own output tells whether they matter.
        for bad, word in ((np.nan, "a NaN"), (np.inf, "+inf")):
            file = OnnxFile(ALBERT / "model.onnx")
            file.values("classifier.bias")[4] = bad
            file.save(self.path / "bad.onnx")
            notes = json.loads(self.ok("inspect", "bad.onnx", "--json"))["notes"]
            self.assertTrue(any("classifier.bias" in note and word in note for note in notes), notes)
            message = self.refused_without_results(
                3, "bad.onnx", "--report", ALBERT / "report.npz", "--what", "w", "--formats", "int8", "--limit", "4"
            )
            self.assertIn("output 'logits', item 0", message)

    def npz(self, change):
        """The first items of ALBERT's report, changed."""
        arrays = dict(np.load(ALBERT / "report.npz"))
        arrays = {name: array[:6].copy() for name, array in arrays.items()}
        change(arrays)
        np.savez(self.path / "data.npz", **arrays)
        return self.path / "data.npz"

    def check_npz(self, change, *parts, code=3):
        message = self.refused_without_results(
            code, "zoo:albert", "--report", self.npz(change), "--what", "w", "--formats", "int8"
        )
        for part in ("data.npz", *parts):
            self.assertIn(part, message)

    def test_arrays(self):
        def put(name, make):
            return lambda arrays: arrays.update({name: make(arrays.get(name))})

        self.check_npz(put("ids", lambda x: np.zeros((6, 64), np.int64)), "'ids'", "no input of the model", "input_ids")
        self.check_npz(lambda arrays: arrays.pop("attention_mask"), "'attention_mask'", "missing")
        self.check_npz(put("input_ids", lambda x: x[:, 0]), "'input_ids'", "shape", "(6,)")
        self.check_npz(put("input_ids", lambda x: x[:, :, None]), "'input_ids'", "shape")
        self.check_npz(put("input_ids", lambda x: x[:4]), "different numbers of items")
        self.check_npz(put("input_ids", lambda x: x + 0.5), "'input_ids'")
        self.check_npz(put("input_ids", lambda x: np.array([["a"] * 64] * 6)), "'input_ids'")
        self.check_npz(
            put("input_ids", lambda x: np.where(x == x[0, 0], np.nan, x.astype(np.float64))), "'input_ids'", "NaN"
        )
        for name in ("labels", "document"):
            self.check_npz(put(name, lambda x: x.astype(np.float32)), f"'{name}'", "integers")
            self.check_npz(put(name, lambda x: np.stack([x, x], 1)), f"'{name}'", "one number for each item")
            self.check_npz(put(name, lambda x: x - 1000), f"'{name}'", "negative")
        self.check_npz(lambda arrays: arrays.update({name: array[:0] for name, array in arrays.items()}), "empty")
        self.check_npz(lambda arrays: arrays.clear(), "data.npz")

    def test_labels_that_are_no_class(self):
        def label(arrays):
            arrays["labels"][4] = 18

        self.check_npz(label, "labels, item 4", "18")
        # The folder of the failed run is free for the mended data.
        self.compare(
            "zoo:albert", "--report", self.npz(lambda arrays: None), "--what", "w", "--formats", "int8", "-o", "run"
        )

    def test_tokens_that_the_model_does_not_know(self):
        for token in (4096, -1):
            np.savez(self.path / "data.npz", input_ids=np.full((2, 16), token))
            message = self.refused_without_results(
                3, "zoo:gpt2", "--report", "data.npz", "--what", "w", "--formats", "int8"
            )
            # ONNX lets -1 stand for the last row: the embedding takes it, the metric does not.
            for part in ("data.npz", "transformer.wte/Gather" if token > 0 else "item 0, token", f"found: {token}"):
                self.assertIn(part, message)
            # An embedding left in FP32 is OpenVINO's own: there the metric sees them.
            message = self.refused_without_results(
                3, "zoo:gpt2", "--report", "data.npz", "--what", "w", "--formats", "int8", "--include", "mlp"
            )
            for part in ("data.npz", str(token)):
                self.assertIn(part, message)

    def test_rows_longer_than_the_model(self):
        np.savez(self.path / "data.npz", input_ids=np.zeros((2, 257), np.int64))
        self.refused_without_results(3, "zoo:gpt2", "--report", "data.npz", "--what", "w", "--formats", "int8")

    def test_files_of_data(self):
        whole = (ALBERT / "report.npz").read_bytes()
        (self.path / "cut.npz").write_bytes(whole[: len(whole) // 2])
        (self.path / "text.npz").write_text("no archive")
        (self.path / "empty.npz").write_bytes(b"")
        (self.path / "folder").mkdir()
        for name in ("cut.npz", "text.npz", "empty.npz", "missing.npz", "folder"):
            for split in ("--report", "--calibrate"):
                other = ("--report", ALBERT / "report.npz") if split == "--calibrate" else ()
                message = self.refused_without_results(3, "zoo:albert", split, name, *other)
                self.assertIn(name, message)
                if name == "cut.npz":
                    self.assertIn("truncated", message)
        # What each kind may be named.
        (self.path / "data.bin").write_bytes(b"1234")
        self.assertIn("data.bin", self.refused_without_results(2, "zoo:albert", "--report", "data.bin"))

    def test_splits_that_overlap(self):
        report = self.npz(lambda arrays: None)
        message = self.refused_without_results(
            3, "zoo:albert", "--calibrate", ALBERT / "report.npz", "--report", report
        )
        for part in ("calibrate", "report", str(report), "item"):
            self.assertIn(part, message)
        # One item in common is enough.
        arrays = {
            name: np.concatenate([np.load(ALBERT / "calibrate.npz")[name][:5], array[:1]])
            for name, array in np.load(report).items()
        }
        np.savez(self.path / "mixed.npz", **arrays)
        message = self.refused_without_results(3, "zoo:albert", "--calibrate", "mixed.npz", "--report", report)
        self.assertIn("mixed.npz item 5", message)

    def test_splits_that_read_one_file(self):
        (self.path / "copy.npz").write_bytes((ALBERT / "report.npz").read_bytes())
        message = self.refused_without_results(
            3, "zoo:albert", "--calibrate", "copy.npz", "--report", ALBERT / "report.npz"
        )
        for part in ("splits read the same file", "calibrate copy.npz", f"report {ALBERT / 'report.npz'}"):
            self.assertIn(part, message)

    def test_data_yaml(self):
        def yaml(text):
            (self.path / "data.yaml").write_text(text)
            return self.path / "data.yaml"

        report = ALBERT / "report.npz"
        # 2: what the file says is wrong; 3: the file, or what it names, is not as it should be.
        for code, text, part in (
            (3, "report: [", "data.yaml"),
            (2, "reprot: {path: x.npz}", "reprot"),
            (2, f"report: {{kind: npy, path: {report}}}", "npy"),
            (2, "report: {kind: npz}", "path"),
            (3, "report: {path: nowhere.npz}", "nowhere.npz"),
            (3, f"report: {{path: {report}, sha256: {'0' * 64}}}", "0" * 64),
        ):
            message = self.refused_without_results(code, "zoo:albert", "--data", yaml(text))
            self.assertIn(part, message)

    def test_images(self):
        (self.path / "data.yaml").write_text(
            f"report: {{kind: images, path: {ZOO / 'yolo' / 'report'}, preprocessing: {{size: [64, 64], resize: none}}}}"
        )
        message = self.refused_without_results(
            2, "zoo:yolo", "--data", "data.yaml", "--what", "w", "--formats", "int8", "--limit", 2
        )
        self.assertIn("64 x 64", message)
        (self.path / "small").mkdir()
        (self.path / "small" / "a.png").write_bytes(grey_png(20, 10))
        message = self.refused_without_results(3, "zoo:yolo", "--report", "small", "--what", "w", "--formats", "int8")
        for part in ("a.png", "192", "20"):
            self.assertIn(part, message)
        (self.path / "bad").mkdir()
        (self.path / "bad" / "a.jpg").write_bytes((ZOO / "yolo" / "report" / "0000.jpg").read_bytes()[:500])
        message = self.refused_without_results(3, "zoo:yolo", "--report", "bad", "--what", "w", "--formats", "int8")
        self.assertIn("a.jpg", message)


class UsageTest(CompareTest):
    def test_arguments(self):
        for arguments, *parts in (
            (("--formats", "posit8"), "unknown format 'posit8'", "did you mean posit<8,0>, posit<8,1>"),
            (("--formats", "int8,posit<8,9>"), "'posit<8,9>'", "posit<8,1>"),
            (("--formats", "posit<8"), "unknown format"),
            (("--formats", ","), "unknown format"),
            (("--formats", "imt8"), "int8"),
            (("--what", "a"), "--what"),
            (("--scale", "best"), "'best'", "mse_pow2"),
            (("--granularity", "row"), "'row'", "channel"),
            (("--granularity", "group:0"), "'group:0'"),
            (("--granularity", "group:x"), "'group:x'"),
            (("--activation-scale", "x"), "'x'", "token"),
            (("--activation-scale", "token", "--scale", "mse"), "per token", "absmax"),
            (("--accumulate", "x"), "--accumulate"),
            (("--task", "x"), "'x'", "classify"),
            (("--output", "x"), "'x'", "logits"),
            (("--include", "("), "not a regular expression"),
            (("--include", "nosuch"), "no layer matches 'nosuch'"),
            (("--exclude", "."), "no layer is left"),
            (("--threads", "-1"), "--threads"),
            (("--resamples", "1"), "--resamples"),
            (("--limit", "-1"), "--limit"),
            (("--seed", "-1"), "--seed"),
            (("--batch", "-1"), "--batch"),
            (("--data", "x.yaml", "--report", "y.npz"), "--data"),
            (("--report", ALBERT / "report.npz", "--what", "wa"), "need calibration data", "--calibrate"),
            (("--report", ALBERT / "report.npz", "--what", "w", "--input-weighted"), "need calibration data"),
            (("--calibrate", ALBERT / "calibrate.npz"), "no data to report on"),
        ):
            message = self.fails(2, "compare", "zoo:albert", *arguments, "-o", "run", env=self.env)
            for part in parts:
                self.assertIn(part, message, arguments)
            self.assertEqual(message.count("error: "), 1, message)
            self.assertEqual(self.files(), [], arguments)
        self.assertIn("no data", self.refused(2, ALBERT / "model.onnx"))
        self.assertIn("MODEL", self.fails(2, "compare"))

    def test_values_do_not_swallow_the_model(self):
        for option, given in (
            ("--formats", "int8"),
            ("--what", "w"),
            ("--scale", "absmax"),
            ("--include", "ffn"),
            ("--exclude", "ffn"),
        ):
            self.ok("compare", option, given, "zoo:albert", "--limit", 1, "--dry-run", env=self.env)

    def test_output_that_cannot_be_written(self):
        (self.path / "file").write_text("")
        quick = ("zoo:albert", "--limit", "1", "--formats", "int8", "--what", "w")
        self.assertIn("file", self.refused(2, *quick, "-o", "file"))
        self.assertIn("file/run", self.refused(3, *quick, "-o", "file/run"))
        self.assertIn("file/outputs", self.refused(3, *quick, "--save-outputs", "file/outputs", "-o", "run"))


if __name__ == "__main__":
    main()
