"""Data sets as our reader sees them, against NumPy, Pillow and Hugging Face's tokenizers.

usage: data_peers_test.py DATA_DUMP BUILD ZOO      exit 77 when the packages cannot be installed
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PACKAGES = ["numpy==2.2.6", "pillow==11.3.0", "tokenizers==0.22.1"]


def environment(build: Path) -> Path:
    """Python with PACKAGES, in BUILD/data_peers."""
    folder = build / "data_peers"
    stamp = folder / "packages.json"
    python = folder / "bin/python"
    wanted = json.dumps([PACKAGES, sys.version])
    if not stamp.is_file() or stamp.read_text() != wanted:
        try:
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(folder)
            subprocess.run(
                [
                    python,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-input",
                    "--disable-pip-version-check",
                    "--retries",
                    "1",
                    *PACKAGES,
                ],
                check=True,
                timeout=600,
            )
        except (OSError, subprocess.SubprocessError) as error:
            print(f"skipped: {', '.join(PACKAGES)} cannot be installed: {error}")
            sys.exit(77)
        stamp.write_text(wanted)
    return python


class Checker:
    def __init__(self, dump: str, folder: Path):
        self.dump, self.folder, self.passed = dump, folder, 0

    def read(self, spec: dict, inputs: list) -> dict:
        """The split `report` of `spec` for a model with `inputs` = (name, type, dims)."""
        yaml, model = self.folder / "data.yaml", self.folder / "inputs.json"
        yaml.write_text(json.dumps({"report": spec}))  # JSON is YAML
        model.write_text(json.dumps([{"name": n, "type": t, "dims": d} for n, t, d in inputs]))
        done = subprocess.run([self.dump, yaml, model], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (done.returncode, done.stderr)
        return json.loads(done.stdout)

    def array(self, out: dict, name: str):
        import numpy as np

        assert "error" not in out, out["error"]
        tensor = out["tensors"][name]
        return np.array(tensor["values"]).reshape(tensor["shape"])

    def done(self, what: str):
        self.passed += 1
        print(f"ok: {what}", flush=True)


def check_npz(check: Checker):
    import numpy as np

    random = np.random.default_rng(1)
    ids = random.integers(0, 50000, (7, 5))
    floats = random.standard_normal((7, 2, 3)).astype("f4")
    for save in (np.savez, np.savez_compressed):
        for integer in ("i2", "u2", "i4", "u4", "i8", "u8", ">i4", ">u2"):
            x = (ids % 30000).astype(integer)
            file = check.folder / "x.npz"
            save(
                file,
                ids=x,
                floats=floats.astype("f8"),
                labels=ids[:, 0].astype(integer.replace(">", "")) % 100,
                document=np.array([4, 4, 0, 0, 0, 9, 9]),
            )
            out = check.read({"path": file.name}, [("ids", "int64", [-1, -1]), ("floats", "float32", [-1, 2, -1])])
            assert np.array_equal(check.array(out, "ids"), x), integer
            assert np.array_equal(check.array(out, "floats"), floats)
            assert out["labels"] == [int(v) % 100 for v in ids[:, 0].astype(integer.replace(">", ""))], integer
            assert out["units"] == [0, 0, 1, 1, 1, 2, 2]
            assert out["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        check.done(f"{save.__name__}: eight integer types, float64, labels, documents")
    np.savez(check.folder / "o.npz", ids=np.array([object()] * 2))
    out = check.read({"path": "o.npz"}, [("ids", "int64", [-1])])
    assert out["kind"] == 3 and "'|O'" in out["error"] and "o.npz, array 'ids'" in out["error"], out
    np.savez(check.folder / "f.npz", ids=np.asfortranarray(ids))
    out = check.read({"path": "f.npz"}, [("ids", "int64", [-1, -1])])
    assert np.array_equal(check.array(out, "ids"), ids)
    for save in (np.savez, np.savez_compressed):
        save(check.folder / "f.npz", floats=np.asfortranarray(floats))
        for limit in (7, 3):
            out = check.read({"path": "f.npz", "limit": limit}, [("floats", "float32", [-1, 2, -1])])
            assert np.array_equal(check.array(out, "floats"), floats[:limit])
    check.done("object arrays are refused, Fortran order is read")


def check_zoo_npz(check: Checker, zoo: Path):
    import numpy as np

    inputs = {
        "gpt2": [("input_ids", "int64", [-1, -1])],
        "albert": [("input_ids", "int64", [-1, -1]), ("attention_mask", "int64", [-1, -1])],
    }
    for model, takes in inputs.items():
        for split in ("calibrate", "search", "report"):
            file = zoo / model / f"{split}.npz"
            with np.load(file) as expected:
                out = check.read({"path": str(file)}, takes)
                for name, *_ in takes:
                    assert np.array_equal(check.array(out, name), expected[name])
                if "labels" in expected:
                    assert out["labels"] == expected["labels"].tolist()
                if "document" in expected:
                    known = {}
                    assert out["units"] == [known.setdefault(d, len(known)) for d in expected["document"].tolist()]
    check.done("all npz files of the zoo")


def pixels(file: Path):
    import numpy as np
    from PIL import Image

    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def check_images(check: Checker, zoo: Path):
    import numpy as np
    from PIL import Image

    folder = check.folder / "images"
    folder.mkdir()
    random = np.random.default_rng(2)
    # Smooth pictures with some noise, in an odd size, so that the chroma of a JPEG has half a block at the edge.
    wave = np.sin(np.arange(37)[:, None, None] / 5 + np.arange(53)[None, :, None] / 7 + np.arange(4))
    picture = (wave * 90 + 128 + random.normal(0, 8, wave.shape)).clip(0, 255).astype("u1")
    rgb, rgba = Image.fromarray(picture[:, :, :3]), Image.fromarray(picture)
    for quality in (30, 75, 95):
        for chroma in (0, 1, 2):
            rgb.save(folder / f"q{quality}s{chroma}.jpg", quality=quality, subsampling=chroma)
    rgb.save(folder / "progressive.jpeg", progressive=True)
    rgb.convert("L").save(folder / "grey.JPG")
    rgb.save(folder / "rgb.png")
    rgba.save(folder / "rgba.png")
    rgb.convert("L").save(folder / "grey.png")
    rgb.convert("LA").save(folder / "grey_alpha.png")
    rgb.convert("P").save(folder / "palette.png")
    rgb.convert("P").save(folder / "palette_alpha.png", transparency=3)
    rgb.convert("1").save(folder / "bits.png")
    files = sorted(folder.iterdir(), key=lambda f: f.name.encode())
    size = {"size": [37, 53]}
    out = check.read({"path": "images", "preprocessing": {**size, "scale": 1}}, [("x", "float32", [-1, 3, -1, -1])])
    ours = check.array(out, "x")
    assert len(files) == len(ours) == 18
    for file, found in zip(files, ours):
        expected = pixels(file).transpose(2, 0, 1)
        assert np.array_equal(found, expected), (file.name, np.abs(found - expected).max())
    lines = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)
    assert out["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    check.done("JPEG and PNG of 18 kinds equal Pillow's pixels")

    out = check.read(
        {
            "path": "images",
            "preprocessing": {
                **size,
                "mean": [0.485, 0.456, 0.406],
                "std": [0.229, 0.224, 0.225],
                "channels": "bgr",
                "layout": "nhwc",
            },
        },
        [("x", "float32", [-1, 37, 53, 3])],
    )
    expected = np.stack([(pixels(f)[:, :, ::-1] / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] for f in files])
    # One rounding of a double of at most 2.7 to float: 2^-23.
    assert np.abs(check.array(out, "x") - expected).max() <= 2**-23
    check.done("mean, std, channel order, layout")

    # Pillow's bilinear filter is a plain interpolation when it enlarges; it rounds to integers, once for each axis.
    out = check.read(
        {"path": "images", "preprocessing": {"size": [80, 131], "resize": "stretch", "scale": 1}},
        [("x", "float32", [-1, 3, -1, -1])],
    )
    for file, found in zip(files, check.array(out, "x")):
        expected = np.asarray(Image.fromarray(pixels(file)).resize((131, 80), Image.Resampling.BILINEAR))
        assert np.abs(found - expected.transpose(2, 0, 1)).max() <= 1.01, file.name
    check.done("enlarging equals Pillow's bilinear")


def check_coco(check: Checker, zoo: Path):
    import numpy as np

    truth = json.loads((zoo / "yolo/report.json").read_text())
    out = check.read(
        {"path": str(zoo / "yolo/report.json"), "preprocessing": {"scale": 1}, "limit": 20},
        [("images", "float32", [-1, 3, 192, 192])],
    )
    for image, found, boxes in zip(truth["images"], check.array(out, "images"), out["boxes"]):
        expected = pixels(zoo / "yolo/report" / image["file_name"]).transpose(2, 0, 1)
        assert np.array_equal(found, expected), image
        true = [
            [*a["bbox"], a["category_id"], bool(a["iscrowd"])]
            for a in truth["annotations"]
            if a["image_id"] == image["id"]
        ]
        assert boxes == true, image
    check.done("20 images of the zoo's COCO set, pixels and boxes")


def check_orientation(check: Checker):
    """All eight orientations of EXIF, JPEG and PNG, a photograph's other tags beside them, both byte orders."""
    import numpy as np
    from PIL import Image, ImageOps

    folder = check.folder / "turned"
    folder.mkdir()
    shown = np.random.default_rng(5).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    for endian in "<>":
        for orientation in range(0, 10):
            exif = Image.Exif()
            exif.endian = endian
            exif[0x010F], exif[0x0112], exif[0x0131] = "maker", orientation, "a program"
            for name, options in (("jpg", {"quality": 95, "subsampling": 0}), ("png", {})):
                Image.fromarray(shown).save(folder / f"x.{name}", exif=exif, **options)
                with Image.open(folder / f"x.{name}") as image:
                    expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), dtype=np.float64)
                height, width = expected.shape[:2]
                out = check.read(
                    {"path": str(folder), "preprocessing": {"scale": 1}}, [("x", "float32", [-1, 3, height, width])]
                )
                assert np.array_equal(check.array(out, "x")[0], expected.transpose(2, 0, 1)), (
                    endian,
                    orientation,
                    name,
                )
                (folder / f"x.{name}").unlink()
    check.done("EXIF orientation of JPEG and PNG, as Pillow's exif_transpose")


