"""Where the GPT-2 corpus comes from: Debian packages, their licences, and how to read each kind of file.

Every source is one row of SOURCES. A reader turns the unpacked package into documents; a document is
a list of paragraphs, one string each. Readers keep prose and leave out code, tables and markup, because
a small model spends its capacity better on one kind of text.
"""

import bz2
import gzip
import html.parser
import lzma
import re
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

Document = tuple[str, list[str]]  # (name inside the source, paragraphs)


class _Prose(html.parser.HTMLParser):
    """Collects the text of paragraph-like elements of HTML or Mallard XML; skips code, scripts and navigation."""

    BLOCKS = {"p", "li", "dd", "blockquote", "item", "td"}
    SKIP = {"script", "style", "pre", "nav", "head", "info", "screen", "code-block", "footer", "header"}
    VOID = {"br", "img", "hr", "meta", "link", "input", "col", "media"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs, self.buffer, self.skipping = [], [], 0

    def _flush(self) -> None:
        self.paragraphs.append(" ".join("".join(self.buffer).split()))
        self.buffer = []

    def handle_starttag(self, tag, attrs):
        if tag in self.SKIP:
            self.skipping += 1
        elif tag in self.BLOCKS or tag in ("h1", "h2", "h3", "h4", "div", "title"):
            self._flush()

    def handle_startendtag(self, tag, attrs):
        pass  # an empty element neither opens nor closes a block

    def handle_endtag(self, tag):
        if tag in self.SKIP:
            self.skipping = max(0, self.skipping - 1)
        elif tag in self.BLOCKS or tag in ("h1", "h2", "h3", "h4", "div", "title"):
            self._flush()

    def handle_data(self, data):
        if not self.skipping:
            self.buffer.append(data)


def read_markup(root: Path, pattern: str) -> Iterator[Document]:
    for path in sorted(root.glob(pattern)):
        data = path.read_bytes()
        charset = "latin-1" if b"iso-8859-1" in data[:2000].lower() else "utf-8"
        parser = _Prose()
        parser.feed(data.decode(charset, "replace"))
        parser.close()
        yield str(path.relative_to(root)), parser.paragraphs


def read_pod(root: Path, pattern: str) -> Iterator[Document]:
    """Perl's POD: indented paragraphs are code, lines with '=' are commands, X<...> is an index entry."""
    for path in sorted(root.glob(pattern)):
        kept = []
        for block in re.split(r"\n\s*\n", path.read_text("utf-8", "replace")):
            if block[:1] in ("=", " ", "\t", ""):
                continue
            block = re.sub(r"[XZ]<[^>]*>", "", block)
            block = re.sub(r"L<(?:[^|>]*\|)?([^>]*)>", r"\1", block)
            block = re.sub(r"[A-Z]<<+ (.*?) >>+", r"\1", block, flags=re.S)
            for _ in range(3):  # codes nest
                block = re.sub(r"[BCFIS]<([^<>]*)>", r"\1", block)
            block = block.replace("E<gt>", ">").replace("E<lt>", "<")
            kept.append(" ".join(block.split()))
        yield str(path.relative_to(root)), kept


def read_dictd(root: Path, pattern: str, entries_per_document: int = 12) -> Iterator[Document]:
    """A dictd dictionary: entries start in column 0, their bodies are indented; neighbours make one document."""
    for path in sorted(root.glob(pattern)):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        text = re.sub(r"\n\s*\[[^\]\n]{3,40}\](?=\n)", "", text)  # source tags such as [1913 Webster]
        text = re.sub(r"[{}]", "", text)
        entries = [" ".join(e.split()) for e in re.split(r"\n(?=\S)", text)]
        entries = [re.sub(r"\\[^\\]*\\,?", "", e) for e in entries]  # pronunciation between backslashes
        for i in range(0, len(entries), entries_per_document):
            yield f"{path.name}:{i}", entries[i : i + entries_per_document]


def read_r_novels(root: Path, pattern: str) -> Iterator[Document]:
    """Lazy-load data base of R: blocks of 4-byte length, optional type byte, compressed XDR; we want its strings.

    A CHARSXP is 00 0? 00|80 09, a 4-byte length and the bytes. Novels are stored as lines or whole; a document is a
    chapter.
    """
    for path in sorted(root.glob(pattern)):
        data, n = path.read_bytes(), 0
        while len(data) > 5:
            if data[4:5] == b"Z":  # raw LZMA2
                stream = lzma.LZMADecompressor(
                    lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}]
                )
                raw = stream.decompress(data[5:])
            elif data[4:5] == b"2":
                stream = bz2.BZ2Decompressor()
                raw = stream.decompress(data[5:])
            else:
                stream = zlib.decompressobj()
                raw = stream.decompress(data[4:])
            data = stream.unused_data
            lines, pos = [], 0
            for chars in re.finditer(rb"\x00[\x00-\x0f][\x00\x80]\x09(....)", raw, re.S):
                if chars.start() < pos:
                    continue
                size = int.from_bytes(chars.group(1), "big")
                if size < 1 << 24:
                    pos = chars.end() + size
                    lines.append(raw[chars.end() : pos].decode("utf-8", "replace").replace("\r", ""))
                elif size == 0xFFFFFFFF:
                    lines.append("")
            for chapter in re.split(r"\n(?=(?:CHAPTER|Chapter|VOLUME)\b)", "\n".join(lines)):
                n += 1
                yield f"{path.name}:{n}", [" ".join(p.split()) for p in re.split(r"\n\s*\n", chapter)]


