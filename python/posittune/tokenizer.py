"""Hugging Face tokenizers as OpenVINO models: strings in, input_ids and attention_mask out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from posittune.errors import Exit, Failure, one_line
from posittune.onnx_export import quiet

NAME = "openvino_tokenizer"
UNLIMITED = int(1e30)  # transformers' own value for "no longest text"; the reader of data cuts texts itself
# Files of which one must be there; transformers builds a tokenizer for some architectures out of nothing otherwise.
SOURCES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
SAMPLES = ("The quick brown fox jumps over the lazy dog.", "naïve café, 12345 × 6.7e-8\tand\n\nnew  lines ",
           "don't stop: it's they'll we've", "日本語 и русский 🙂", "x", "for (int i = 0; i < n; ++i) { a[i] += 0x1F; }")


def load(source: str) -> Any | None:
    """The fast tokenizer of a folder or hub name; None when a folder has none."""
    import transformers
    folder = Path(source)
    if folder.is_dir() and not any((folder / name).is_file() for name in SOURCES):
        return None
    try:
        with quiet():
            if folder.is_dir() and not (folder / "tokenizer_config.json").is_file() and (folder / "tokenizer.json").is_file():
                return transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
            return transformers.AutoTokenizer.from_pretrained(source)
    except Exception as error:  # the tokenizers library raises plain Exception for a bad file
        raise Failure(Exit.INPUT, "the tokenizer cannot be read", where=source, found=one_line(error)) from error


def convert(tokenizer: Any, folder: Path) -> list[Path]:
    """Writes openvino_tokenizer.xml and .bin, which give the ids of tokenizer(text), without a limit of length."""
    import openvino
    import openvino_tokenizers
    tokenizer.model_max_length = UNLIMITED
    try:
        with quiet():
            model = openvino_tokenizers.convert_tokenizer(tokenizer, with_detokenizer=False)
    except Exception as error:
        raise Failure(Exit.UNSUPPORTED, "openvino_tokenizers cannot convert the tokenizer",
                      where=type(tokenizer).__name__, found=one_line(error), hint="--no-tokenizer") from error
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
