"""python -m posittune.fetch yolov8n, from PyPI (35 MB)."""

import json
import unittest

import numpy as np
import yaml
from PIL import Image
from posittune.files import sha256
from support import FolderCase, command, in_onnxruntime, in_openvino

from posittune import fetch


class Yolo(FolderCase):
    def test_folder(self):
        out = self.folder / "models/yolov8n"
        unfinished = out.with_name("yolov8n.unfinished")  # of an interrupted call
        (unfinished / "calibrate").mkdir(parents=True)
        (unfinished / "calibrate/half.jpg").write_text("x")
        code, stdout, stderr = command(fetch.main, "yolov8n", "-o", out)
        if code == 5:
            self.skipTest(stderr.splitlines()[-1])
        self.assertEqual(code, 0, stderr)
        self.assertEqual(
            sorted(f.name for f in out.iterdir()),
            ["CARD.md", "calibrate", "data.yaml", "model.onnx", "report", "search"],
        )
        self.assertFalse(unfinished.exists())
        self.assertIn("AGPL-3.0", stdout)
        self.check_splits(out)
        self.check_model(out)
        before = {f: sha256(f) for f in out.rglob("*") if f.is_file()}
        code, stdout, _ = command(fetch.main, "yolov8n", "-o", out)
        self.assertEqual((code, stdout), (0, f"{out} is there already\n"))
        self.assertEqual({f: sha256(f) for f in out.rglob("*") if f.is_file()}, before)

    def check_splits(self, out):
        data = yaml.safe_load((out / "data.yaml").read_text())
        self.assertEqual(list(data), ["calibrate", "search", "report"])
        photographs, hashes = [], []
        for split, entry in data.items():
            self.assertEqual(
                (entry["kind"], entry["path"], entry["preprocessing"]["resize"]), ("images", split, "letterbox")
            )
            files = sorted((out / split).iterdir())
            self.assertGreaterEqual(len(files), 60)
            photographs.append({f.stem.partition("_")[2] for f in files})
            hashes += [sha256(f) for f in files]
            for file in files:
                with Image.open(file) as image:
                    self.assertEqual((image.mode, max(image.size)), ("RGB", 320))
        self.assertEqual(len(set.union(*photographs)), sum(map(len, photographs)))
        self.assertEqual(len(set(hashes)), len(hashes))

    def check_model(self, out):
        """It finds the astronaut's face, the same in both runtimes."""
        with Image.open(out / "report/00_astronaut.jpg") as image:
            feed = {"images": np.asarray(image, dtype=np.float32).transpose(2, 0, 1)[None] / 255}
        first = in_onnxruntime(out / "model.onnx", feed)
        second = in_openvino(out / "model.onnx", feed)
        self.assertEqual(first.shape, (1, 22, 2100))
        self.assertLess(np.abs(first - second).max() / np.abs(first).max(), 1e-3)
        best = first[0, 4:].max(axis=0).argmax()
        self.assertGreater(
            first[0, 4 + 1, best], 0.5, json.dumps(first[0, :, best].round(2).tolist())
        )  # class 1: a woman's face


if __name__ == "__main__":
    unittest.main()
