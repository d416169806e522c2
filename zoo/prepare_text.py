#!/usr/bin/env python3
"""Builds the GPT-2 corpus: fetch Debian packages, clean, deduplicate, split by document, train the tokenizer.

Output in --work: train.npy (uint16 token stream), corpus.json (characters and licence per source), tokenizer.json.
Output in --out (shipped): tokenizer.json and calibrate/search/report as text and as npz of token ids.
A text file has one paragraph a line and a blank line between documents.
"""

import argparse
import hashlib
import json
import re
import subprocess
import unicodedata
from pathlib import Path

import numpy as np
from common import Progress, write_atomic
from corpus_sources import SOURCES, Source
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = "<|endoftext|>"
CONTEXT = 256
# Characters per held-out split; about 3.7 characters make a token, so report is about 45 k tokens.
SPLIT_CHARS = {"report": 190_000, "search": 150_000, "calibrate": 75_000}
DOCUMENT_CHARS = 2200  # a held-out document is cut here, so that many documents fit and a bootstrap has units
SHINGLE = 13  # words; a held-out paragraph that shares a run this long with train is dropped

QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "--",
        "\u2026": "...",
        "\u00a0": " ",
        "\u00b4": "'",
        "\u2010": "-",
        "\u2011": "-",
        "\u2212": "-",
    }
)


