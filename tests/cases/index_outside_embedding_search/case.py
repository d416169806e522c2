import json

from support import ROOT, CliTest

HERE = ROOT / "tests/cases/index_outside_embedding_search"


class IndexOutsideEmbeddingSearch(CliTest):
    def arguments(self, search):
        return (HERE / "lm.onnx", "--calibrate", HERE / "c.npz", "--search", HERE / search, "--threads", "2")

    def test_refused(self):
        for command, *more in (
            ("sensitivity", "--formats", "int4"),
            ("search", "--bits", "5", "--report", HERE / "r.npz"),
        ):
            message = self.fails(3, command, *self.arguments("s.npz"), *more, "-o", command)
            for part in ("an index is outside the embedding", "s.npz, item 0,", "0 to 22", "23 at position 3"):
                self.assertIn(part, message)
            # The same folder later: refused again, not served.
            self.assertIn("23 at position 3", self.fails(3, command, *self.arguments("s.npz"), *more, "-o", command))

    def test_scores_of_good_data(self):
        rows = json.loads(
            self.ok(
                "sensitivity",
                *self.arguments("s_ok.npz"),
                "--formats",
                "int4",
                "--what",
                "w",
                "--tier",
                "exact",
                "-o",
                "ok",
                "--json",
            )
        )["rows"]
        exact = [row for row in rows if row["tier"] == "exact"]
        self.assertEqual(len(exact), 3)
        for row in exact:
            self.assertGreater(row["score"], 0)