def read_quoted(root: Path, pattern: str) -> Iterator[Document]:
    """Story text of games: Endless Sky puts it between backticks or in double quotes, Wesnoth in _ "..." strings."""
    for path in sorted(root.glob(pattern)):
        text = path.read_text("utf-8", "replace")
        if path.suffix == ".cfg":
            found = re.findall(r'_\s*"((?:[^"]|"")*)"', text)
        else:
            found = [a or b for a, b in re.findall(r'`([^`\n]*)`|\bdescription "([^"\n]*)"', text)]
        yield str(path.relative_to(root)), [" ".join(s.replace('""', '"').split()) for s in found]


def read_crawl(root: Path, pattern: str) -> Iterator[Document]:
    """Descriptions of Dungeon Crawl: entries between lines of %%%%, the first line is the key."""
    for path in sorted(root.glob(pattern)):
        entries = path.read_text("utf-8", "replace").split("%%%%")
        texts = []
        for entry in entries:
            body = entry.strip().partition("\n")[2]
            if body and "_" not in body and "{{" not in body:
                texts += [" ".join(p.split()) for p in re.split(r"\n\s*\n", body)]
        for i in range(0, len(texts), 12):
            yield f"{path.name}:{i}", texts[i : i + 12]


def read_bible(root: Path, pattern: str) -> Iterator[Document]:
    """The King James Bible through the package's own reader program; a document is ten chapters' worth of verses."""
    program, data = root / "usr/bin/bible", root / "usr/lib/bible.data"
    text = subprocess.run(
        [program, "-f", "-p", data.parent, "gen1:1-rev22:21"], capture_output=True, check=True, timeout=120
    ).stdout.decode("latin-1")
    chapters: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = re.match(r"(\S+?)(\d+):\d+\s+(.*)", line)
        if match:
            chapters.setdefault(match[1] + match[2], []).append(match[3])
    for chapter, verses in chapters.items():
        yield chapter, [" ".join(verses[i : i + 5]) for i in range(0, len(verses), 5)]


@dataclass(frozen=True)
class Source:
    name: str
    packages: tuple[str, ...]
    reader: Callable[[Path, str], Iterator[Document]]
    pattern: str  # glob below the unpacked package
    licence: str  # of the text, from the package's copyright file
    limit: int = 0  # characters kept after cleaning; 0 is all


WESNOTH_CAMPAIGNS = tuple(
    f"wesnoth-1.16-{c}" for c in "did dm dw ei httt l low nr sof sota sotbe thot trow tsg utbs".split()
)

