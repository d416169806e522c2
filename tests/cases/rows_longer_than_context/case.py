from support import ROOT, CliTest

HERE = ROOT / "tests/cases/rows_longer_than_context"


class RowsLongerThanContext(CliTest):
    def refused(self, name, command, *arguments):
        message = self.fails(
            3, command, "zoo:gpt2", *arguments, "--threads", "2", "-o", "run", env={"POSITTUNE_ZOO": str(ROOT / "zoo")}
        )
        for part in ("an index is outside the embedding", f"{name}.npz, item 0,", "0 to 255", "256 at position 256"):
            self.assertIn(part, message)

    def test_search(self):
        self.refused(
            "s",
            "sensitivity",
            "--calibrate",
            HERE / "c.npz",
            "--search",
            HERE / "s.npz",
            "--formats",
            "int4",
            "--tier",
            "gain",
        )

    def test_calibrate(self):
        self.refused(
            "s",
            "compare",
            "--calibrate",
            HERE / "s.npz",
            "--report",
            HERE / "r.npz",
            "--formats",
            "int8",
            "--what",
            "wa",
        )

    def test_report(self):
        self.refused("s", "compare", "--report", HERE / "s.npz", "--formats", "int8", "--what", "w")