def fetch(source: Source, cache: Path) -> Path:
    """Unpacks the packages of one source below `cache` and returns the root; nothing is installed."""
    root = cache / "unpacked" / source.name
    if (root / ".complete").exists():
        return root
    debs = cache / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    root.mkdir(parents=True, exist_ok=True)
    for package in source.packages:
        if not list(debs.glob(f"{package}_*.deb")):
            subprocess.run(
                ["apt-get", "download", "-q", package],
                cwd=debs,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        subprocess.run(["dpkg-deb", "-x", str(next(debs.glob(f"{package}_*.deb"))), str(root)], check=True)
    (root / ".complete").write_text(
        "\n".join(p.name for p in debs.glob("*.deb") if p.name.split("_")[0] in source.packages)
    )
    return root


def clean(paragraph: str) -> str:
    """The paragraph in plain typography, or '' if it is not prose: too short, or mostly symbols, or not English."""
    text = unicodedata.normalize("NFC", paragraph.translate(QUOTES)).replace("\u00b6", "").strip()
    text = re.sub(r"\s+", " ", text).strip("_ ")
    letters = sum(c.isascii() and (c.isalpha() or c == " ") for c in text)
    if "Gutenberg" in text:  # the frame that the distributor put around the novel
        return ""
    if len(text) < 40 or letters < 0.88 * len(text) or len(text) > 6000:
        return ""
    words = re.findall(r"[a-z']+", text.lower())
    common = sum(
        w
        in {"the", "of", "and", "to", "a", "in", "is", "that", "it", "for", "you", "be", "with", "as", "i", "or", "he"}
        for w in words
    )
    return text if len(words) >= 7 and common >= 0.1 * len(words) else ""


def shingles(paragraph: str) -> set[int]:
    words = re.findall(r"[a-z0-9']+", paragraph.lower())
    return {hash(tuple(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)}


def stable(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def collect(cache: Path) -> tuple[list[dict], dict]:
    """All clean documents, no paragraph twice anywhere; a source over its limit keeps documents in hash order."""
    seen: set[bytes] = set()
    documents, figures = [], {}
    progress = Progress("sources", len(SOURCES))
    for source in SOURCES:
        root, own = fetch(source, cache), []
        for name, paragraphs in source.reader(root, source.pattern):
            kept = []
            for paragraph in filter(None, map(clean, paragraphs)):
                key = hashlib.blake2b("".join(filter(str.isalnum, paragraph.lower())).encode(), digest_size=12).digest()
                if key not in seen:
                    seen.add(key)
                    kept.append(paragraph)
            if sum(map(len, kept)) >= 300:
                own.append({"source": source.name, "name": f"{source.name}/{name}", "paragraphs": kept})
        own.sort(key=lambda d: stable(d["name"]))
        total = 0
        for i, document in enumerate(own):
            total += sum(map(len, document["paragraphs"]))
            if source.limit and total > source.limit:
                own = own[: i + 1]
                break
        documents += own
        figures[source.name] = {
            "packages": (root / ".complete").read_text().split("\n"),
            "licence": source.licence,
            "documents": len(own),
            "characters": total,
        }
        progress.step(f"{source.name}: {len(own)} documents, {total / 1e6:.2f} M characters")
    return documents, figures


def split(documents: list[dict], figures: dict) -> dict[str, list[dict]]:
    """Whole documents go to one split; held-out splits take from each source in proportion to its size."""
    everything = sum(f["characters"] for f in figures.values())
    # Held-out documents are whole chapters or pages cut to DOCUMENT_CHARS; the cut-off rest is used nowhere.
    result = {"train": [], **{s: [] for s in SPLIT_CHARS}}
    filled = {(s, n): 0 for s in SPLIT_CHARS for n in figures}
    for document in sorted(documents, key=lambda d: stable("split" + d["name"])):
        size = min(DOCUMENT_CHARS, sum(map(len, document["paragraphs"])))
        name = document["source"]
        for target, chars in SPLIT_CHARS.items():
            room = chars * figures[name]["characters"] / everything - filled[target, name]
            if size >= 1000 and room > size / 2 and figures[name]["documents"] > 25:
                filled[target, name] += size
                result[target].append(document)
                break
        else:
            result["train"].append(document)
    known: set[int] = set()
    for document in result["train"]:
        for paragraph in document["paragraphs"]:
            known |= shingles(paragraph)
    for target in SPLIT_CHARS:
        for document in result[target]:
            kept, size = [], 0
            for paragraph in document["paragraphs"]:
                own = shingles(paragraph)
                if size >= DOCUMENT_CHARS:
                    break
                if own & known:
                    continue
                kept.append(paragraph)
                size += len(paragraph)
            for paragraph in kept:  # later splits must not share text with this one either
                known |= shingles(paragraph)
            document["paragraphs"] = kept
        result[target] = [d for d in result[target] if sum(map(len, d["paragraphs"])) >= 600]
    return result


def train_tokenizer(documents: list[dict], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(("\n".join(d["paragraphs"]) for d in documents), trainer)
    return tokenizer


def rows_of(documents: list[dict], tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Rows of CONTEXT ids that never cross a document; each document starts with the end-of-text token."""
    rows, owner = [], []
    end = tokenizer.token_to_id(END)
    for number, document in enumerate(documents):
        ids = [end] + tokenizer.encode("\n".join(document["paragraphs"])).ids
        for at in range(0, len(ids) - CONTEXT + 1, CONTEXT):
            rows.append(ids[at : at + CONTEXT])
            owner.append(number)
    return np.array(rows, np.int64), np.array(owner, np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--work", type=Path, default=Path("build/zoo/gpt2"), help="packages, token stream (default %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "gpt2", help="shipped files (default %(default)s)"
    )
    parser.add_argument("--vocabulary", type=int, default=4096)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)

    documents, figures = collect(args.work / "packages")
    parts = split(documents, figures)
    tokenizer = train_tokenizer(parts["train"], args.vocabulary)
    tokenizer.save(str(args.out / "tokenizer.json"))
    end = tokenizer.token_to_id(END)

    progress = Progress("tokenize", len(parts["train"]), every=5000)
    stream: list[np.ndarray] = []
    for document in parts["train"]:
        stream.append(np.array([end] + tokenizer.encode("\n".join(document["paragraphs"])).ids, np.uint16))
        progress.step()
    tokens = np.concatenate(stream)
    write_atomic(args.work / "train.npy", lambda f: np.save(f, tokens))
    sizes = {"train": {"documents": len(parts["train"]), "tokens": len(tokens)}}
    for name in SPLIT_CHARS:
        rows, owner = rows_of(parts[name], tokenizer)
        text = "\n\n".join("\n".join(d["paragraphs"]) for d in parts[name]) + "\n"
        (args.out / f"{name}.txt").write_text(text, "utf-8")
        np.savez_compressed(args.out / f"{name}.npz", input_ids=rows, document=owner)
        sizes[name] = {"documents": len(parts[name]), "characters": len(text), "rows": len(rows), "tokens": rows.size}
    # which document each number of `document` is: attribution, and a way to check that splits share none
    origin = {name: [d["name"] for d in parts[name]] for name in SPLIT_CHARS}
    write_atomic(args.out / "documents.json", lambda f: f.write(json.dumps(origin, indent=0).encode()))
    report = {"sources": figures, "splits": sizes, "vocabulary": tokenizer.get_vocab_size()}
    write_atomic(args.work / "corpus.json", lambda f: f.write(json.dumps(report, indent=1).encode()))
    print(json.dumps(sizes, indent=1))


if __name__ == "__main__":
    main()
