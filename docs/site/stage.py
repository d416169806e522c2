#!/usr/bin/env python3
"""The pages of docs/ as sources of the site: stage.py FOLDER

The site has its own links between pages and its own list of contents. Files of the project that are no pages are named, not
linked. Sphinx has pages of its own that are called index and search.
"""

import os
import pathlib
import re
import shutil
import sys

import reading_order
from reading_order import CONTENTS, DOCS

NAMES = {CONTENTS: "index.md", "search.md": "search-command.md"}
LINK = re.compile(r"(?<!!)\[(?P<text>[^]]*)\]\((?P<target>[^)#\s:]+)(?P<anchor>#[^)]*)?\)")


def table_of_contents() -> str:
    return "\n\n".join(
        "\n".join(
            ["```{toctree}", ":hidden:", f":caption: {part}", "", *(NAMES.get(page, page) for page in pages), "```"]
        )
        for part, pages in reading_order.parts().items()
    )


def staged(page: str) -> str:
    folder = (DOCS / page).parent

    def mended(match: re.Match) -> str:
        target = (folder / match["target"]).resolve()
        if target.is_relative_to(DOCS) and target.suffix == ".md":
            name = target.relative_to(DOCS).as_posix()
            to = os.path.relpath(DOCS / NAMES.get(name, name), folder)
            return f"[{match['text']}]({to}{match['anchor'] or ''})"
        path = target.relative_to(DOCS.parent).as_posix()
        text = match["text"].strip("`")
        return f"`{path}`" if text in (path, pathlib.PurePath(path).name) else f"{match['text']} (`{path}`)"

    text = reading_order.without_navigation((DOCS / page).read_text(encoding="utf-8"))
    text = LINK.sub(mended, text)
    return f"{text}\n{table_of_contents()}\n" if page == CONTENTS else text


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    for page in [CONTENTS, *reading_order.order()]:
        file = folder / NAMES.get(page, page)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(staged(page), encoding="utf-8")
    for picture in [*DOCS.glob("*.svg"), *DOCS.glob("*.png")]:
        shutil.copy(picture, folder)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
