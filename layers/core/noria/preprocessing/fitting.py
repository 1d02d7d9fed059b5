"""Fits what a spec declares on a training set, and on nothing else."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from noria.data.contract import DataContract
from noria.data.split import written
from noria.kernel.errors import ContractError
from noria.kernel.json import Json
from noria.kernel.values import EMPTY, parse_timestamp
from noria.preprocessing import transform
from noria.preprocessing.transform import Transform, group_of

if TYPE_CHECKING:
    from noria.kernel.published_spec import PreprocessShape

Rows = Sequence[Sequence[str]]
#: Seconds of a lag's unit.
UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
#: Values that an artefact remembers for its lags.
MOST_REMEMBERED = 200_000
#: Columns of what a model gets.
MOST_COLUMNS = 2_000


def declared(block: PreprocessShape) -> bool:
    """Whether there is anything to fit."""
    return bool(block["columns"] or block["lags"])


def fit(block: Json, contract: DataContract, target: str, header: Sequence[str], rows: Rows) -> tuple[Json, list[list[str]]]:
    """What the training set tells, and the training set as the model gets it.

    Args:
        block: `preprocess` of a published spec.
        rows: of the training set, in the header's order.

    Returns:
        The document of a `Transform`, and the rows that it makes.

    Raises:
        ContractError: the training set does not tell what was asked of it.
    """
    reads = list(contract.features(target))
    at = [header.index(name) for name in reads]
    features = [[row[column] for column in at] for row in rows]
    lags = [_lag(lag, contract.time, header, rows) for lag in block["lags"]]
    # The lags are found by a transform that has learnt nothing else yet, so that they are what the endpoint will find.
    names = {name: name for name in reads} | {lag["name"]: lag["of"] for lag in lags}
    plain = [{"name": name, "kind": "same"} for name in names]
    whole = Transform({"reads": reads, "time": contract.time, "lags": lags, "columns": plain}).rows(features)
    columns = [
        _column(name, block["columns"].get(name), _numeric(contract, source), [row[number] for row in whole])
        for number, (name, source) in enumerate(names.items())
    ]
    document = {"version": 1, "reads": reads, "time": contract.time, "lags": lags, "columns": columns}
    result = Transform(document)
    _check_names(result.writes, target)
    last = max((parse_timestamp(row[header.index(str(contract.time))]) for row in rows), default=0.0) if lags else 0.0
    return {**document, "lags": [_tail(lag, last) for lag in lags]}, result.rows(features)


def training_set(block: Json, contract: DataContract, target: str, header: list[str], rows: list[list[str]]) -> tuple[Json, str]:
    """What `fit` tells, and the training set as CSV with a header: the columns that the model gets, and the target last."""
    document, result = fit(block, contract, target, header, rows)
    aim = header.index(target)
    return document, written([[*features, row[aim]] for features, row in zip(result, rows, strict=True)], [*Transform(document).writes, target])


def _lag(lag: Json, time: str | None, header: Sequence[str], rows: Rows) -> Json:
    """A lag with all values that the training set has of its source."""
    at = {name: number for number, name in enumerate(header)}
    per, history = [at[name] for name in lag["per"]], dict[str, set[tuple[float, str]]]()
    for row in rows:
        value, when = row[at[lag["of"]]], row[at[str(time)]]
        if value not in EMPTY and when not in EMPTY:
            history.setdefault(group_of(row, per), set()).add((parse_timestamp(when), value))
    back = seconds(lag["back"])
    return {
        "name": lag_name(lag["name"], lag["of"], lag["back"]),
        "of": lag["of"],
        "back": back,
        "within": seconds(lag["within"]) if lag["within"] else back,
        "per": lag["per"],
        "history": {group: sorted(known) for group, known in history.items()},
    }


def lag_name(name: str | None, of: str, back: str) -> str:
    """What the column of a lag is called."""
    return name or f"{of}_{back}_ago"


def seconds(text: str) -> float:
    """`7d` → 604,800."""
    return float(text[:-1]) * UNITS[text[-1]]


def _tail(lag: Json, last: float) -> Json:
    """A lag with what rows can ask for that come after the training set, or up to `within` before its end."""
    since = last - lag["back"] - 2 * lag["within"]
    retained = {group: [(time, value) for time, value in known if time >= since] for group, known in lag["history"].items()}
    if (size := sum(map(len, retained.values()))) > MOST_REMEMBERED:
        raise ContractError(
            f"preprocess.lags: {lag['name']} has {size} values to remember, at most {MOST_REMEMBERED}: look less far back, or send the value as a column"
        )
    return {**lag, "history": {group: known for group, known in retained.items() if known}}


def _numeric(contract: DataContract, name: str) -> bool:
    """Whether a column holds numbers; so does a target that the contract does not name, until it is read otherwise."""
    return name not in contract.columns or contract.columns[name].type in ("integer", "number")


def _column(name: str, steps: Json | None, numeric: bool, values: list[str]) -> Json:
    if steps is None:
        return {"name": name, "kind": "same"}
    if steps["drop"]:
        return {"name": name, "kind": "dropped"}
    if steps["parts"]:
        return {"name": name, "kind": "time", "parts": steps["parts"]}
    if steps["one_hot"] is not None or not numeric:
        return _categories(name, steps, values)
    return _number(name, steps, values)


def _categories(name: str, steps: Json, values: list[str]) -> Json:
    known = Counter(value for value in values if value not in EMPTY)
    fill = _text(_fill(name, steps, lambda _: min(known, key=lambda value: (-known[value], value)), len(known)))
    if steps["one_hot"] is None:
        return {"name": name, "kind": "category", "fill": fill}
    if fill:
        known[fill] += sum(value in EMPTY for value in values)
    # A category of that name is one of all others.
    often = sorted((value for value in known if value != transform.OTHER), key=lambda value: (-known[value], value))[: steps["one_hot"]["at_most"]]
    return {"name": name, "kind": "one_hot", "fill": fill, "categories": sorted(often)}


def _text(value: Any) -> str:
    """A value as a file has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _number(name: str, steps: Json, values: list[str]) -> Json:
    try:
        known = sorted(float(value) for value in values if value not in EMPTY)
    except ValueError as error:
        raise ContractError(f"preprocess.columns: {name} is not numeric ({error}); of a lag, say how its text is encoded: one_hot") from error
    output: Json = {"name": name, "kind": "number", "fill": None, "clip": None, "scale": None}
    output["fill"] = _fill(name, steps, lambda how: STATISTICS[how](known), len(known))
    if steps["clip"]:
        quantiles = steps["clip"]["quantiles"]
        output["clip"] = [quantile(known, share) for share in quantiles] if quantiles and known else None if quantiles else steps["clip"]["between"]
    if steps["scale"]:
        prepared = sorted(result for value in values if (result := transform.number(value, output)) is not None)
        if not prepared:
            raise ContractError(f"preprocess.columns: {name} has no value in the training set to be scaled by; name impute: {{value: …}}, or drop it")
        output["scale"] = SCALES[steps["scale"]](prepared)
    return output


