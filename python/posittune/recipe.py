"""Recipes: which format and kind of scale each weight and each layer's input gets."""

import copy
import json
import os
import pathlib
from typing import Any

from posittune import _core


class Recipe:
    """A recipe, as `posittune search` writes them. What is not named stays in FP32.

    weights: by the weight's name, a dict with format, scale, granularity, and where they apply alternatives,
        input_weighted, rounding, bias_correction, windows
    activations: by the layer's name, a dict with format, scale, chosen ("static", "output", "token")
    accumulate: "fp32", or "quire" for exact sums

    They are plain dicts to edit. The library checks them whenever they become text: InputError or UsageError names the field.

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

    def __init__(self, weights: dict | None = None, activations: dict | None = None, accumulate: str = "fp32"):
        self.weights: dict[str, dict[str, Any]] = copy.deepcopy(weights or {})
        self.activations: dict[str, dict[str, Any]] = copy.deepcopy(activations or {})
        self.accumulate = accumulate

    @classmethod
    def parse(cls, text: str, where: str = "recipe") -> "Recipe":
        """Of YAML text; `where` names it in errors."""
        return cls(**_core._recipe_dict(text, where))

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Recipe":
        """Of a file."""
        return cls.parse(pathlib.Path(path).read_text(encoding="utf-8"), str(path))

    def to_yaml(self) -> str:
        """The text, sorted by name."""
        document = {
            "version": 1,
            "accumulate": self.accumulate,
            "weights": self.weights,
            "activations": self.activations,
        }
        return _core._recipe_yaml(json.dumps(document, ensure_ascii=False), "recipe")  # JSON is YAML

    def write(self, path: str | os.PathLike) -> None:
        """Writes the file, whole or not at all."""
        path = pathlib.Path(path)
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.write_text(self.to_yaml(), encoding="utf-8")
        unfinished.replace(path)

    def __eq__(self, other) -> bool:
        return isinstance(other, Recipe) and self.to_yaml() == other.to_yaml()

    __hash__ = None

    def __repr__(self) -> str:
        return f"Recipe(weights of {len(self.weights)}, activations of {len(self.activations)})"
