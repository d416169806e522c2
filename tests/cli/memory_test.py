"""posittune where memory ends: it finishes or says so with 5, and is never killed by a signal."""

import os
import resource
import subprocess

from support import POSITTUNE, ROOT, CliTest, main, np

STEP = 24 << 20


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


class MemoryTest(CliTest):
    def starts_at(self):
        """The least address space in which the executable is loaded at all."""
        size = 4 * STEP
        while subprocess.run([POSITTUNE, "--version"], capture_output=True, preexec_fn=limited(size)).returncode != 0:
            size += STEP
            self.assertLess(size, 8 << 30)
        return size

    def walk(self, *arguments):
        """Until three runs have enough. The codes in order."""
        size, codes = self.starts_at(), []
        while codes[-3:] != [0, 0, 0]:
            done = self.run_cli(
                *arguments, "-o", f"run{len(codes)}", preexec_fn=limited(size), env={"POSITTUNE_ZOO": str(ROOT / "zoo")}
            )
            codes.append(done.returncode)
            self.assertIn(done.returncode, (0, 5), f"{size >> 20} MiB: {done.stdout}{done.stderr}")
            if done.returncode == 5:
                self.assertEqual(done.stdout, "")
                self.assertIn("error: ", done.stderr)
                self.assertFalse((self.path / f"run{len(codes) - 1}" / "results.json").exists())
            size += STEP * (1 + len(codes) // 8)
        return codes

    def test_compare(self):
        case = ROOT / "tests/cases/index_outside_embedding"
        np.savez(self.path / "r.npz", ids=(np.load(case / "c.npz")["ids"] + 1) % 50)
        codes = self.walk(
            "compare",
            case / "m.onnx",
            "--calibrate",
            case / "c.npz",
            "--report",
            "r.npz",
            "--formats",
            "fp32;int8;posit8e1",
            "--resamples",
            "20",
            "--threads",
            "2",
        )
        self.assertIn(5, codes)

    def test_sensitivity(self):
        case = ROOT / "tests/cases/index_outside_embedding_search"
        codes = self.walk(
            "sensitivity",
            case / "lm.onnx",
            "--calibrate",
            case / "c.npz",
            "--search",
            case / "s_ok.npz",
            "--formats",
            "int4",
            "--threads",
            "2",
        )
        self.assertIn(5, codes)


# Sanitizers reserve address space of their own.
if __name__ == "__main__" and os.environ.get("POSITTUNE_BUILD") != "sanitized":
    main()
