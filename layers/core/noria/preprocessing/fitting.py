"""Fits the preprocessing that a spec declares: on the training set, and on nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

from noria.data.contract import NUMERIC_TYPES
from noria.data.csv_text import to_csv
from noria.kernel.errors import ContractError
from noria.kernel.values import EMPTY, parse_timestamp
from noria.preprocessing import transform
from noria.preprocessing.column_statistics import SCALES, STATISTICS, quantile
from noria.preprocessing.declaration import lag_name
from noria.preprocessing.transform import Transform, group_of

if TYPE_CHECKING:
    from noria.data.contract import DataContract
    from noria.kernel.published_spec import ClipShape, ColumnStepsShape, LagShape, PreprocessShape
    from noria.preprocessing.shapes import CategoryColumn, ColumnDocument, LagDocument, NumberColumn, OneHotColumn, TransformDocument

#: Reads one column of the training set.
ReadColumn = Callable[[str], Sequence[str]]
#: Seconds of a lag's unit.
UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
#: Values that an artifact keeps for its lags.
MOST_REMEMBERED = 200_000
#: Columns that a model gets.
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Fitted:
    """A fitted preprocessing.

    Attributes:
        training: the document of the `Transform` of the training set, whose lags know all of its values.
        artifact: that of the `Transform` of later rows, whose lags know what those can need.
    """

    training: TransformDocument
    artifact: TransformDocument


def fit(block: PreprocessShape, contract: DataContract, target: str, column: ReadColumn) -> Fitted:
    """Fit on the training set, of which one column is read at a time.

    Raises:
        ContractError: the training set lacks the values that a step is fitted on.
    """
    reads = list(contract.features(target))
    lags = [_lag(lag, contract, column) for lag in block["lags"]]
    columns = [_column(name, block["columns"].get(name), _numeric(contract, name), partial(column, name), contract.column(name).format) for name in reads]
    columns += [_column(lag["name"], block["columns"].get(lag["name"]), _numeric(contract, lag["of"]), _lagged(lag, contract, column), None) for lag in lags]
    document: TransformDocument = {
        "version": 1,
        "reads": reads,
        "time": contract.time,
        "time_format": contract.times_are,
        "lags": lags,
        "columns": columns,
    }
    _check_names(Transform(document).writes, target)
    last = max((parse_timestamp(when, contract.times_are) for when in column(str(contract.time))), default=0.0) if lags else 0.0
    return Fitted(document, {**document, "lags": [_tail(lag, last) for lag in lags]})


def training_rows(fitted: Fitted, target: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of the training set as the model gets them: the columns that the preprocessing makes, and the target last."""
    transform_, at, aim = Transform(fitted.training), [header.index(name) for name in fitted.training["reads"]], header.index(target)
    features = transform_.rows([[row[place] for place in at] for row in rows])
    return [[*values, row[aim]] for values, row in zip(features, rows, strict=True)]


def training_header(fitted: Fitted, target: str) -> list[str]:
    """The names of such rows' columns."""
    return [*Transform(fitted.training).writes, target]


def training_set(block: PreprocessShape, contract: DataContract, target: str, header: list[str], rows: list[list[str]]) -> tuple[TransformDocument, str]:
    """Fit on rows in memory: the document of later rows, and the training set as CSV with a header."""
    at = {name: number for number, name in enumerate(header)}
    fitted = fit(block, contract, target, lambda name: [row[at[name]] for row in rows])
    return fitted.artifact, to_csv(training_rows(fitted, target, header, rows), training_header(fitted, target))


def _lag(lag: LagShape, contract: DataContract, column: ReadColumn) -> LagDocument:
    """A lag with all values of its source in the training set."""
    history = dict[str, set[tuple[float, str]]]()
    series = list(zip(*(column(name) for name in lag["per"]), strict=True)) if lag["per"] else repeat(())
    for value, when, group in zip(column(lag["of"]), column(str(contract.time)), series, strict=False):
        if value not in EMPTY and when not in EMPTY:
            history.setdefault(group_of(group, range(len(group))), set()).add((parse_timestamp(when, contract.times_are), value))
    back = seconds(lag["back"])
    return {
        "name": lag_name(lag["name"], lag["of"], lag["back"]),
        "of": lag["of"],
        "back": back,
        "within": seconds(lag["within"]) if lag["within"] else back,
        "per": lag["per"],
        "history": {group: sorted(known) for group, known in history.items()},
    }


def _lagged(lag: LagDocument, contract: DataContract, column: ReadColumn) -> Callable[[], list[str]]:
    """The values of a lag in the training set, as the endpoint will find them."""

    def values() -> list[str]:
        reads = list(dict.fromkeys([str(contract.time), *lag["per"]]))
        plain: list[ColumnDocument] = [{"name": name, "kind": "same"} for name in (*reads, lag["name"])]
        finding = Transform({"reads": reads, "time": contract.time, "time_format": contract.times_are, "lags": [lag], "columns": plain})
        return [row[-1] for row in finding.rows(list(zip(*(column(name) for name in reads), strict=True)))]

    return values


