"""The hash of sources that journals keep: fingerprint_test.py CMAKE SCRIPT"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CMAKE, SCRIPT = sys.argv[1:3]


class FingerprintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("formats/posit.cc", "int es = 1;  // of posit<8,1>\n")
        self.write("cli/main.cc", "int main() {}\n")
        self.first = self.hash()

    def write(self, name, text):
        file = self.root / "src" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def hash(self):
        out = self.root / "fingerprint.cc"
        subprocess.run(
            [CMAKE, f"-DSOURCE={self.root / 'src'}", f"-DOUTPUT={out}", "-P", SCRIPT], check=True, capture_output=True
        )
        return re.search('"([0-9a-f]{16})"', out.read_text())[1]

    def test_form_decides_nothing(self):
        self.write("formats/posit.cc", "int es =\n    1;  // the exponent's bits\n")
        self.assertEqual(self.hash(), self.first)

    def test_what_prints_decides_nothing(self):
        self.write("cli/main.cc", "int main() { return 1; }\n")
        self.write("main.cc", "int main() { return 1; }\n")
        self.assertEqual(self.hash(), self.first)

    def test_a_changed_line(self):
        self.write("formats/posit.cc", "int es = 2;  // of posit<8,1>\n")
        self.assertNotEqual(self.hash(), self.first)

    def test_a_new_file_and_another_name(self):
        self.write("quant/rule.h", "")
        self.assertNotEqual(self.hash(), self.first)
        (self.root / "src/quant/rule.h").unlink()
        (self.root / "src/formats/posit.cc").rename(self.root / "src/formats/float.cc")
        self.assertNotEqual(self.hash(), self.first)

    def test_no_sources_are_an_error(self):
        result = subprocess.run(
            [CMAKE, f"-DSOURCE={self.root / 'none'}", f"-DOUTPUT={self.root / 'x.cc'}", "-P", SCRIPT],
            capture_output=True,
            text=True,
        )
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no sources", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
