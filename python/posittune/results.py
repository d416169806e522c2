"""What jobs return: dataclasses with the fields of results.json (records/*.h says what each is).

Every result has `rows`, `find()` (one of them), `to_pandas()` (a table, one line for each row; needs pandas) and
`to_dict()`. Comparison, Sensitivity and Search have a `run_folder`, where the same is as JSON and CSV. Other lists of
rows, as Sensitivity.channels, have `to_pandas()` too. Session.estimate() gives a plain dict. Numbers that are not
finite are floats. A field that is not there is None or empty.
"""

import dataclasses
import json
import pathlib
import types
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

    from posittune.recipe import Recipe

T = typing.TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A measured value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Metric:
    """A metric of a row: in `unit` (empty: a fraction of one), `better` "lower" or "higher"."""

    value: float
    low: float
    high: float
    delta: Estimate | None = None  # minus FP32's, paired on the same items
    noise: bool = False  # better than FP32, which the data cannot tell from chance
    better: str = ""
    unit: str = ""
    rank: int = 3  # 0: the loss that a search minimises, 1: how well the task is done, 2: agreement with FP32
    version: str = ""  # of a metric of yours


@dataclass(frozen=True)
class Scored:
    """Which output was scored, and as what."""

    output: str
    task: str
    scores: str = ""
    reason: str = ""
    loss: str = ""
    unit: str = ""


@dataclass(frozen=True)
class ComparisonRow:
    """One format, on the report split."""

    format: str
    what: str  # "w": weights; "wa": weights and inputs of layers
    scale: str
    granularity: str
    bits_per_weight: float
    metrics: dict[str, Metric]
    seconds: float
    rounding: str = ""
    nonfinite: int = 0


@dataclass(frozen=True)
class SensitivityRow:
    """One format in one layer. `score` is the loss that it costs, in the unit of `scored`."""

    layer: str
    weight: str
    format: str
    scale: str
    granularity: str
    what: str
    tier: str
    score: float
    low: float
    high: float
    error: float
    signal: float
    bits: float
    parameters: int
    units: int = 0
    stopped: str = ""
    rounding: str = ""


@dataclass(frozen=True)
class ChannelRow:
    """One format in some output channels of a weight."""

    layer: str
    weight: str
    format: str
    scale: str
    granularity: str
    first: int
    count: int
    tier: str
    score: float
    low: float
    high: float
    error: float


@dataclass(frozen=True)
class SearchRow:
    """One mix of formats: that of the search, or of a baseline. Energy in pJ, area in um2, sizes in bytes."""

    recipe: str  # file below the run folder's recipes
    method: str
    budget: str
    bits_per_weight: float
    bytes: float
    activation_bits: float
    mac_bits: float
    energy: float
    area: float
    predicted_loss: float
    search_loss: Estimate
    metrics: dict[str, Metric]
    optimality_gap: float
    seconds: float
    nonfinite: int = 0


# Columns of to_pandas() beside metrics, and what follows a metric's name in others: no metric may have such a name.
COLUMNS = {each.name for kind in (ComparisonRow, SearchRow) for each in dataclasses.fields(kind)} - {"metrics"}
METRIC_ENDS = ("_low", "_high", "_delta")


class Rows(list, typing.Generic[T]):
    """A list of rows."""

    def to_pandas(self) -> "pandas.DataFrame":
        """A pandas DataFrame, one line for each row."""
        return _table(self)


class _Result:
    """What results share."""

    def to_dict(self) -> dict[str, Any]:
        """A dict of plain values, as in results.json."""
        return dataclasses.asdict(self)

    def to_pandas(self) -> "pandas.DataFrame":
        """A pandas DataFrame, one line for each of `rows`. A metric is columns NAME, NAME_low, NAME_high, and NAME_delta,
        NAME_delta_low, NAME_delta_high where it has a difference to FP32."""
        return _table(self.rows)

    def find(self, **fields: Any) -> Any:
        """The row with these fields: find(format="int8", what="w"). KeyError unless there is exactly one."""
        found = [row for row in self.rows if all(_has(row, name, value) for name, value in fields.items())]
        if len(found) != 1:
            raise KeyError(f"{len(found)} rows have {fields}{_unknown(self.rows, fields)}")
        return found[0]


def _fields(row) -> dict[str, Any]:
    return row if isinstance(row, dict) else vars(row)


