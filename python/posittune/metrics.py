"""Metrics of your own, beside those of the task: bootstrapped, compared with FP32 and journaled alike.

def spread(outputs, item):
    return float(outputs["logits"].std())

session.compare("int8", metrics=[pt.Metric(spread, "spread", version="1")])
"""

import numbers
import typing
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from posittune.exceptions import UsageError
from posittune.results import COLUMNS, METRIC_ENDS


class Box(typing.NamedTuple):
    """A true object, in pixels of the network's input; x, y is the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    category: int
    crowd: bool


class Item(dict):
    """An item of the report (or search) split: its inputs by name, without an axis of items.

    index: its number in the split, from 0: what else belongs to it can be looked up by that
    label: its class, or its symbols (a list); None: not known
    boxes: its true objects (a list of Box); None: not known
    """

    def __init__(
        self,
        inputs: dict[str, np.ndarray],
        index: int,
        label: int | list[int] | None = None,
        boxes: list[tuple] | None = None,
    ):
        super().__init__(inputs)
        self.index = index
        self.label = label
        self.boxes = None if boxes is None else [Box(*box) for box in boxes]


def _check_unicode(field: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"`{field}` of a metric is no Unicode text", field, "a text that UTF-8 can hold", f"{text!r:.80}"
        ) from error


def _check_name(name: str) -> None:
    """UsageError where a metric of that name would take the place of another column of results."""
    ends = [end for end in METRIC_ENDS if name.endswith(end)]
    if name in COLUMNS:
        raise UsageError("this is the name of a column of results, which a metric cannot have", "name", found=name)
    if ends:
        what = "a metric's name cannot end so: results have columns NAME_low, NAME_high and NAME_delta of each metric"
        raise UsageError(what, "name", f"not {', '.join(METRIC_ENDS)} at the end", name)


@dataclass(frozen=True)
class Metric:
    """A metric: the mean over items of `function(outputs, item) -> float`.

    function: outputs: dict of arrays by the model's names, float32 as a rule, without an axis of items (outputs that have no
        row for each item are left out); item: see Item. All arrays are read-only, since other metrics get the same: copy
        what is to be changed. It is called for FP32 first, and for each format after; the same item
        must give the same number. A bool counts as 0 or 1. NaN and infinity are errors, but where a format itself made the
        scored output of the item NaN or infinite. An exception of it ends the job and is raised from it.
    name: in results; letters, digits and _. Not that of another column of to_pandas(), as "format", "seconds",
        NAME_low, NAME_high and NAME_delta
    version: to be changed when the function changes. Rows in the journal are known by name and version: what a function does
        cannot be seen from outside
    higher_is_better: or lower
    unit: of the value; empty for fractions of one
    """

    function: Callable[[dict[str, np.ndarray], Item], float]
    name: str
    version: str
    higher_is_better: bool = True
    unit: str = ""

    def __post_init__(self):
        if not callable(self.function):
            raise TypeError(f"the function of a metric is a {type(self.function).__name__}, which cannot be called")
        for field in ("name", "version", "unit"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"`{field}` of a metric cannot be a {type(getattr(self, field)).__name__}: a str")
            _check_unicode(field, getattr(self, field))
        if not isinstance(self.higher_is_better, bool):
            kind = type(self.higher_is_better).__name__
            raise TypeError(f"`higher_is_better` of a metric cannot be a {kind}: True or False")
        _check_name(self.name)

    def of_batch(
        self, first: int, count: int, inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray], truths: list[dict]
    ) -> list[float]:
        """Values of a batch: of items first, first + 1, ..; the first axis of each array is the items."""
        return [
            self._number(
                self.function(
                    {name: array[i] for name, array in outputs.items()},
                    Item({name: array[i] for name, array in inputs.items()}, first + i, **truths[i]),
                ),
                first + i,
            )
            for i in range(count)
        ]

    def _number(self, value, item: int) -> float:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, (numbers.Real, np.bool_)):
            return float(value)
        raise TypeError(
            f"metric '{self.name}' returned a {type(value).__name__} for item {item}, expected a number: {value!r:.80}"
        )