def seconds(text: str) -> float:
    """Seconds of a duration: `7d` is 604,800."""
    return float(text[:-1]) * UNITS[text[-1]]


def _tail(lag: LagDocument, last: float) -> LagDocument:
    """A lag with the values that rows after the training set can need, and rows up to `within` before its end."""
    since = last - lag["back"] - 2 * lag["within"]
    retained = {group: [(time, value) for time, value in known if time >= since] for group, known in lag["history"].items()}
    if (size := sum(map(len, retained.values()))) > MOST_REMEMBERED:
        raise ContractError(
            f"preprocess.lags: {lag['name']} has {size} values to remember, at most {MOST_REMEMBERED}: look less far back, or send the value as a column"
        )
    return {**lag, "history": {group: known for group, known in retained.items() if known}}


def _numeric(contract: DataContract, name: str) -> bool:
    """Whether a column holds numbers; a target that the contract does not name is taken to."""
    return name not in contract.columns or contract.columns[name].type in NUMERIC_TYPES


def _column(name: str, steps: ColumnStepsShape | None, numeric: bool, values: Callable[[], Sequence[str]], form: str | None) -> ColumnDocument:
    if steps is None:
        return {"name": name, "kind": "same"}
    if steps["drop"]:
        return {"name": name, "kind": "dropped"}
    if steps["parts"]:
        return {"name": name, "kind": "time", "parts": steps["parts"], "format": form}
    if steps["one_hot"] is not None or not numeric:
        return _categories(name, steps, values())
    return _number(name, steps, values())


def _categories(name: str, steps: ColumnStepsShape, values: Sequence[str]) -> CategoryColumn | OneHotColumn:
    known = Counter(value for value in values if value not in EMPTY)
    fill = _text(_fill(name, steps, lambda _: min(known, key=lambda value: (-known[value], value)), len(known)))
    if steps["one_hot"] is None:
        return {"name": name, "kind": "category", "fill": fill}
    if fill:
        known[fill] += sum(value in EMPTY for value in values)
    # A category of that name counts among all others.
    often = sorted((value for value in known if value != transform.OTHER), key=lambda value: (-known[value], value))[: steps["one_hot"]["at_most"]]
    return {"name": name, "kind": "one_hot", "fill": fill, "categories": sorted(often)}


def _text(value: bool | float | str | None) -> str:
    """A value as it stands in a file."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _number(name: str, steps: ColumnStepsShape, values: Sequence[str]) -> NumberColumn:
    try:
        known = sorted(float(value) for value in values if value not in EMPTY)
    except ValueError as error:
        raise ContractError(f"preprocess.columns: {name} is not numeric ({error}); of a lag, say how its text is encoded: one_hot") from error
    fill = _fill(name, steps, lambda how: STATISTICS[how](known), len(known))
    assert not isinstance(fill, str)
    column: NumberColumn = {"name": name, "kind": "number", "fill": fill, "clip": _clip(steps["clip"], known), "scale": None}
    if steps["scale"]:
        prepared = sorted(value for text in values if (value := transform.number(text, column)) is not None)
        if not prepared:
            raise ContractError(f"preprocess.columns: {name} has no value in the training set to be scaled by; name impute: {{value: …}}, or drop it")
        column["scale"] = SCALES[steps["scale"]](prepared)
    return column


def _clip(clip: ClipShape | None, known: list[float]) -> list[float | None] | None:
    """The limits of a column; quantiles of nothing are none."""
    if clip is None or not clip["quantiles"]:
        return clip["between"] if clip else None
    return [quantile(known, share) for share in clip["quantiles"]] if known else None


def _fill[Value](name: str, steps: ColumnStepsShape, statistic: Callable[[str], Value], known: int) -> Value | bool | float | str | None:
    """The value that replaces a missing one; None where the spec imputes none."""
    impute = steps["impute"]
    if impute is None or impute["value"] is not None:
        return impute and impute["value"]
    if not known:
        raise ContractError(f"preprocess.columns: {name} has no value in the training set, so there is no {impute['by']}; name impute: {{value: …}}")
    return statistic(str(impute["by"]))


def _check_names(writes: list[str], target: str) -> None:
    names = Counter([*writes, target])
    if twice := sorted(name for name, times in names.items() if times > 1):
        raise ContractError(f"preprocess makes the column {', '.join(twice)} more than once: rename a column or a lag")
    if not writes:
        raise ContractError("preprocess drops every column: the model needs at least one")
    if len(writes) > MOST_COLUMNS:
        raise ContractError(f"preprocess makes {len(writes)} columns, at most {MOST_COLUMNS}: lower one_hot.at_most")
