"""posittune compare: the run folder, what a second call does with it, and signals."""

import contextlib
import fcntl
import json
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import termios
import time

from compare_support import QUICK, ZOO, CompareTest, numbers, value
from support import POSITTUNE, main


class JournalTest(CompareTest):
    def entries(self, run="run"):
        """Rows in the journal (which has losses of items and a closer look too), also while a process writes it."""
        try:
            with contextlib.closing(
                sqlite3.connect(f"file:{self.path / run / 'trials.db'}?mode=ro", uri=True)
            ) as database:
                return [
                    json.loads(payload)
                    for (payload,) in database.execute("select payload from entries where kind = 'compare' order by id")
                ]
        except sqlite3.OperationalError:  # not there yet
            return []


class RunFolderTest(JournalTest):
    ALBERT = ("zoo:albert", "--limit", 8, "--scale", "mse_pow2", "-o", "run")

    def test_content(self):
        document = self.compare(*self.ALBERT, "--formats", "fp32,posit<8,1>")
        self.assertIn("results: run", self.said)
        run = self.path / "run"
        self.assertLessEqual(
            {p.name for p in run.iterdir()} - {".lock", "trials.db-wal", "trials.db-shm"},
            {
                *("run.json", "config.yaml", "trials.db", "recipes"),
                *("results.json", "results.csv", "details.json", "inputs.json", "report.html"),
            },
        )
        self.assertEqual(json.loads((run / "results.json").read_text()), document)
        self.assertEqual(
            sorted(p.name for p in (run / "recipes").iterdir()),
            [
                "fp32_w.yaml",
                "fp32_wa.yaml",
                "posit_8_1__w_mse_pow2_channel.yaml",
                "posit_8_1__wa_mse_pow2_channel.yaml",
            ],
        )
        info = json.loads((run / "run.json").read_text())
        # Of the data, more than the files: what their tensors follow from.
        self.assertEqual(set(info["hashes"]), {"model", "calibrate", "report"})
        self.assertEqual(info["hashes"]["model"], document["model"]["sha256"])
        self.assertFalse(set(info["hashes"].values()) & {data["sha256"] for data in document["data"].values()})
        self.assertEqual(info["seed"], 1)
        (session,) = info["sessions"]
        self.assertEqual(session["command_line"][:3], ["posittune", "compare", "zoo:albert"])
        self.assertEqual(session["threads"], 2)
        self.assertEqual(set(session["versions"]), {"posittune", "openvino", "onednn", "products", "sources"})
        config = (run / "config.yaml").read_text()
        for line in ("command: compare", "task: classify", "resamples: 50", "seed: 1", "accumulate: fp32"):
            self.assertIn(line + "\n", config)
        self.assertEqual(config.count("albert.encoder.albert_layer_groups.0.albert_layers.0.ffn/MatMul"), 6)
        self.assertEqual(len(self.entries()), 3)  # FP32 is one recipe, as w and as wa

    def test_the_default_folder(self):
        self.compare("zoo:albert", "--limit", 2, "--formats", "fp32", "--what", "w")
        (folder,) = (self.path / "runs").iterdir()
        self.assertRegex(folder.name, "^compare-albert-[0-9a-f]{8}$")
        self.assertIn(f"results: runs/{folder.name}", self.said)

    def test_nothing_is_measured_twice(self):
        formats = ("--formats", "fp32,posit<8,1>,int8")
        first = self.compare(*self.ALBERT, *formats)
        self.assertNotIn("measured before", self.said)
        before = self.entries()
        second = self.compare(*self.ALBERT, *formats)
        self.assertIn("6 of 6 rows were measured before", self.said)
        self.assertEqual(first["rows"], second["rows"])  # times too: they are the first call's
        self.assertEqual(self.entries(), before)
        # A format more: it alone is measured.
        third = self.compare(*self.ALBERT, "--formats", "posit<6,1>,fp32,int8,posit<8,1>")
        self.assertIn("6 of 8 rows were measured before", self.said)
        self.assertEqual(third["rows"][2:4], first["rows"][:2])
        self.assertEqual(
            [(r["format"], r["what"]) for r in third["rows"][:4]],
            [("posit<6,1>", "w"), ("posit<6,1>", "wa"), ("fp32", "w"), ("fp32", "wa")],
        )
        self.assertEqual(self.entries()[: len(before)], before)
        # Two names of one format are one trial; one scale for a tensor is another recipe.
        self.compare(*self.ALBERT, "--formats", "P8E1,posit8e1")
        self.assertIn("2 of 2 rows", self.said)
        fourth = self.compare(*self.ALBERT, "--formats", "posit8e1", "--granularity", "tensor")
        self.assertNotIn("measured before", self.said)
        self.assertNotEqual(value(fourth["rows"][0], "kl"), value(first["rows"][2], "kl"))
        names = {p.name for p in (self.path / "run" / "recipes").iterdir()}
        self.assertLessEqual({"posit_8_1__w_mse_pow2.yaml", "posit_8_1__w_mse_pow2_channel.yaml"}, names)
        self.assertEqual(len(json.loads((self.path / "run" / "run.json").read_text())["sessions"]), 5)

    def test_weights_first_activations_later(self):
        first = self.compare(*self.ALBERT, "--formats", "int8", "--what", "w")
        second = self.compare(*self.ALBERT, "--formats", "int8", "--what", "w,wa")
        self.assertIn("1 of 2 rows were measured before", self.said)
        self.assertEqual(second["rows"][0], first["rows"][0])

    def test_a_later_process_gets_the_same_numbers(self):
        one = self.compare(*self.ALBERT[:-1], "one", "--formats", "posit<8,1>,int8")
        self.compare(*self.ALBERT[:-1], "two", "--formats", "int8")
        two = self.compare(*self.ALBERT[:-1], "two", "--formats", "posit<8,1>,int8")
        self.assertEqual(numbers(one), numbers(two))

    def on_terminal(self, columns, term):
        """What `compare` writes to a terminal of so many columns."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.path)
            os.execve(
                POSITTUNE,
                [
                    POSITTUNE,
                    "compare",
                    "zoo:albert",
                    "--limit",
                    "300",
                    "--formats",
                    "int8",
                    "--what",
                    "w",
                    *QUICK,
                    "-o",
                    term,
                ],
                {**os.environ, **self.env, "TERM": term},
            )
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        written = b""
        try:
            while piece := os.read(terminal, 1 << 16):
                written += piece
        except OSError:  # the other end is closed
            pass
        self.assertEqual(os.waitpid(process, 0)[1], 0, written)
        os.close(terminal)
        return written.decode()

    def test_progress_fits_the_terminal(self):
        # What is drawn and drawn over; what stays ends in a new line.
        for line in self.on_terminal(30, "xterm").split("\r\x1b[K"):
            if "\n" not in line:
                self.assertLess(len(line), 30)
        self.assertNotIn("\x1b", self.on_terminal(30, "dumb"))

    def test_another_run_is_refused(self):
        self.compare(*self.ALBERT, "--formats", "int8", "--what", "w")
        before = self.state("run")
        for other, part in (
            (("--seed", "2"), "seed"),
            (("--limit", "9"), "run.json: calibrate"),
            (("--exclude", "ffn"), "config.yaml: line"),
            (("--accumulate", "quire"), "config.yaml: line"),
            (("--resamples", "60"), "config.yaml: line"),
        ):
            arguments = [a for a in self.ALBERT if a not in ("--limit", 8)] if other[0] == "--limit" else self.ALBERT
            quick = [a for a in QUICK if a not in ("--resamples", "50")] if other[0] == "--resamples" else QUICK
            message = self.fails(
                2, "compare", *arguments, *quick, "--formats", "int8", "--what", "w", *other, env=self.env
            )
            self.assertIn("belongs to another run", message)
            self.assertIn(part, message)
        self.assertEqual(self.state("run"), before)
        (self.path / "mine").mkdir()
        (self.path / "mine" / "letter.txt").write_text("dear")
        self.assertIn("not a run folder", self.refused(2, *self.ALBERT[:-1], "mine", "--formats", "int8"))
        self.assertEqual([p.name for p in (self.path / "mine").iterdir()], ["letter.txt"])

    def state(self, run):
        return {
            p.name: p.read_bytes()
            for p in (self.path / run).rglob("*")
            if p.is_file() and not p.name.startswith((".lock", "trials.db-"))
        }

    def test_a_damaged_journal(self):
        self.compare(*self.ALBERT, "--formats", "int8", "--what", "w")
        (self.path / "run" / "trials.db").write_bytes(b"not a database, but long enough to look at" * 50)
        self.assertIn("trials.db", self.refused(3, *self.ALBERT, "--formats", "int8", "--what", "w"))

    def runs_apart(self, first, second):
        """Two calls whose data differ in how one file becomes tensors."""
        one, two = self.compare(*first), self.compare(*second)
        self.assertNotIn("measured before", self.said)
        self.assertEqual(one["data"]["report"]["sha256"], two["data"]["report"]["sha256"])
        self.assertEqual(one["data"]["report"]["items"], two["data"]["report"]["items"])
        self.assertNotEqual(numbers(one), numbers(two))
        self.assertEqual(len(list((self.path / "runs").iterdir())), 2)
        # Each finds its own again; in one folder they do not meet.
        self.assertEqual(self.compare(*second)["rows"], two["rows"])
        self.assertIn("1 of 1 rows were measured before", self.said)
        self.compare(*first, "-o", "run")
        message = self.refused(2, *second, "-o", "run")
        for part in ("belongs to another run", "run.json: report"):
            self.assertIn(part, message)

    def test_rows_of_other_lengths_are_other_data(self):
        text = (
            "zoo:gpt2",
            "--report",
            ZOO / "gpt2" / "report.txt",
            "--tokenizer",
            ZOO / "gpt2" / "openvino_tokenizer.xml",
            "--limit",
            4,
            "--formats",
            "int8",
            "--what",
            "w",
            "--scale",
            "absmax",
        )
        done = self.run_cli("compare", *text, "--dry-run", env=self.env)
        if done.returncode == 4:
            self.skipTest(done.stderr)
        self.runs_apart((*text, "--sequence", 64), (*text, "--sequence", 128))

    def test_other_preprocessing_is_other_data(self):
        def yolo(name, channels):
            (self.path / name).write_text(
                json.dumps(
                    {"report": {"path": str(ZOO / "yolo" / "report.json"), "preprocessing": {"channels": channels}}}
                )
            )
            return "zoo:yolo", "--data", name, "--limit", 2, "--formats", "int8", "--what", "w", "--scale", "absmax"

        self.runs_apart(yolo("rgb.yaml", "rgb"), yolo("bgr.yaml", "bgr"))

    def test_dry_run_writes_nothing(self):
        text = self.ok(
            "compare",
            "zoo:albert",
            "--limit",
            8,
            "--formats",
            "fp32,posit<8,1>",
            "--scale",
            "mse_pow2",
            "--dry-run",
            env=self.env,
        )
        for part in (
            "887296 weights",
            "42 of 54 quantized",
            "classify",
            "8 items",
            "trials   4\n",
            "  posit<8,1> wa mse_pow2\n",
            "estimate ",
        ):
            self.assertIn(part, text)
        plan = json.loads(
            self.ok(
                "compare",
                "zoo:albert",
                "--limit",
                8,
                "--formats",
                "int8",
                "--scale",
                "mse_pow2",
                "--dry-run",
                "--json",
                env=self.env,
            )
        )
        self.assertEqual(
            (plan["layers"], plan["quantized"], plan["trials"]), (54, 42, ["int8 w mse_pow2", "int8 wa mse_pow2"])
        )
        self.assertEqual(self.files(), [])

    def test_saved_outputs_measure_again(self):
        first = self.compare(*self.ALBERT, "--formats", "int8", "--what", "w")
        again = self.compare(*self.ALBERT, "--formats", "int8", "--what", "w", "--save-outputs", "outputs")
        self.assertEqual(numbers(first), numbers(again))
        self.assertEqual(
            sorted(p.name for p in (self.path / "outputs").iterdir()), ["fp32.logits.npy", "int8_w_mse_pow2.logits.npy"]
        )


class SignalTest(JournalTest):
    FORMATS = ("--formats", "posit<8,0>,posit<8,1>,posit<6,1>,int8,int6,int4,fp16", "--what", "w,wa")
    GPT2 = ("zoo:gpt2", "--limit", "6", "--scale", "mse_pow2", *FORMATS)

    def start(self, *arguments):
        running = subprocess.Popen(
            [POSITTUNE, "compare", *(arguments or self.GPT2), *QUICK, "--json", "-o", "run"],
            cwd=self.path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.env},
        )
        self.addCleanup(running.kill)
        return running

    def until(self, condition, running):
        deadline = time.monotonic() + 120
        while not condition():
            self.assertIsNone(running.poll(), "ended too early")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def stopped(self, number):
        running = self.start()
        self.until(lambda: len(self.entries()) >= 2, running)
        running.send_signal(number)
        out, said = running.communicate(timeout=120)
        self.assertEqual(out, "")
        self.assertFalse((self.path / "run" / "results.json").exists())
        return running.returncode, said

    def test_continues_after_signals(self):
        code, said = self.stopped(signal.SIGINT)
        self.assertEqual((code, said), (130, "error: interrupted\n"))
        done = len(self.entries())
        self.assertGreaterEqual(done, 2)
        self.assertLess(done, 14)
        (self.path / "run").rename(self.path / "kept")
        self.assertEqual(self.stopped(signal.SIGTERM)[0], 130)
        (self.path / "run").rename(self.path / "second")
        self.assertEqual(self.stopped(signal.SIGKILL)[0], -signal.SIGKILL)
        killed = len(self.entries())
        resumed = self.compare(*self.GPT2, "-o", "run")
        self.assertIn(f"{killed} of 14 rows were measured before", self.said)
        other = self.compare(*self.GPT2, "-o", "kept")
        self.assertIn(f"{done} of 14 rows were measured before", self.said)
        self.assertEqual(numbers(resumed), numbers(other))
        self.assertEqual(
            [p.name for p in (self.path / "run").iterdir() if ".tmp" in p.name or p.name.startswith("posittune-")], []
        )

    def test_one_process_to_a_folder(self):
        running = self.start()
        self.until(lambda: (self.path / "run" / "run.json").exists(), running)
        message = self.refused(2, *self.GPT2, "-o", "run")
        self.assertIn("another process works on this run folder", message)
        self.assertIn(f"process {running.pid}", message)
        self.interrupt(running)

    def interrupt(self, running):
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=120)
        self.assertEqual((running.returncode, out), (130, ""))

    def test_an_interrupt_before_the_first_row(self):
        running = self.start("zoo:gpt2", "--limit", "64", *self.FORMATS)
        self.until(lambda: (self.path / "run" / "run.json").exists(), running)
        self.interrupt(running)
        self.assertEqual(self.entries(), [])
        # Nothing was measured: the folder is free for another run.
        self.compare("zoo:albert", "--limit", 2, "--formats", "fp32", "-o", "run")


if __name__ == "__main__":
    main()
