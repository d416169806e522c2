#!/usr/bin/env python3
"""The pages of docs/ as pages: their order, their links, their commands, and the cards of formats.

usage: pages_test.py POSITTUNE SOURCE [TEST...]
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import page_case
from page_case import PROGRAM, ROOT

DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "site"))
OTHERS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "zoo/README.md", "rtl/doc/README.md"]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```", re.M | re.S)
LINK = re.compile(r"!?\[[^]]*\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`[^`\n]+`")


def text_of(page: pathlib.Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return CODE.sub("`code`", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Of headings, as GitHub and MyST name them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).replace("`", "").strip().lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain}


def links(page: pathlib.Path) -> list[str]:
    return [match["target"] for match in LINK.finditer(without_code(text_of(page)))]


def commands(text: str) -> list[str]:
    """Each that stands in a block or between backticks and begins with the program's name."""
    blocks = [
        line for match in FENCE.finditer(text) if match["language"] in ("sh", "") for line in match["code"].splitlines()
    ]
    blocks += [line[4:] for line in FENCE.sub("", text).splitlines() if line.startswith("    ")]
    spans = [span[1:-1] for span in CODE.findall(FENCE.sub("", text).replace("\n", " "))]
    spans += [span for line in blocks for span in re.findall(r"<\((posittune [^)]*)\)", line)]
    whole = [line.strip() for line in [*blocks, *spans] if re.match(r"posittune [a-z-]", line.strip())]
    return [re.split(r" +[#|>] ?", line)[0] for line in whole]


PAGES = sorted(DOCS.rglob("*.md"))


class Order(unittest.TestCase):
    def test_each_page_has_its_place(self):
        import reading_order

        pages = reading_order.order()
        self.assertEqual(len(pages), len(set(pages)))
        self.assertEqual(
            sorted([*pages, reading_order.CONTENTS]), [page.relative_to(DOCS).as_posix() for page in PAGES]
        )
        self.assertEqual(pages[:2] + pages[-1:], ["start.md", "my-model.md", "faq.md"])

    def test_links_at_the_ends(self):
        import reading_order

        for page in reading_order.order():
            text = text_of(DOCS / page)
            self.assertEqual(reading_order.with_navigation(page, text), text, f"{page}: scripts/site --links")

    def test_sources_of_the_site_have_no_other_links(self):
        import reading_order
        import stage

        names = {stage.NAMES.get(page, page) for page in [reading_order.CONTENTS, *reading_order.order()]}
        for page in [reading_order.CONTENTS, *reading_order.order()]:
            for match in LINK.finditer(without_code(stage.staged(page))):
                path = match["target"].partition("#")[0]
                if path and ":" not in path and not match[0].startswith("!"):
                    self.assertIn(os.path.normpath(os.path.join(os.path.dirname(page), path)), names, page)

    def test_the_readme_leads_here(self):
        self.assertIn("docs/start.md", links(ROOT / "README.md"))


class Links(unittest.TestCase):
    def test_all_resolve(self):
        seen = 0
        for page in [*PAGES, *(ROOT / other for other in OTHERS)]:
            for link in links(page):
                if re.match(r"[a-z]+:", link):
                    self.assertTrue(link.startswith("https://"), f"{page}: {link}")
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                self.assertTrue(target.exists(), f"{page}: {link}")
                if anchor:
                    self.assertIn(anchor, anchors(text_of(target)), f"{page}: {link}")
                seen += 1
        self.assertGreater(seen, 100)

    def test_pictures_are_shown(self):
        shown = {(page.parent / link).resolve() for page in [*PAGES, ROOT / "README.md"] for link in links(page)}
        for picture in [*DOCS.rglob("*.svg"), *DOCS.rglob("*.png")]:
            self.assertIn(picture, shown)


class Commands(unittest.TestCase):
    """In a folder without models: where the program gets as far as looking for one, it has understood the command."""

    def test_all_parse(self):
        words = {"POSITTUNE_ZOO": "/nonexistent", "POSITTUNE_RTL": "/nonexistent"}
        told = {}
        for page in [*PAGES, *(ROOT / other for other in OTHERS if other != "CHANGELOG.md")]:  # which tells of what was
            for command in commands(text_of(page)):
                told.setdefault(command, page)
        self.assertGreater(len(told), 40)
        for command, page in told.items():
            if command.endswith("..."):  # begins one: what is left out is not there to be parsed
                command = command.removesuffix("...")
            arguments = shlex.split(command)[1:]
            if arguments[0] in NEED_MORE and arguments[1:] in ([], ["MODEL"]):  # the name of a command in running text
                arguments.append("--help")
            with self.subTest(command=command), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(
                    [PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, env={**os.environ, **words}
                )
                self.assertIn(done.returncode, (0, 3), f"{page}: {command}\n{done.stderr}")

    def test_what_does_not_parse_is_found(self):
        text = "```sh\nposittune search m.onnx --bit 4 > x  # text\n```\nsee `posittune zoo\nNAME` and `posittune_x`\n"
        self.assertEqual(commands(text), ["posittune search m.onnx --bit 4", "posittune zoo NAME"])
        done = subprocess.run([PROGRAM, "search", "m.onnx", "--bit", "4"], capture_output=True)
        self.assertEqual(done.returncode, 2)


NEED_MORE = (
    "inspect",
    "compare",
    "sensitivity",
    "search",
    "report",
    "export",
    "verify",
    "rtl",
    "quantize",
    "completion",
)


class Formats(page_case.PageCase):
    page_name = "formats.md"

    def test_cards_are_what_the_program_says(self):
        after = self.run_script("formats_page.py", "--write")
        self.assertEqual(after, self.before, "do: python3 bench/formats_page.py --write")
        for picture in self.folder.glob("*.svg"):
            self.assertEqual(picture.read_text(), (DOCS / picture.name).read_text(), picture.name)
        self.assertEqual(len(list(self.folder.glob("*.svg"))), 3)

    def test_each_listed_format_has_one(self):
        listed = subprocess.run([PROGRAM, "formats"], capture_output=True, text=True, check=True).stdout
        names = re.findall(r"^(\S+) +\d+ ", listed, re.M)
        self.assertGreater(len(names), 30)
        self.assertEqual(sorted(re.findall(r"^### (\S+)$", self.before, re.M)), sorted(names))


if __name__ == "__main__":
    page_case.main()
