"""Captured predictions of both variants: which break their contract, and of which kind the others are.

One line of a captured file is one request, as SageMaker writes it. Source: "Interpret captured data", SageMaker developer guide.
"""

from __future__ import annotations

import base64
import bisect
import csv
import json
import math
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from noria.kernel.request_rows import CSV, JSON, JSON_LINES, media_type
from noria.release.variants import SIDES
from noria.training.predictions import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.kernel.published_spec import AnswersShape
    from noria.release.shapes.observation import CapturedData, CapturedRequest, CapturePlan
    from noria.sagemaker.descriptions import MetricSeries

#: A request's time has whole seconds, cut off.
RESOLUTION_SECONDS = 0.5
#: More different predictions than this are told apart by fifths of their range, fewer one by one.
MOST_CATEGORIES = 20
#: Texts that are no prediction, in lower case.
NO_PREDICTION = ("", "nan", "none", "null", "inf", "-inf")


class CaptureCounts:
    """Requests and hits of each metric and side, by the look in which a request was answered.

    The first metric counts predictions that break their contract, the next ones one kind of prediction each.
    """

    def __init__(self, plan: CapturePlan, kinds: PredictionKinds | None, results: Sequence[MetricSeries], since: str) -> None:
        """Begin one more look.

        Args:
            results: what earlier looks have counted.
            since: when this look begins (ISO 8601).
        """
        self._plan, self._kinds = plan, kinds
        self._looks = [*(results[0]["Timestamps"] if results else []), since]
        self._begins = [datetime.fromisoformat(str(look)).timestamp() for look in self._looks]
        self._series = {result["Id"]: list(result["Values"]) for result in results}
        for side in SIDES:
            for number in range(1 + plan["kinds"]):
                for kind in ("requests", "hits"):
                    self._series.setdefault(self._name(side, kind, number), []).append(0)

    def add_file(self, side: str, text: str) -> None:
        """Count one file's requests; those from before the first look are another release's."""
        for line in text.splitlines():
            request: CapturedRequest = json.loads(line)
            answered = datetime.fromisoformat(request["eventMetadata"]["inferenceTime"]).timestamp()
            look = bisect.bisect_right(self._begins, answered + RESOLUTION_SECONDS) - 1
            if look >= 0:
                self._add(side, look, self._hit(predictions(request["captureData"].get("endpointOutput"))))

    def results(self) -> list[MetricSeries]:
        """Series as `GetMetricData` returns them, one period a look."""
        return [{"Id": name, "Timestamps": self._looks, "Values": values} for name, values in self._series.items()]

    def _add(self, side: str, look: int, hit: int | None) -> None:
        for number in range(1 + self._plan["kinds"]):
            self._series[self._name(side, "requests", number)][look] += 1
        if hit is not None:
            self._series[self._name(side, "hits", hit)][look] += 1

    def _hit(self, values: list[str]) -> int | None:
        """The metric of which a request is a hit."""
        if not values or any(broken(value, self._plan["task"], self._plan["contract"]) for value in values):
            return 0
        return 1 + self._kinds.kind_of(values[0]) if self._kinds else None

    def _name(self, side: str, kind: str, number: int) -> str:
        return f"{side}_{kind}_{self._plan['first_metric'] + number}"


def predictions(captured: CapturedData | None) -> list[str]:
    """The first value of each prediction in one captured response; nothing where it holds none that can be read."""
    return [first for first, _ in scored(captured)]


def scored(captured: CapturedData | None) -> list[tuple[str, str]]:
    """The first two values of each prediction: itself and its probability; the second is empty where there is none."""
    if captured is None:
        return []
    try:
        data, kind = body_of(captured), media_type(content_type_of(captured))
        if kind in JSON_LINES:
            return [value for line in data.splitlines() if line.strip() for value in _scored(json.loads(line))]
        if kind == JSON:
            return _scored(json.loads(data))
        return [(row[0], row[1] if len(row) > 1 else "") for row in lines(data)]
    except (ValueError, TypeError, LookupError, csv.Error):
        return []


def body_of(captured: CapturedData) -> str:
    """The body of a captured request or response.

    Raises:
        ValueError: it is no UTF-8.
    """
    data = captured["data"]
    return base64.b64decode(data).decode() if captured["encoding"] == "BASE64" else data


def content_type_of(captured: CapturedData) -> str:
    """The content type of a captured request or response."""
    return captured.get("observedContentType") or (JSON if captured["encoding"] == "JSON" else CSV)


def _scored(document: Any) -> list[tuple[str, str]]:
    return [(str(first), str(second)) for first, second in _first_values(document)]


def _first_values(document: Any) -> Iterator[tuple[Any, Any]]:
    """Predictions in a JSON document: a list, alone or under `predictions`; of each of its items the first value, and the second one."""
    if isinstance(document, dict):
        document = document.get("predictions", document)
    for item in document if isinstance(document, list) else [document]:
        second: Any = ""
        while isinstance(item, list | dict):
            values = list(item.values() if isinstance(item, dict) else item)
            item, second = values[0], values[1] if len(values) > 1 and not isinstance(values[1], list | dict) else ""
        yield item, second


def broken(value: str, task: str, contract: AnswersShape) -> bool:
    """Whether a prediction breaks its contract (`serve.answers`)."""
    number, bounds = _number(value), contract["between"]
    if (task == "regression" or bounds) and number is None:
        return True
    if number is not None and bounds and not _lower(bounds) <= number <= _upper(bounds):
        return True
    if contract["values"] and not any(_same(value, number, allowed) for allowed in contract["values"]):
        return True
    return value.lower() in NO_PREDICTION


def _lower(bounds: Sequence[float | None]) -> float:
    return -math.inf if bounds[0] is None else bounds[0]


def _upper(bounds: Sequence[float | None]) -> float:
    return math.inf if bounds[1] is None else bounds[1]


def _same(value: str, number: float | None, allowed: str | float) -> bool:
    return value == str(allowed) or (number is not None and not isinstance(allowed, str) and number == float(allowed))


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class PredictionKinds:
    """Tells predictions apart: the most frequent ones of the holdout one by one, or fifths of their range where there are many."""

    def __init__(self, expected: Sequence[str], kinds: int) -> None:
        """Learn the kinds.

        Args:
            expected: the version's predictions of its holdout.
        """
        numbers = sorted(number for value in expected if (number := _number(value)) is not None)
        often = Counter(expected).most_common()
        many = len(often) > MOST_CATEGORIES and len(numbers) == len(expected)
        self._edges = [numbers[len(numbers) * i // kinds] for i in range(1, kinds)] if many else []
        self._categories = {value: number for number, (value, _) in enumerate(often[: kinds - 1])}
        self._rest = kinds - 1

    def kind_of(self, value: str) -> int:
        """The number of a prediction's kind, from 0."""
        if self._edges and (number := _number(value)) is not None:
            return bisect.bisect_right(self._edges, number)
        return self._categories.get(value, self._rest)
