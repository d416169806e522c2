#!/usr/bin/env python3
"""The site that scripts/site makes of docs/: whole, reachable, readable without a network. Needs packages from PyPI, once; exit
code 77 where they cannot be had.

usage: site_test.py SOURCE [unittest arguments]
"""

import html.parser
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

ROOT = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(ROOT / "docs/site"))
sys.dont_write_bytecode = True
import reading_order  # noqa: E402
import stage  # noqa: E402


class Page(html.parser.HTMLParser):
    def __init__(self, file: pathlib.Path):
        super().__init__()
        self.text = file.read_text(encoding="utf-8")
        self.links: list[str] = []  # where a reader may go
        self.loaded: list[str] = []  # what a browser gets by itself
        self.names: set[str] = set()
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("id"):
            self.names.add(given["id"])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag in ("img", "script", "iframe", "source") and given.get("src"):
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("href") and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(given["href"])


def split(link: str) -> tuple[str, str]:
    path, _, anchor = link.partition("#")
    return urllib.parse.unquote(path.partition("?")[0]), urllib.parse.unquote(anchor)


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name) / "site"
        done = subprocess.run([ROOT / "scripts/site", cls.folder], capture_output=True, text=True)
        if "pip could not install" in done.stderr:
            print("skipped: Sphinx cannot be had", file=sys.stderr)
            sys.exit(77)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.pages = {file: Page(file) for file in cls.folder.rglob("*.html")}

    def test_each_page_is_there_and_reachable(self):
        wanted = [stage.NAMES.get(page, page) for page in [reading_order.CONTENTS, *reading_order.order()]]
        start = self.folder / "index.html"
        seen, left = set(), [start]
        while left:
            file = left.pop()
            if file in seen:
                continue
            seen.add(file)
            targets = ((file.parent / split(link)[0]).resolve() for link in self.pages[file].links if "://" not in link)
            left += [target for target in targets if target in self.pages]
        for page in wanted:
            self.assertIn((self.folder / page).with_suffix(".html"), seen)

    def test_links_and_pictures_resolve(self):
        count = 0
        for file, page in self.pages.items():
            for link in page.links + page.loaded:
                if link.startswith(("https://", "data:")):
                    continue
                path, anchor = split(link)
                target = (file.parent / path).resolve() if path else file
                self.assertTrue(target.exists(), f"{file.name}: {link}")
                if anchor and target in self.pages:
                    self.assertIn(anchor, self.pages[target].names, f"{file.name}: {link}")
                count += 1
        self.assertGreater(count, 1000)

    def test_nothing_is_loaded_from_elsewhere(self):
        for file, page in self.pages.items():
            for link in page.loaded:
                self.assertNotIn("//", link, file.name)
        for style in self.folder.rglob("*.css"):
            self.assertNotRegex(style.read_text(encoding="utf-8"), r"(url\(|@import )['\"]?(https?:)?//", style.name)

    def test_for_small_and_for_dark_screens(self):
        page = self.pages[self.folder / "choosing.html"]
        for part in ('name="viewport" content="width=device-width', "table-wrapper"):  # in it wide tables scroll
            self.assertTrue(part in page.text, part)
        styles = "".join(style.read_text(encoding="utf-8") for style in self.folder.rglob("*.css"))
        self.assertTrue("prefers-color-scheme:dark" in styles.replace(" ", ""))

    def test_search_knows_words_of_the_pages(self):
        index = (self.folder / "searchindex.js").read_text(encoding="utf-8")
        for word in ("perplex", "quir", "octav"):
            self.assertTrue(word in index, word)
        self.assertTrue((self.folder / "search.html").exists())

    def test_names_of_formats_keep_their_stars(self):
        for file, page in self.pages.items():
            self.assertFalse("<em>&gt;" in page.text, f"{file.name}: put posit<n,*> between backticks")

    def test_a_folder_that_is_no_site_is_kept(self):
        folder = self.folder.parent / "other"
        folder.mkdir()
        (folder / "file").touch()
        done = subprocess.run([ROOT / "scripts/site", folder], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no site", done.stderr)
        self.assertTrue((folder / "file").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
