"""posittune completion in the shells themselves, and posittune man through the programs that read it."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

from support import POSITTUNE, CliTest, main

# CLI11's help: "  -o,--run TEXT", in its later versions "  -o,     --run TEXT".
HELP_FLAGS = re.compile(r"^ +((?:-{1,2}[a-z][a-z-]*,? *)+)", re.M)


def commands(program_help: str) -> list[str]:
    return re.findall(r"^ +([a-z]+) ", re.split(r"(?i)subcommands:", program_help)[1], re.M)


def flags(command_help: str) -> set[str]:
    return {flag for shown in HELP_FLAGS.findall(command_help) for flag in re.findall(r"-[a-z-]+", shown)}


class ShellTest(CliTest):
    shell = ""

    def setUp(self):
        super().setUp()
        if shutil.which(self.shell) is None:
            self.skipTest(f"no {self.shell} here")
        (self.path / "script").write_text(self.ok("completion", self.shell))
        for folder in ("models", "mixed"):
            (self.path / folder).mkdir()
        for file in ("model.onnx", "my array.npy"):
            (self.path / file).touch()

    def shell_ok(self, code: str) -> str:
        path = f"{os.path.dirname(POSITTUNE)}:{os.environ['PATH']}"
        env = {"PATH": path, "HOME": str(self.path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [self.shell, "-c", code], capture_output=True, text=True, cwd=self.path, env=env, timeout=60
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout


class Bash(ShellTest):
    shell = "bash"

    def complete(self, line: str) -> list[str]:
        """Bash's own words: cut at spaces, and = and : are words."""
        words = [part for word in line.split() for part in re.findall(r"[=:]+|[^=:]+", word)]
        if line.endswith(" "):
            words.append("")
        quoted = " ".join(f"'{word}'" for word in words)
        told = self.shell_ok(
            f"source ./script; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE='{line}'; "
            f'COMP_POINT={len(line)}; _posittune; printf "%s\\n" "${{COMPREPLY[@]}}"'
        )
        return sorted(word for word in told.split("\n") if word)

    def test_commands(self):
        self.assertEqual(self.complete("posittune "), sorted(commands(self.ok("--help"))))
        self.assertEqual(self.complete("posittune se"), ["search", "sensitivity"])
        self.assertEqual(self.complete("posittune --v"), ["--version"])

    def test_options_are_those_of_help(self):
        for command in commands(self.ok("--help")):
            told = set(self.complete(f"posittune {command} -"))
            self.assertEqual(told, flags(self.ok(command, "--help")), command)
            self.assertIn("--help", told)

    def test_values(self):
        for line, words in {
            "posittune search m.onnx --what ": ["w", "wa"],
            "posittune search m.onnx --what=w": ["w", "wa"],
            "posittune search m.onnx --what=": ["w", "wa"],
            "posittune search --rounding c": ["compensated"],
            "posittune compare --task=lang": ["language_model"],
            "posittune formats --codes ": ["csv", "json"],
            "posittune completion ": ["bash", "fish", "zsh"],
            "posittune compare --what w,": ["w,w", "w,wa"],
            "posittune compare --formats posit8e1,fp4": ["posit8e1,fp4_e2m1"],
            "posittune search --threads ": [],
            "posittune search --blank -": [],
        }.items():
            self.assertEqual(self.complete(line), words, line)

    def test_behind_a_flag_and_behind_options_with_values(self):
        self.assertEqual(self.complete("posittune search --json --wh"), ["--what"])
        self.assertEqual(self.complete("posittune zoo --json gp"), ["gpt2"])
        self.assertEqual(self.complete("posittune search --what wa --tas"), ["--task"])

    def test_models_and_files(self):
        # What stands before bash's last : stays, so it is not in the answer.
        self.assertEqual(self.complete("posittune inspect zoo:al"), ["albert"])
        self.assertEqual(self.complete("posittune inspect mod"), ["model.onnx", "models"])
        self.assertEqual(self.complete("posittune compare m.onnx -o m"), ["mixed", "models"])
        self.assertEqual(self.complete("posittune quantize my"), ["my array.npy"])
        self.assertIn("placeholder", self.complete("posittune cost --table "))
        self.assertIn("model.onnx", self.complete("posittune cost --table "))

    def test_by_the_tab_key(self):
        """A whole interactive bash, which cuts the words itself."""
        shell, terminal = pty.fork()
        if shell == 0:
            os.chdir(self.path)
            os.environ.update(TERM="dumb", PS1="$ ", INPUTRC="/dev/null")
            os.execlp("bash", "bash", "--norc", "--noprofile", "-i")
        try:
            os.write(terminal, b"source ./script\n")
            os.write(terminal, b"echo posittune inspect zoo:alb; posittune --versi\t; echo done\n")
            os.write(terminal, b"posittune inspect zoo:alb\t")
            seen = ""
            deadline = time.monotonic() + 20
            while "zoo:albert" not in seen and time.monotonic() < deadline:
                if select.select([terminal], [], [], 0.5)[0]:
                    seen += os.read(terminal, 4096).decode(errors="replace")
            self.assertIn("zoo:albert", seen)
            self.assertIn("--version", seen)
        finally:
            os.write(terminal, b"\x03\nexit\n")
            os.close(terminal)
            os.waitpid(shell, 0)


