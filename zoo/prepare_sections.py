#!/usr/bin/env python3
"""Builds the ALBERT task: the description of a Debian package -> the archive section it is filed under.

The labels are the archive's own. Descriptions come from the package index and its English translation file,
fetched with apt into --work, so the machine's own package lists stay as they are. Packages built from one source
share phrases; they stay in one split, and the source is the `document` of the bootstrap.
Output in --out: tokenizer.json, labels.json, documents.json, calibrate/search/report.npz; in --work: train.npz.
"""

import argparse
import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
from common import write_atomic
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SECTIONS = (
    "admin",
    "devel",
    "doc",
    "fonts",
    "games",
    "graphics",
    "java",
    "javascript",
    "libs",
    "net",
    "perl",
    "python",
    "ruby",
    "science",
    "sound",
    "text",
    "utils",
    "x11",
)
PER_SECTION = 1800  # the large sections are thinned to this, so that no class dominates
SPLIT_ITEMS = {"report": 1500, "search": 1000, "calibrate": 500}
LENGTH = 64  # tokens; a longer description is cut


def fetch(work: Path) -> tuple[str, str]:
    """Text of the package index and of the English descriptions, from a private apt state."""
    lists = work / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    (work / "cache").mkdir(exist_ok=True)
    options = [
        "-o",
        "Acquire::Languages=en",
        "-o",
        f"Dir::State::lists={lists.resolve()}",
        "-o",
        f"Dir::Cache={(work / 'cache').resolve()}",
    ]
    if not list(lists.glob("*Translation-en*")):
        subprocess.run(["apt-get", "update", "-q", *options], check=True, stdout=subprocess.DEVNULL)
    index = subprocess.run(["apt-cache", "dumpavail", *options], check=True, capture_output=True).stdout
    texts = [
        subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(p)], check=True, capture_output=True).stdout
        for p in sorted(lists.glob("*_bookworm_main_i18n_Translation-en*"))
    ]
    return index.decode("utf-8", "replace"), b"\n\n".join(texts).decode("utf-8", "replace")


def fields(stanza: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9-]+): ?((?:.*)(?:\n[ \t].*)*)", stanza, re.M))


def stable(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def clean(description: str) -> str:
    """Summary and body as one line. Enumerations keep their words; the ' .' that stands for an empty line goes."""
    lines = [line.strip() for line in description.split("\n")]
    return " ".join(" ".join("" if line == "." else line for line in lines).split())


def collect(index: str, translations: str) -> list[dict]:
    long = {}
    for stanza in translations.split("\n\n"):
        entry = fields(stanza)
        if "Description-en" in entry:
            long[entry["Description-md5"]] = entry["Description-en"]
    items, seen = [], set()
    for stanza in index.split("\n\n"):
        entry = fields(stanza)
        # only Debian main is known to be free; other archives on a machine do not take part
        if entry.get("Section") not in SECTIONS or not entry.get("Filename", "").startswith("pool/main/"):
            continue
        text = clean(long.get(entry.get("Description-md5"), ""))
        key = re.sub(r"[^a-z]+", "", text.lower())
        # "transitional" and debug packages say nothing about their section
        if len(text) < 80 or key in seen or "transitional" in text or "dummy package" in text:
            continue
        seen.add(key)
        items.append(
            {
                "package": entry["Package"],
                "source": entry.get("Source", entry["Package"]).split()[0],
                "text": text,
                "label": SECTIONS.index(entry["Section"]),
            }
        )
    items.sort(key=lambda i: stable(i["package"]))
    count = [0] * len(SECTIONS)
    kept = []
    for item in items:
        count[item["label"]] += 1
        if count[item["label"]] <= PER_SECTION:
            kept.append(item)
    return kept


def split(items: list[dict]) -> dict[str, list[dict]]:
    by_source: dict[str, list[dict]] = {}
    for item in items:
        by_source.setdefault(item["source"], []).append(item)
    parts = {name: [] for name in (*SPLIT_ITEMS, "train")}
    for source in sorted(by_source, key=lambda s: stable("split" + s)):
        name = next((n for n, size in SPLIT_ITEMS.items() if len(parts[n]) < size), "train")
        if name != "train":
            # at most 3 items a source: a bootstrap by source needs many sources
            parts[name] += by_source[source][:3]
        else:
            parts[name] += by_source[source]
    # a body that several sources share word for word (its last 100 characters) stays only in the first split that has it
    taken: set[str] = set()
    for name in parts:
        own = {i["text"][-100:] for i in parts[name]}
        parts[name] = [i for i in parts[name] if i["text"][-100:] not in taken]
        taken |= own
    return parts


def train_tokenizer(texts: list[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=vocabulary, special_tokens=special, show_progress=False)
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(LENGTH)
    return tokenizer


def arrays(items: list[dict], tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    encoded = tokenizer.encode_batch([i["text"] for i in items])
    sources = {s: n for n, s in enumerate(dict.fromkeys(i["source"] for i in items))}
    return {
        "input_ids": np.array([e.ids for e in encoded], np.int64),
        "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
        "labels": np.array([i["label"] for i in items], np.int64),
        "document": np.array([sources[i["source"]] for i in items], np.int64),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/zoo/albert"))
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "albert", help="shipped files (default %(default)s)"
    )
    parser.add_argument("--vocabulary", type=int, default=6000)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)

    parts = split(collect(*fetch(args.work)))
    tokenizer = train_tokenizer([i["text"] for i in parts["train"]], args.vocabulary)
    tokenizer.save(str(args.out / "tokenizer.json"))
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]", length=LENGTH)  # the arrays only: a server pads as it likes
    for name, items in parts.items():
        folder = args.work if name == "train" else args.out
        write_atomic(folder / f"{name}.npz", lambda f: np.savez_compressed(f, **arrays(items, tokenizer)))
        counts = np.bincount([i["label"] for i in items], minlength=len(SECTIONS))
        print(f"{name}: {len(items)} items, {len({i['source'] for i in items})} sources, per section {counts.tolist()}")
    origin = {n: [i["package"] for i in parts[n]] for n in SPLIT_ITEMS}
    write_atomic(args.out / "documents.json", lambda f: f.write(json.dumps(origin).encode()))
    write_atomic(args.out / "labels.json", lambda f: f.write(json.dumps(SECTIONS).encode()))


if __name__ == "__main__":
    main()
