"""Recipes: which format and kind of scale each weight and each layer's input gets."""

import contextlib
import copy
import json
import os
import pathlib
from typing import Any

import numpy as np

from posittune import _core
from posittune._core import Format
from posittune.exceptions import InputError, cannot_write


def _plain(value):
    """A value of a recipe that JSON does not know, as one that it does."""
    if isinstance(value, Format):
        return str(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a recipe holds a {type(value).__name__}; expected texts, numbers, lists and dicts: {value!r:.80}")


class Recipe:
    """A recipe, as `posittune search` writes them. What is not named stays in FP32.

    weights: by the weight's name, a dict with format, scale, granularity, and where they apply alternatives,
        input_weighted, rounding, bias_correction, windows
    activations: by the layer's name, a dict with format, scale, chosen ("static", "output", "token")
    accumulate: "fp32", or "quire" for exact sums
    model_sha256: of the model that the recipe was made for, as run folders have it; sessions refuse it for other models.
        "": for any. It is no part of what makes recipes equal.

    They are plain dicts to edit; a format may be a posittune.Format, a number NumPy's. The library checks them
    whenever they become text: InputError or UsageError names the field.

    >>> recipe = Recipe({"w": {"format": "posit<6,1>", "scale": "mse_pow2", "granularity": "channel"}})
    >>> recipe.weights["w"]["format"] = "int6"
    >>> print(recipe.to_yaml())
    version: 1
    accumulate: fp32
    weights:
      w: {format: int6, scale: mse_pow2, granularity: channel}
    activations: {}
    <BLANKLINE>
    >>> Recipe.parse(recipe.to_yaml()) == recipe
    True
    """

    def __init__(
        self,
        weights: dict | None = None,
        activations: dict | None = None,
        accumulate: str = "fp32",
        model_sha256: str = "",
    ):
        self.weights: dict[str, dict[str, Any]] = copy.deepcopy(weights or {})
        self.activations: dict[str, dict[str, Any]] = copy.deepcopy(activations or {})
        self.accumulate = accumulate
        self.model_sha256 = model_sha256

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> "Recipe":
        """The recipe of a YAML or JSON text; `where` names the text in errors."""
        return cls(**_core._recipe_dict(text, where))

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Recipe":
        """The recipe of a file. InputError where it cannot be read or holds none."""
        path = os.fspath(path)
        try:
            text = pathlib.Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputError("the recipe cannot be read", path, "a file", error.strerror or str(error)) from error
        except UnicodeDecodeError as error:
            found = f"the byte {error.object[error.start]:#04x} at {error.start}"
            raise InputError("the recipe is no text", path, "UTF-8", found) from error
        return cls.parse(text, path)

    def _text(self, **more) -> str:
        document = {
            "version": 1,
            **more,
            "accumulate": self.accumulate,
            "weights": self.weights,
            "activations": self.activations,
        }
        return _core._recipe_yaml(json.dumps(document, ensure_ascii=False, default=_plain), "recipe")  # JSON is YAML

    def to_yaml(self) -> str:
        """The text, sorted by name."""
        return self._text(model_sha256=self.model_sha256) if self.model_sha256 else self._text()

    def to_json(self) -> str:
        """The same as JSON, as docs/recipe.schema.json of the project describes it: parse() and read() take both."""
        parts = _core._recipe_dict(self.to_yaml(), "recipe")
        document = {
            key: parts[key] for key in ("model_sha256", "accumulate", "weights", "activations") if parts[key] != ""
        }
        return json.dumps({"version": 1, **document}, ensure_ascii=False, indent=2) + "\n"

    def write(self, path: str | os.PathLike) -> None:
        """Writes the file, whole or not at all: JSON where its name ends in .json, else YAML. InputError where that cannot
        be, ResourceError for a full disk."""
        path = pathlib.Path(path)
        text = self.to_json() if path.suffix == ".json" else self.to_yaml()
        if path.is_dir():
            raise InputError("the recipe cannot be written", str(path), "the name of a file", "a folder")
        unfinished = path.with_name(path.name + ".unfinished")
        try:
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            if isinstance(error, OSError):
                raise cannot_write("the recipe cannot be written", str(path), error) from error
            raise

    def __eq__(self, other) -> bool:
        return isinstance(other, Recipe) and self._text() == other._text()

    __hash__ = None

    def __repr__(self) -> str:
        return f"Recipe(weights of {len(self.weights)}, activations of {len(self.activations)})"