def _fill(name: str, steps: Json, statistic: Callable[[str], Any], known: int) -> Any:
    impute = steps["impute"]
    if impute is None or impute["value"] is not None:
        return impute and impute["value"]
    if not known:
        raise ContractError(f"preprocess.columns: {name} has no value in the training set, so there is no {impute['by']}; name impute: {{value: …}}")
    return statistic(impute["by"])


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest values, as numpy's default has it."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _most_frequent(values: Sequence[float]) -> float:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _standard(values: Sequence[float]) -> list[float]:
    if values[0] == values[-1]:
        return [values[0], 1.0]
    mean = _mean(values)
    return [mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)) or 1.0]


def _min_max(values: Sequence[float]) -> list[float]:
    return [values[0], values[-1] - values[0] or 1.0]


def _robust(values: Sequence[float]) -> list[float]:
    return [quantile(values, 0.5), quantile(values, 0.75) - quantile(values, 0.25) or 1.0]


#: Of ascending values.
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {"mean": _mean, "median": lambda values: quantile(values, 0.5), "most_frequent": _most_frequent}
#: What is taken off, and what the rest is divided by; a column that does not vary is left at zero.
SCALES: dict[str, Callable[[Sequence[float]], list[float]]] = {"standard": _standard, "min_max": _min_max, "robust": _robust}


def _check_names(writes: list[str], target: str) -> None:
    names = Counter([*writes, target])
    if twice := sorted(name for name, times in names.items() if times > 1):
        raise ContractError(f"preprocess makes the column {', '.join(twice)} more than once: rename a column or a lag")
    if not writes:
        raise ContractError("preprocess drops every column: the model needs at least one")
    if len(writes) > MOST_COLUMNS:
        raise ContractError(f"preprocess makes {len(writes)} columns, at most {MOST_COLUMNS}: lower one_hot.at_most")