def _has(row, name: str, value) -> bool:
    return name in _fields(row) and _fields(row)[name] == value


def _unknown(rows: list, fields: dict[str, Any]) -> str:
    known = {name: None for row in rows for name in _fields(row)}
    unknown = [name for name in fields if known and name not in known]
    return f": no row has a field {unknown[0]}; known: {', '.join(known)}" if unknown else ""


def _table(rows: list) -> "pandas.DataFrame":
    try:
        import pandas
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        hint = "to_pandas() needs pandas: pip install pandas, or 'posittune[notebook]'"
        raise ModuleNotFoundError(hint, name="pandas") from error
    return pandas.DataFrame([_flat(row) for row in rows])


def _flat(row) -> dict[str, Any]:
    line = {}
    for name, value in _fields(row).items():
        if name == "metrics":
            for metric, of in value.items():
                line[metric], line[f"{metric}_low"], line[f"{metric}_high"] = of.value, of.low, of.high
                if of.delta is not None:
                    delta = f"{metric}_delta"
                    line[delta], line[f"{delta}_low"], line[f"{delta}_high"] = (
                        of.delta.value,
                        of.delta.low,
                        of.delta.high,
                    )
        elif isinstance(value, Estimate):
            line[name], line[f"{name}_low"], line[f"{name}_high"] = value.value, value.low, value.high
        else:
            line[name] = value
    return line


@dataclass(frozen=True)
class Comparison(_Result):
    """Every format on the same items of the report split."""

    model: dict[str, str]
    scored: Scored
    data: dict[str, dict]
    rows: list[ComparisonRow]
    run_folder: str = ""


@dataclass(frozen=True)
class Sensitivity(_Result):
    """What each format costs in each layer, on the search split."""

    model: dict[str, str]
    scored: Scored
    data: dict[str, dict]
    rows: list[SensitivityRow]
    cuts: Rows[dict] = field(default_factory=Rows)
    costs: Rows[dict] = field(default_factory=Rows)
    agreement: Rows[dict] = field(default_factory=Rows)
    channels: Rows[ChannelRow] = field(default_factory=Rows)
    mixes: Rows[dict] = field(default_factory=Rows)
    upgrades: Rows[dict] = field(default_factory=Rows)
    run_folder: str = ""


@dataclass(frozen=True)
class Search(_Result):
    """The best mixes. `missed`: budgets that cannot be met, whose rows hold what comes nearest."""

    model: dict[str, str]
    scored: Scored
    data: dict[str, dict]
    rows: list[SearchRow]
    costs: Rows[dict] = field(default_factory=Rows)
    refinement: Rows[dict] = field(default_factory=Rows)
    missed: list[Exception] = field(default_factory=list)
    run_folder: str = ""

    def recipe(self, row: SearchRow | None = None) -> "Recipe":
        """The recipe of a row; by default of the search's first result. GoalNotMet where its budget cannot be met."""
        from posittune.recipe import Recipe

        if row is None:
            if self.missed:
                raise self.missed[0]
            row = next(row for row in self.rows if row.method in ("search", "front"))
        return Recipe.read(pathlib.Path(self.run_folder) / "recipes" / row.recipe)


@dataclass(frozen=True)
class Document(_Result):
    """A result whose rows are dicts of the JSON document: costs, an inspection."""

    document: dict[str, Any]

    @property
    def rows(self) -> list[dict]:
        return self.document["rows"]

    def to_dict(self) -> dict[str, Any]:
        return self.document


@dataclass(frozen=True)
class Export:
    """What Session.export_to() wrote. Bytes: of all files; of codes, tables and scales of weights (0: it has none); and what the
    recipe promised for these."""

    files: list[str]
    bytes: int
    weight_bytes: int
    promised_bytes: float
    notes: list[str]
    seconds: float


NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def parse(text: str) -> dict:
    """A document of the library. Numbers that are not finite stay the strings that JSON has for them."""
    return json.loads(text)


def load(kind: type[T], value: Any) -> T:
    """`value` of a document as a dataclass, a list of them, a dict of them, or a number."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else load(inner[0], value)
    if origin in (list, Rows):
        return origin(load(inner[0], each) for each in value)
    if origin is dict:
        return {key: load(inner[1], each) for key, each in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: load(hints[name], value[name]) for name in hints if name in value})
    if kind is float:
        return float(NUMBERS.get(value, value))
    return value