def check_center_crop(check: Checker):
    """torchvision's Resize and CenterCrop on PIL images, whose resize rounds to integers after each direction."""
    import numpy as np
    from PIL import Image

    folder = check.folder / "crops"
    folder.mkdir()
    generator = np.random.default_rng(6)
    for width, height, short, size in ((51, 33, 16, 12), (33, 51, 16, 13), (40, 40, 16, 16), (9, 14, 20, 15)):
        image = Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))
        image.save(folder / "x.png")
        long = int(short * max(width, height) / min(width, height))
        w, h = (short, long) if width <= height else (long, short)
        left, top = int(round((w - size) / 2.0)), int(round((h - size) / 2.0))
        expected = np.asarray(
            image.resize((w, h), Image.BILINEAR).crop((left, top, left + size, top + size)), dtype=np.float64
        )
        out = check.read(
            {"path": str(folder), "preprocessing": {"scale": 1, "resize": "center_crop", "short_side": short}},
            [("x", "float32", [-1, 3, size, size])],
        )
        worst = np.abs(check.array(out, "x")[0] - expected.transpose(2, 0, 1)).max()
        assert worst <= 1.01, (width, height, worst)
    check.done("center_crop, as torchvision's")


def check_text(check: Checker, zoo: Path):
    """Rows as zoo/prepare_text.py cuts them, from Hugging Face's tokenizer."""
    import numpy as np
    from tokenizers import Tokenizer

    ir = zoo / "gpt2/openvino_tokenizer.xml"
    if not ir.is_file():
        print(f"not checked: {ir} is not there")
        return
    tokenizer = Tokenizer.from_file(str(zoo / "gpt2/tokenizer.json"))
    start = tokenizer.token_to_id("<|endoftext|>")
    text = check.folder / "odd.txt"
    text.write_text(
        "It's 1 naïve café — 中文 🙂 don't\n  two  spaces\tand a tab " * 20
        + "\n\n\n"
        + "Second document.\nIts second line. " * 30
        + "\n\n"
        + "short\n",
        "utf-8",
    )
    for file, length in ((zoo / "gpt2/search.txt", 256), (text, 17)):
        rows, units = [], []
        for document in [d for d in file.read_text("utf-8").split("\n\n") if d.strip()]:
            ids = [start] + tokenizer.encode(document.strip("\n")).ids
            new = [ids[i : i + length] for i in range(0, len(ids) - length + 1, length)]
            rows += new
            units += [max(units, default=-1) + 1] * len(new)
        out = check.read(
            {"path": str(file), "tokenizer": str(ir), "sequence": length}, [("input_ids", "int64", [-1, -1])]
        )
        if out.get("kind") == 4:
            print(f"not checked: {out['error']}")
            return
        assert np.array_equal(check.array(out, "input_ids"), np.array(rows)), file
        assert out["units"] == units
    check.done("text rows equal Hugging Face's tokenizer")


def main() -> int:
    dump, build, zoo = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).resolve()
    if os.environ.get("POSITTUNE_DATA_PEERS") != "inside":
        python = environment(build)
        return subprocess.run([python, *sys.argv], env={**os.environ, "POSITTUNE_DATA_PEERS": "inside"}).returncode
    with tempfile.TemporaryDirectory() as folder:
        check = Checker(dump, Path(folder))
        check_npz(check)
        check_zoo_npz(check, zoo)
        check_images(check, zoo)
        check_orientation(check)
        check_center_crop(check)
        check_coco(check, zoo)
        check_text(check, zoo)
        print(f"{check.passed} passed")
    return 0 if check.passed else 1


if __name__ == "__main__":
    sys.exit(main())