SOURCES = (
    Source(
        "austen",
        ("r-cran-janeaustenr",),
        read_r_novels,
        "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb",
        "public domain (six novels by Jane Austen); package MIT",
    ),
    Source(
        "moby-dick",
        ("r-cran-tokenizers",),
        read_r_novels,
        "usr/lib/R/site-library/tokenizers/data/Rdata.rdb",
        "public domain (Herman Melville, Moby-Dick); package MIT",
    ),
    Source("bible", ("bible-kjv", "bible-kjv-text"), read_bible, "", "public domain (King James Version)"),
    Source(
        "devil", ("dict-devil",), read_dictd, "usr/share/dictd/*.dz", "public domain (Bierce, The Devil's Dictionary)"
    ),
    Source("anarchist-faq", ("anarchism",), read_markup, "usr/share/doc/anarchism/html/*.html", "GPL-2+", 5_000_000),
    Source(
        "copyright-book", ("cfi-en",), read_markup, "usr/share/doc/cfi-en/html/*.htm", "public domain (Linus Walleij)"
    ),
    Source("endless-sky", ("endless-sky-data",), read_quoted, "usr/share/games/endless-sky/data/**/*.txt", "GPL-3+"),
    Source(
        "wesnoth",
        ("wesnoth-1.16-data", *WESNOTH_CAMPAIGNS),
        read_quoted,
        "usr/share/games/wesnoth/1.16/data/**/*.cfg",
        "GPL-2+",
    ),
    Source("crawl", ("crawl-common",), read_crawl, "usr/share/crawl/dat/descript/[!q]*.txt", "GPL-2+"),
    Source(
        "gcide",
        ("dict-gcide",),
        read_dictd,
        "usr/share/dictd/*.dz",
        "GPL-2+ (GNU Collaborative International Dictionary of English)",
        5_000_000,
    ),
    Source("jargon", ("dict-jargon",), read_dictd, "usr/share/dictd/*.dz", "public domain (The Jargon File)"),
    Source("foldoc", ("dict-foldoc",), read_dictd, "usr/share/dictd/*.dz", "GFDL-1.1+, no invariant sections"),
    Source(
        "debian-handbook",
        ("debian-handbook",),
        read_markup,
        "usr/share/doc/debian-handbook/html/en-US/*.html",
        "GPL-2+ or CC-BY-SA-3.0",
    ),
    Source("debian-reference", ("debian-reference-en",), read_markup, "usr/share/debian-reference/*.en.html", "GPL-2+"),
    Source("debian-history", ("debian-history",), read_markup, "usr/share/doc/debian-history/docs/*.en.html", "GPL-2+"),
    Source(
        "installation-guide",
        ("installation-guide-amd64",),
        read_markup,
        "usr/share/doc/installation-guide-amd64/en/*.html",
        "GPL-2",
    ),
    Source(
        "debian-policy", ("debian-policy",), read_markup, "usr/share/doc/debian-policy/policy.html/ch-*.html", "GPL-2+"
    ),
    Source("git", ("git-doc",), read_markup, "usr/share/doc/git-doc/**/*.html", "GPL-2"),
    Source("perl", ("perl-doc",), read_pod, "usr/share/perl/*/pod/perl[!tu]*.pod", "GPL-1+ or Artistic"),
    Source(
        "rust-books", ("rust-doc",), read_markup, "usr/share/doc/rust-doc/html/[ber]*/**/*.html", "MIT or Apache-2.0"
    ),
    Source(
        "python",
        ("python3.11-doc",),
        read_markup,
        "usr/share/doc/python3.11/html/[hlrtu]*/*.html",
        "PSF-2.0",
        3_000_000,
    ),
    Source(
        "linux",
        ("linux-doc-6.1",),
        read_markup,
        "usr/share/doc/linux-doc-6.1/html/[adfpst]*/**/*.html",
        "GPL-2",
        5_000_000,
    ),
    Source(
        "postgresql", ("postgresql-doc-15",), read_markup, "usr/share/doc/postgresql-doc-15/html/*.html", "PostgreSQL"
    ),
    Source("gnome-help", ("gnome-user-docs",), read_markup, "usr/share/help/C/**/*.page", "CC-BY-SA-3.0"),
    Source(
        "gimp-help",
        ("gimp-help-en",),
        read_markup,
        "usr/share/gimp/2.0/help/en/*.html",
        "GFDL-1.2+, no invariant sections",
    ),
    Source(
        "libreoffice-help",
        ("libreoffice-help-en-us",),
        read_markup,
        "usr/share/libreoffice/help/en-US/text/**/*.html",
        "MPL-2.0",
        2_000_000,
    ),
    Source("aptitude", ("aptitude-doc-en",), read_markup, "usr/share/doc/aptitude/html/en/*.html", "GPL-2+"),
)
