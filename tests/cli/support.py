"""What the tests of the executable share. Each test file is run as

FILE POSITTUNE ROOT [unittest arguments]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError:
    print("skipped: numpy is not installed (scripts/test makes an environment that has it)")
    sys.exit(77)

POSITTUNE = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(sys.argv[2])


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def run_cli(self, *arguments, env=None, **options):
        return subprocess.run(
            [POSITTUNE, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=self.path,
            env={**os.environ, **(env or {})},
            timeout=300,
            **options,
        )

    def ok(self, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fails(self, code, *arguments, **options):
        done = self.run_cli(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def save(self, array, name="in.npy"):
        np.save(self.path / name, array)
        return name

    def files(self):
        return sorted(p.name for p in self.path.iterdir())

    def quantize(self, *arguments, **options):
        return json.loads(self.ok("quantize", *arguments, "--json", **options))["rows"][0]


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=1)
