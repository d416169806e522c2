#!/usr/bin/env python3
"""The order of the pages, which is that of the list in docs/README.md, and the links at their ends that follow from it.

docs/site/reading_order.py            says which pages have other links, and ends with 1
docs/site/reading_order.py --write    writes them
"""

import os
import pathlib
import re
import sys

DOCS = pathlib.Path(__file__).resolve().parents[1]
CONTENTS = "README.md"
ITEM = re.compile(r"^\d+\. \[(?P<title>[^]]+)\]\((?P<page>[^)]+\.md)\)", re.M)
NAVIGATION = re.compile(r"\n+<!-- navigation -->\n.*\Z", re.S)


def parts(docs: pathlib.Path = DOCS) -> dict[str, list[str]]:
    """Part of the contents -> its pages, in order."""
    found = re.split(r"^## (.+)\n", (docs / CONTENTS).read_text(encoding="utf-8"), flags=re.M)[1:]
    return {title: [item["page"] for item in ITEM.finditer(text)] for title, text in zip(found[::2], found[1::2])}


def order(docs: pathlib.Path = DOCS) -> list[str]:
    return [page for pages in parts(docs).values() for page in pages]


def titles(docs: pathlib.Path = DOCS) -> dict[str, str]:
    return {item["page"]: item["title"] for item in ITEM.finditer((docs / CONTENTS).read_text(encoding="utf-8"))}


def navigation(page: str, docs: pathlib.Path = DOCS) -> str:
    """What a page ends with."""
    pages, names = order(docs), titles(docs)
    at = pages.index(page)

    def link(name: str, to: str) -> str:
        return f"[{name}]({os.path.relpath(docs / to, (docs / page).parent)})"

    links = [link(f"← {names[pages[at - 1]]}", pages[at - 1])] if at > 0 else []
    links.append(link("Contents", CONTENTS))
    links += [link(f"{names[pages[at + 1]]} →", pages[at + 1])] if at + 1 < len(pages) else []
    return "<!-- navigation -->\n" + " · ".join(links) + "\n"


def without_navigation(text: str) -> str:
    return NAVIGATION.sub("\n", text)


def with_navigation(page: str, text: str, docs: pathlib.Path = DOCS) -> str:
    return without_navigation(text).rstrip("\n") + "\n\n" + navigation(page, docs)


def main() -> int:
    write = sys.argv[1:] == ["--write"]
    status = 0
    for page in order():
        file = DOCS / page
        text = file.read_text(encoding="utf-8")
        wanted = with_navigation(page, text)
        if wanted == text:
            continue
        if write:
            file.write_text(wanted, encoding="utf-8")
        else:
            print(f"docs/{page}: other links at its end: docs/site/reading_order.py --write", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
