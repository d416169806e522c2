"""Hugging Face tokenizers as OpenVINO models: strings in, input_ids and attention_mask out.

    python -m posittune.tokenizer SOURCE -o DIR

SOURCE is a model's folder, a tokenizer.json, or a name on the hub. DIR gets openvino_tokenizer.xml and .bin. (For a
whole model: python -m posittune.hub.)
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from posittune.errors import Exit, Failure, one_line, run
from posittune.files import new_files, size_text
from posittune.onnx_export import quiet

NAME = "openvino_tokenizer"
UNLIMITED = int(1e30)  # transformers' own value for "no longest text"; the reader of data cuts texts itself
# Files of which one must be there; transformers builds a tokenizer for some architectures out of nothing otherwise.
SOURCES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
SAMPLES = (
    "The quick brown fox jumps over the lazy dog.",
    "naïve café, 12345 × 6.7e-8\tand\n\nnew  lines ",
    "don't stop: it's they'll we've",
    "日本語 и русский 🙂",
    "x",
    "for (int i = 0; i < n; ++i) { a[i] += 0x1F; }",
)


# The parts of special tokens in a bare tokenizer.json, which does not say them.
USUAL = {
    "<|endoftext|>": "eos",
    "<s>": "bos",
    "</s>": "eos",
    "<unk>": "unk",
    "<pad>": "pad",
    "[UNK]": "unk",
    "[PAD]": "pad",
    "[CLS]": "cls",
    "[SEP]": "sep",
    "[MASK]": "mask",
}


def load(source: str) -> Any | None:
    """The fast tokenizer of a folder, a tokenizer.json or a hub name; None when a folder has none."""
    import transformers

    path = Path(source)
    if path.is_dir():
        if not any((path / name).is_file() for name in SOURCES):
            return None
        if not (path / "tokenizer_config.json").is_file() and (path / "tokenizer.json").is_file():
            path /= "tokenizer.json"
    try:
        with quiet():
            return bare(path) if path.is_file() else transformers.AutoTokenizer.from_pretrained(source)
    except Exception as error:  # the tokenizers library raises plain Exception for a bad file
        raise Failure(Exit.INPUT, "the tokenizer cannot be read", where=source, found=one_line(error)) from error


def bare(path: Path) -> Any:
    import tokenizers
    import transformers

    core = tokenizers.Tokenizer.from_file(str(path))
    special = [token.content for token in core.get_added_tokens_decoder().values() if token.special]
    parts = {f"{USUAL[token]}_token": token for token in special if token in USUAL}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=core, **parts)


def convert(tokenizer: Any, folder: Path) -> list[Path]:
    """Writes openvino_tokenizer.xml and .bin, which give the ids of tokenizer(text), without a limit of length."""
    import openvino
    import openvino_tokenizers

    tokenizer.model_max_length = UNLIMITED
    try:
        with quiet():
            model = openvino_tokenizers.convert_tokenizer(tokenizer, with_detokenizer=False)
    except Exception as error:
        raise Failure(
            Exit.UNSUPPORTED,
            "openvino_tokenizers cannot convert the tokenizer",
            where=type(tokenizer).__name__,
            found=one_line(error),
            hint="--no-tokenizer",
        ) from error
    path = folder / f"{NAME}.xml"
    openvino.save_model(model, path, compress_to_fp16=False)
    return [path, path.with_suffix(".bin")]


class OpenVinoTokenizer:
    """The written model, for checks."""

    def __init__(self, path: Path) -> None:
        import openvino
        import openvino_tokenizers  # noqa: F401  registers its operators

        self.request = openvino.compile_model(str(path), "CPU")

    def ids(self, text: str) -> list[int]:
        return self.request([text])["input_ids"][0].tolist()


def first_difference(tokenizer: Any, path: Path, texts: Sequence[str] = SAMPLES) -> str | None:
    """None when the written model gives the same ids for each text, otherwise the text."""
    written = OpenVinoTokenizer(path)
    return next((text for text in texts if written.ids(text) != tokenizer(text)["input_ids"]), None)


def check(differing: str | None) -> None:
    """Fails for what first_difference found."""
    if differing is not None:
        raise Failure(
            Exit.GOAL_NOT_MET,
            "the written tokenizer gives other ids than Hugging Face's",
            where=repr(differing),
            hint="tokenize with Hugging Face and give the data as npz",
        )


def export(tokenizer: Any, folder: Path) -> str | None:
    """Writes the files and says so on stdout; the text with other ids than Hugging Face's, if there is one."""
    files = convert(tokenizer, folder)
    print(
        f"{files[0].name}, {files[1].name}: {size_text(sum(f.stat().st_size for f in files))}, {len(tokenizer)} tokens"
    )
    return first_difference(tokenizer, files[0])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m posittune.tokenizer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("-o", "--out", metavar="DIR", type=Path, required=True)
    given = parser.parse_args(arguments)
    tokenizer = load(given.source)
    if tokenizer is None:
        raise Failure(Exit.INPUT, "no tokenizer", where=given.source, expected=" or ".join(SOURCES))
    with new_files(given.out) as folder:
        differing = export(tokenizer, folder)
    check(differing)
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(run(main))
