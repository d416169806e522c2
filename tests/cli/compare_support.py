"""What the tests of `posittune compare` share."""

import json

from support import ROOT, CliTest

ZOO = ROOT / "zoo"
QUICK = ("--resamples", "50", "--threads", "2")


class CompareTest(CliTest):
    def setUp(self):
        super().setUp()
        self.env = {"POSITTUNE_ZOO": str(ZOO)}

    def compare(self, model, *arguments):
        """The JSON document; what stderr said is in self.said."""
        done = self.run_cli("compare", model, *QUICK, "--json", *arguments, env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout)

    def refused(self, code, *arguments):
        message = self.fails(code, "compare", *arguments, *QUICK, env=self.env)
        self.assertEqual(message.count("error: "), 1, message)
        return message


def by_name(document):
    return {(row["format"], row["what"], row["scale"]): row for row in document["rows"]}


def value(row, metric):
    return row["metrics"][metric]["value"]


def numbers(document):
    """Rows without their times."""
    return [{key: row[key] for key in row if key != "seconds"} for row in document["rows"]]