class Zsh(ShellTest):
    shell = "zsh"

    def complete(self, line: str, wanted: str) -> None:
        """Waits until an interactive zsh in a terminal of its own, given the tab key, has shown what is wanted."""
        self.shell_ok(f"""
            mkdir -p functions; cp script functions/_posittune
            zmodload zsh/zpty
            zpty z zsh -f -i
            zpty -w z 'fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -d $PWD/dump; PS1='
            zpty -w z 'bindkey "^I" complete-word; print rea""dy'
            zpty -r -m z seen '*ready*'
            zpty -w -n z $'{line}\\t\\t'
            zpty -r -m z seen '*{wanted}*'
            zpty -d z
        """)

    def test_commands_options_values(self):
        for line, wanted in (
            ("posittune sens", "sensitivity"),
            ("posittune search m --gran", "--granularity"),
            ("posittune search m --rounding ", "compensated*nearest"),
            ("posittune inspect zoo:alb", "zoo*:albert"),
            ("posittune quantize my", "my* array.npy"),
        ):
            with self.subTest(line=line):
                self.complete(line, wanted)


class Fish(ShellTest):
    shell = "fish"

    def complete(self, line: str) -> list[str]:
        told = self.shell_ok(f"source ./script; complete -C '{line}'")
        return sorted(word.split("\t")[0] for word in told.split("\n") if word)

    def test_commands_options_values(self):
        self.assertEqual(self.complete("posittune se"), ["search", "sensitivity"])
        self.assertEqual(self.complete("posittune search m --wh"), ["--what"])
        self.assertEqual(self.complete("posittune search m --what "), ["w", "wa"])
        self.assertEqual(self.complete("posittune compare m --what w,"), ["w,w", "w,wa"])
        self.assertEqual(self.complete("posittune compare m -o mo"), ["models/"])
        self.assertEqual(self.complete("posittune search m --threads "), [])
        self.assertIn("zoo:albert", self.complete("posittune inspect zoo:"))
        self.assertEqual(self.complete("posittune completion "), ["bash", "fish", "zsh"])


class Words(CliTest):
    def test_offered_words_are_accepted(self):
        script = self.ok("completion", "bash")
        formats = re.search(r"words='(fp32 [^']*)'", script)[1].split()
        self.assertEqual(len(self.ok("formats", *formats).splitlines()), len(formats) + 1)
        for shell in ("bash", "zsh", "fish"):
            self.assertGreater(len(self.ok("completion", shell)), 5000)
        self.assertIn("tcsh not in", self.fails(2, "completion", "tcsh"))


class Manual(CliTest):
    def test_every_option_of_every_command(self):
        page = self.ok("man").replace("\\-", "-")
        sections = dict(re.findall(r"\.SS posittune (\w+)\n(.*?)(?=\n\.SS|\n\.SH|\Z)", page, re.S))
        self.assertEqual(list(sections), commands(self.ok("--help")))
        for command, section in sections.items():
            told = set(re.findall(r"\\fB(-[^\\]+)\\fR", section))
            self.assertEqual(told, flags(self.ok(command, "--help")), command)
            for argument in re.findall(r"^  ([A-Z]+) [A-Z]", self.ok(command, "--help"), re.M):
                self.assertIn(f"\\fI{argument}\\fR", section)

    def test_texts_of_help(self):
        page = " ".join(self.ok("man").replace("\\-", "-").replace("\\:", "").replace("\\&", "").split())
        for text in (
            "several options: all of them hold",
            "weights that share a scale. tensor: all of a layer;",
            "Exit codes: 0 done, 1 goal not met",
            "POSITTUNE_SIMD",
            "The environment variable POSITTUNE_LIBERTY too.",
        ):
            self.assertIn(text, page)

    def reads(self, *command, accepted: str = "") -> None:
        if shutil.which(command[0]) is None:
            self.skipTest(f"no {command[0]} here")
        (self.path / "posittune.1").write_text(self.ok("man"))
        env = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([*command, "posittune.1"], capture_output=True, text=True, cwd=self.path, env=env)
        said = done.stderr + (done.stdout if "lint" in command else "")
        self.assertEqual([line for line in said.splitlines() if not accepted or accepted not in line], [])

    def test_man_reads_it_without_a_warning(self):
        self.reads("man", "--warnings", "-l")

    def test_mandoc_reads_it_without_a_warning(self):
        # A page has no date of its own: the version says what it is of.
        self.reads("mandoc", "-T", "lint", accepted="missing date")


if __name__ == "__main__":
    main()
