"""Captured answers of both versions: which break their contract, and of which kind the others are.

The layout of captured traffic is SageMaker's own: `<prefix><variant>/yyyy/mm/dd/hh/mm-ss-…jsonl`, by the time at which a file was
written, one request a line. Source: "Interpret captured data", SageMaker developer guide.
"""

import base64
import bisect
import csv
import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from noria.adapters import objects
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.release.endpoint_config import CHALLENGER, MAIN
from noria.training.score_holdout import first_column, lines

SIDES = {"champion": MAIN, "challenger": CHALLENGER}
#: A file may appear so much after the time in its name (minutes); its name is remembered for as long.
LATE_MINUTES = 10
#: Files that are read at one look; more of them wait for the next.
MOST_FILES = 2_000
#: A request's time is told in whole seconds, cut off.
RESOLUTION_SECONDS = 0.5
#: More different predictions than this are told apart by fifths of their range, fewer one by one.
MOST_CATEGORIES = 20


def count_captured(event: Json) -> Json:
    """Count what has been captured since the last look, by the look in which each request was answered.

    Args:
        event: `{answers, began, since, now, read, results}`: `answers` says where to read and what to hold it against
            (`noria.release.rollout`), `since` and `now` bound the look (ISO 8601), `began` is when the first one did, `read`
            are digests of the files' names that were counted already, `results` is what earlier looks have counted.

    Returns:
        `{read, results}`: series as `GetMetricData` tells them, one period a look: requests and hits of each watch and side.
    """
    answers, read = event["answers"], set(event["read"])
    kinds = _kinds(answers) if answers["kinds"] else None
    series = {result["Id"]: list(result["Values"]) for result in event["results"]}
    looks = [*(event["results"][0]["Timestamps"] if event["results"] else []), event["since"]]
    begins = [datetime.fromisoformat(look).timestamp() for look in looks]
    after = max(datetime.fromisoformat(event["began"]), datetime.fromisoformat(event["since"]) - timedelta(minutes=LATE_MINUTES))
    remembered, fresh = list[str](), 0
    for side, variant in SIDES.items():
        names = [f"{side}_{kind}_{answers['first'] + number}" for number in range(1 + answers["kinds"]) for kind in ("requests", "hits")]
        for name in names:
            series.setdefault(name, []).append(0)
        folder, new = f"{answers['prefix']}{variant}/", list[str]()
        for key in objects.keys(answers["bucket"], folder, f"{folder}{after:%Y/%m/%d/%H/%M-%S}"):
            if (known := digest(key)) not in read:
                if fresh >= MOST_FILES:
                    continue
                fresh += 1
                new.append(key)
            remembered.append(known)
        for body in objects.read_all(answers["bucket"], new):
            _count(body.decode(), answers, kinds, begins, side, series)
    return {"read": remembered, "results": [{"Id": name, "Timestamps": looks, "Values": values} for name, values in series.items()]}


def _count(text: str, answers: Json, kinds: "_Kinds | None", begins: list[float], side: str, series: dict[str, list[int]]) -> None:
    """Add one file's requests to the look of each; those from before the first look are another release's."""
    for line in text.splitlines():
        report = json.loads(line)
        look = bisect.bisect_right(begins, datetime.fromisoformat(report["eventMetadata"]["inferenceTime"]).timestamp() + RESOLUTION_SECONDS) - 1
        if look < 0:
            continue
        given = predictions(report["captureData"].get("endpointOutput"))
        wrong = not given or any(broken(value, answers["task"], answers["contract"]) for value in given)
        hit = 0 if wrong else 1 + kinds.of(given[0]) if kinds else None
        for number in range(1 + answers["kinds"]):
            series[f"{side}_requests_{answers['first'] + number}"][look] += 1
        if hit is not None:
            series[f"{side}_hits_{answers['first'] + hit}"][look] += 1


def predictions(captured: Json | None) -> list[str]:
    """The first value of each answer in one captured response; nothing where it holds none that can be read."""
    return [first for first, _ in scored(captured)]


def scored(captured: Json | None) -> list[tuple[str, str]]:
    """The first two values of each answer, a prediction and its probability; the second is empty where there is none."""
    if captured is None:
        return []
    data = captured["data"]
    try:
        if captured["encoding"] == "BASE64":
            data = base64.b64decode(data).decode()
        if captured["encoding"] == "JSON":
            return [(str(first), str(second)) for first, second in _first_values(json.loads(data))]
        return [(row[0], row[1] if len(row) > 1 else "") for row in lines(data)]
    except (ValueError, TypeError, LookupError, csv.Error):
        return []


def _first_values(record: Any) -> Iterator[tuple[Any, Any]]:
    """Predictions in a JSON answer: a list, alone or under `predictions`; of each of its items the first value, and the second one."""
    if isinstance(record, dict):
        record = record.get("predictions", record)
    for item in record if isinstance(record, list) else [record]:
        second: Any = ""
        while isinstance(item, list | dict):
            values = list(item.values() if isinstance(item, dict) else item)
            item, second = values[0], values[1] if len(values) > 1 and not isinstance(values[1], list | dict) else ""
        yield item, second


def broken(value: str, task: str, contract: Json) -> bool:
    """Whether a prediction is none by the contract of the answers."""
    number = _number(value)
    bounds = contract["between"]
    if (task == "regression" or bounds) and number is None:
        return True
    if number is not None and bounds and not _lower(bounds) <= number <= _upper(bounds):
        return True
    if contract["values"] and not any(_same(value, number, allowed) for allowed in contract["values"]):
        return True
    return not value or value.lower() in ("nan", "none", "null", "inf", "-inf")


def _lower(bounds: list[float | None]) -> float:
    return -math.inf if bounds[0] is None else bounds[0]


def _upper(bounds: list[float | None]) -> float:
    return math.inf if bounds[1] is None else bounds[1]


def _same(value: str, number: float | None, allowed: Any) -> bool:
    return value == str(allowed) or (number is not None and not isinstance(allowed, str) and number == float(allowed))


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class _Kinds:
    """Tells predictions apart by what the challenger has answered to the rows of its holdout."""

    def __init__(self, expected: list[str], kinds: int) -> None:
        numbers = sorted(number for value in expected if (number := _number(value)) is not None)
        often = Counter(expected).most_common()
        self._edges = [numbers[len(numbers) * i // kinds] for i in range(1, kinds)] if len(often) > MOST_CATEGORIES and len(numbers) == len(expected) else []
        self._categories = {value: number for number, (value, _) in enumerate(often[: kinds - 1])}
        self._rest = kinds - 1

    def of(self, value: str) -> int:
        if self._edges and (number := _number(value)) is not None:
            return bisect.bisect_right(self._edges, number)
        return self._categories.get(value, self._rest)


def _kinds(answers: Json) -> _Kinds:
    return _Kinds(first_column(objects.read(answers["artifacts"], answers["expected"]).decode()), answers["kinds"])
