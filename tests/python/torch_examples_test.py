"""The examples that train in PyTorch, a few steps of them: PACKAGE ROOT. Exit code 77 where what they need is missing."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import unittest

PACKAGE, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
NEEDED = ("torch", "transformers", "onnx", "openvino")


class Examples(unittest.TestCase):
    def numbers(self, name, *arguments):
        """Those of four decimals that an example prints: errors, in its order."""
        command = [sys.executable, str(ROOT / "examples" / name), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": PACKAGE}
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return [float(number) for number in re.findall(r"\d\.\d{4}", done.stdout)]

    def test_fake_quantize(self):
        _, rounded, trained = self.numbers("fake_quantize_torch.py")
        self.assertLess(trained, rounded)

    def test_onnx_in_torch(self):
        numbers = self.numbers("onnx_in_torch.py", "zoo/yolo/model.onnx", "zoo/yolo/data.yaml")
        self.assertEqual(len(numbers), 8)
        for effect, apart in zip(numbers[::2], numbers[1::2]):
            self.assertLess(apart, effect)

    def test_finetune_gpt2(self):
        before, after = self.numbers("finetune_gpt2_torch.py", "3")
        self.assertAlmostEqual(before, 0.0375, delta=0.0003)  # the engine's, int4 weights on all of report
        self.assertLess(after, 0.95 * before)


if __name__ == "__main__":
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skip: no {', '.join(missing)} here")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
