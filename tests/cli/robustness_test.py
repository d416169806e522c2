"""posittune quantize under bad input, limits and signals: a clear error, and nothing half-written."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

from support import POSITTUNE, ROOT, CliTest, main, np


class RobustnessTest(CliTest):
    def test_a_name_cannot_reach_the_terminal(self):
        name = b"a\x1b[31m\nerror: no\xff.npy"
        done = subprocess.run(
            [POSITTUNE.encode(), b"quantize", name, b"-f", b"int8", b"-o", b"o.npy"], capture_output=True, cwd=self.path
        )
        self.assertEqual(done.returncode, 3)
        self.assertIn(rb"a\x1b[31m", done.stderr)
        self.assertIn(rb"no\xff.npy", done.stderr)
        self.assertNotIn(b"\x1b", done.stderr)
        self.assertNotIn(b"\nerror: no", done.stderr)
        done.stderr.decode("utf-8")

    def test_rtl_on_a_full_disk(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # noqa: E731
        done = self.run_cli(
            "rtl", "-f", "posit<8,1>", "-o", "unit", env={"POSITTUNE_RTL": str(ROOT / "rtl")}, preexec_fn=limit
        )
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual(self.files(), [])

    def test_bad_input(self):
        self.save(np.zeros(3, np.complex64), "c8.npy")
        (self.path / "text.npy").write_text("hello")
        self.save(np.zeros(300, np.float32))
        whole = (self.path / "in.npy").read_bytes()
        (self.path / "cut.npy").write_bytes(whole[:-4])
        (self.path / "long.npy").write_bytes(whole + b"1234")
        before = self.files()
        for name, part in (
            ("missing.npy", "cannot open"),
            ("c8.npy", "'<c8'"),
            ("text.npy", "not an npy file"),
            ("cut.npy", "file size does not match"),
            ("long.npy", "file size does not match"),
            (".", "not a regular file"),
        ):
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

    def stopped_by(self, number):
        """The exit code of a long run that gets this signal as soon as it listens to it, and what it said."""
        with open(self.path / "in.npy", "wb") as file:  # 4 GB of zeros in a sparse file
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 30,)})
            file.truncate(file.tell() + (4 << 30))
        running = subprocess.Popen(
            [POSITTUNE, "quantize", "in.npy", "-f", "posit<8,1>", "--rule", "mse", "-o", "o.npy"],
            cwd=self.path,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "POSITTUNE_SIMD": "scalar"},
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            status = pathlib.Path(f"/proc/{running.pid}/status").read_text()
            if int(re.search(r"SigBlk:\s*(\w+)", status).group(1), 16) >> (number - 1) & 1:
                break
            time.sleep(0.01)
        running.send_signal(number)
        message = running.communicate(timeout=120)[1]
        return running.returncode, message

    def test_interrupt_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code, message = self.stopped_by(number)
            self.assertEqual(code, 130, message)
            self.assertEqual(self.files(), ["in.npy"])

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
        row = self.quantize(
            "big.npy", "-f", "p8e1", "--rule", "rms_pow2", "-o", "o.npy", preexec_fn=None if sanitized else limit
        )
        self.assertEqual(row["elements"], 32 << 22)
        y = np.load(self.path / "o.npy", mmap_mode="r")
        np.testing.assert_array_equal(y[0], y[31])

    def test_closed_standard_streams_do_not_reach_the_output(self):
        x = np.random.default_rng(10).standard_normal(1000).astype(np.float32)
        self.save(x)
        for redirection in ("0<&- 2>&-", "2>&-", "0<&-", "0<&- 1>&- 2>&-"):
            done = subprocess.run(
                ["sh", "-c", f'"$0" quantize in.npy -f int8 -o o.npy {redirection}', POSITTUNE],
                cwd=self.path,
                stdout=subprocess.DEVNULL,
            )
            self.assertEqual(done.returncode, 5 if "1>&-" in redirection else 0)
            np.testing.assert_array_equal(np.load(self.path / "o.npy"), np.clip(np.round(x), -127, 127))

    def test_names_that_are_not_utf8(self):
        self.save(np.zeros(3, np.float32))
        done = subprocess.run(
            [POSITTUNE.encode(), b"quantize", b"in.npy", b"-f", b"int8", b"-o", b"\xff.npy", b"--json"],
            cwd=self.path,
            capture_output=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_file_size_limit_is_not_a_signal_death(self):
        self.save(np.zeros(1 << 20, np.float32))
        done = subprocess.run(
            ["sh", "-c", 'ulimit -f 8; exec "$0" quantize in.npy -f int8 -o o.npy', POSITTUNE],
            cwd=self.path,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual(self.files(), ["in.npy"])

    def test_companions_do_not_replace_the_input_or_come_alone(self):
        x = np.random.default_rng(11).standard_normal((4, 64)).astype(np.float32)
        self.save(x, "w.exponents.npy")
        before = (self.path / "w.exponents.npy").read_bytes()
        self.assertIn(
            "replace the input", self.fails(2, "quantize", "w.exponents.npy", "-f", "mxfp4", "--codes", "-o", "w.npy")
        )
        self.assertEqual((self.path / "w.exponents.npy").read_bytes(), before)
        self.assertEqual(self.files(), ["w.exponents.npy"])
        self.save(x)
        (self.path / "o.npy").mkdir()
        self.fails(3, "quantize", "in.npy", "-f", "mxfp4", "--codes", "-o", "o.npy")
        self.assertEqual(self.files(), ["in.npy", "o.npy", "w.exponents.npy"])

    def test_many_small_channels_stay_small(self):
        # 16 M elements, one scale for each of 8 columns: rows of one element.
        self.save(np.random.default_rng(12).standard_normal((1 << 21, 8)).astype(np.float32))
        script = (
            "import resource, subprocess, sys\n"
            "code = subprocess.call(sys.argv[1:])\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
            "sys.exit(code)\n"
        )
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                script,
                POSITTUNE,
                "quantize",
                "in.npy",
                "-f",
                "posit<8,1>",
                "--rule",
                "mse",
                "--axis",
                "1",
                "-o",
                "o.npy",
            ],
            cwd=self.path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        if os.environ.get("POSITTUNE_BUILD") != "sanitized":
            self.assertLess(int(done.stderr.split()[-1]), 400 << 10)  # KiB
        self.save(np.zeros((1 << 20) + 1, np.float32), "vector.npy")
        self.fails(4, "quantize", "vector.npy", "-f", "int8", "--rule", "mse", "--axis", "0", "-o", "v.npy")

    def test_headers(self):
        self.save(np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)), "f.npy")
        whole = (self.path / "f.npy").read_bytes()
        for text, code in ((b"True,", 0), (b"Maybe", 3)):
            (self.path / "g.npy").write_bytes(whole.replace(b" True,", (b" " + text)[:6]))
            self.assertEqual(self.run_cli("quantize", "g.npy", "-f", "int8", "-o", "o.npy").returncode, code)
        self.save(np.zeros(3, np.complex64), "d.npy")
        self.assertIn("numpy.save", self.fails(3, "quantize", "d.npy", "-f", "int8", "-o", "o.npy"))

    def test_empty_arrays_have_their_arguments_checked(self):
        self.save(np.zeros((0, 5), np.float32))
        self.fails(2, "quantize", "in.npy", "-f", "int8", "--axis", "9", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "mxfp8", "--axis", "-1", "-o", "o.npy")
        self.fails(2, "quantize", "", "-f", "int8", "-o", "o.npy")
        self.fails(2, "quantize", "in.npy", "-f", "int8", "-o", "")
        self.ok("quantize", "in.npy", "-f", "int8", "--axis", "1", "--rule", "MSE", "-o", "o.npy")

    def test_usage_errors_name_the_command(self):
        self.assertIn("error: posittune quantize: ", self.fails(2, "quantize"))
        self.assertIn("unknown command 'quantise'", self.fails(2, "quantise"))
        for flag in ("--help", "--version"):
            done = subprocess.run(["sh", "-c", f'"$0" {flag} > /dev/full', POSITTUNE], capture_output=True, text=True)
            self.assertEqual(done.returncode, 5)


if __name__ == "__main__":
    main()
