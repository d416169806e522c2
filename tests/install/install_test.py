"""cmake --install into a folder that is then moved; the program from there, and a project that uses the package.

install_test.py CMAKE BUILD ROOT CXX [unittest arguments]
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, ROOT, CXX = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
HERE = pathlib.Path(__file__).resolve().parent
VERSION = re.search(r"project\(posittune VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = pathlib.Path(cls.folder.name)
        cls.done(CMAKE, "--install", BUILD, "--prefix", cls.path / "first")
        cls.prefix = cls.path / "moved"
        (cls.path / "first").rename(cls.prefix)
        cls.elsewhere = cls.path / "elsewhere"  # where no zoo and no rtl are
        cls.elsewhere.mkdir()

    @classmethod
    def done(cls, *command, cwd=None):
        env = {k: v for k, v in os.environ.items() if not k.startswith("POSITTUNE_")}
        result = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, cwd=cwd or cls.path, env=env, timeout=300
        )
        if result.returncode != 0:
            raise AssertionError(f"{command} ended with {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def program(self, *arguments):
        return self.done(self.prefix / "bin/posittune", *arguments, cwd=self.elsewhere)

    def test_program_finds_models_and_hardware(self):
        self.assertIn(VERSION, self.program("--version"))
        for model in ("gpt2", "albert", "yolo"):
            self.assertIn(str(self.prefix / "share/posittune/zoo" / model), self.program("zoo"))
        # The table of the flow is checked against the hashes of its sources.
        self.assertIn("posit<8,1>", self.program("cost", "zoo:gpt2", "--shape", "input_ids=1,16", "--table", "rtl"))
        self.program("rtl", "--format", "posit<8,1>", "-o", "unit")
        self.assertTrue((self.elsewhere / "unit/src/posit_mac.sv").is_file())
        # Text of the zoo needs the tokenizers beside OpenVINO.
        dry = self.program("compare", "zoo:gpt2", "--formats", "int8", "--limit", "1", "-o", "run", "--dry-run")
        self.assertIn("int8", dry)

    def test_manual_page_and_completions(self):
        share = self.prefix / "share"
        for file, arguments in (
            ("man/man1/posittune.1", ["man"]),
            ("bash-completion/completions/posittune", ["completion", "bash"]),
            ("zsh/site-functions/_posittune", ["completion", "zsh"]),
            ("fish/vendor_completions.d/posittune.fish", ["completion", "fish"]),
        ):
            self.assertEqual((share / file).read_text(), self.program(*arguments), file)

    def test_no_path_of_the_source_tree(self):
        for file in self.prefix.rglob("*.cmake"):
            # The environment of OpenVINO may be anywhere, build/venv included.
            text = re.sub(r'"[^"]*/openvino/cmake[^"]*"', "", file.read_text())
            self.assertNotIn(str(ROOT), text, file)

    def build(self, name, source):
        folder = self.path / name
        shutil.copytree(source, folder)
        compiler = f"-DCMAKE_CXX_COMPILER={CXX}"
        self.done(CMAKE, "-S", folder, "-B", folder / "build", compiler, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.done(CMAKE, "--build", folder / "build")
        return folder / "build"

    def test_package(self):
        model = self.prefix / "share/posittune/zoo/gpt2/model.onnx"
        told = self.done(self.build("consumer", HERE / "consumer") / "consumer", model).splitlines()
        self.assertEqual(told[0], f"version {VERSION}")
        # By hand: 0 10 0 1000; 0 001 0 101 is 1.625/16; past half way from 512 to 1024 on the string of bits.
        self.assertEqual(told[1], "code 0x48 value 1.5")
        self.assertEqual(told[2], "quantized 0.1015625 -3 1024")
        rows = json.loads(self.program("inspect", model, "--json"))["rows"]
        self.assertEqual(told[3], f"layers {len(rows)} weights {len({row['weight'] for row in rows} - {None})}")

    def test_example(self):
        build = self.build("example", ROOT / "examples/cmake_project")
        albert = self.prefix / "share/posittune/zoo/albert"
        told = self.done(build / "compare", albert / "model.onnx", albert / "data.yaml", cwd=self.elsewhere)
        # By hand: the root mean square, 577, goes to 1 by 2^-9. Then 0.1 is below the least posit, 2^-12; 3 is 1.5 x 2^-8,
        # which has one bit of fraction; 1000 is 1.953, and 1.9375 = 992 / 512 is nearer than 2.
        first, *rows = told.splitlines()
        self.assertEqual(first, "scale 0.00195312: 0.125 -3 992")
        self.assertEqual(len(rows), 12, told)  # three formats, weights and all, two rules
        # The same call of the command line gives the same rows.
        shutil.move(self.elsewhere / "run/results.json", self.path / "example.json")
        self.program("compare", albert / "model.onnx", "--data", albert / "data.yaml", "--limit", "8",
                     "--formats", "int8,posit<8,1>,posit<6,1>", "-o", "run2")  # fmt: skip
        mine, theirs = (
            json.loads(file.read_text())["rows"]
            for file in (self.path / "example.json", self.elsewhere / "run2/results.json")
        )
        for row in [*mine, *theirs]:
            del row["seconds"]
        self.assertEqual(mine, [row for row in theirs if row["format"] != "fp32"])

    def test_public_headers_show_no_other_library(self):
        source = self.path / "all.cc"
        source.write_text('#include "posittune/posittune.h"\n')
        files = self.done(CXX, "-std=c++20", "-M", "-I", self.prefix / "include", source)
        for library in ("openvino", "nlohmann", "dnnl", "tbb", "Eigen", "sqlite", "fmt", "yaml-cpp", "CLI", "openssl"):
            self.assertNotRegex(files, rf"/{library}[/.]", library)
        self.assertIn("posittune/session/session.h", files)
        # Nor a type of one, declared without its header, nor the rooms that have them.
        self.assertNotIn("posittune/engine/engine.h", files)
        for header in set(re.findall(r"\S+/posittune/\S+\.h", files)):
            self.assertNotRegex(pathlib.Path(header).read_text(), r"\bov::|namespace ov\b|\bdnnl|\bnlohmann", header)

    def test_other_minor_version_is_refused(self):
        probe = self.path / "probe"
        probe.mkdir()
        (probe / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(probe LANGUAGES NONE)\n"
            'find_package(posittune 0.0.9 QUIET)\nmessage("found ${posittune_FOUND}")\n'
        )
        result = subprocess.run(
            [CMAKE, "-S", probe, "-B", probe / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertIn("found 0", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=1)
