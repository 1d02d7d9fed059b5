"""Predictions out of captured traffic and out of files of scored rows, and the names by which ground truth calls them.

A prediction is named by its id: the InferenceId of its request, and for the n-th row of a request with several (from 0) the
InferenceId, `#` and n. It is named by its key as well: its values of the contract's key columns, joined by `|`. Where the endpoint
is not sent the key columns, the id stands for the key.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.request_rows import parse
from noria.release.captured_predictions import body_of, content_type_of, scored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from noria.data.contract import DataContract

ID, PREDICTION, PROBABILITY = "prediction_id", "prediction", "probability"
#: Between the values of a key of several columns; the first character of a name that is a key, which no id has; the column that holds
#: the key in a file of predictions.
SEPARATOR, KEYED, KEY = "|", "\0", "#key"
#: Rows of a file that are left out, by why.
Faults = Counter[str]
UNEVEN = "another number of fields than the header"
#: The variant of rows that a batch job has scored.
BATCH = "batch"
#: Rows of one file of scored rows, at most.
MOST_SCORED = 100_000


@dataclass(frozen=True)
class Prediction:
    """One row with its prediction.

    Attributes:
        at: the time of the request, ISO 8601.
        variant: of the endpoint.
        features: the row of the request, in the contract's order.
        score: the classifier's probability, or nothing.
        key: the values of the contract's key columns, or nothing where the row lacks one.
    """

    id: str
    at: str
    variant: str
    value: str
    features: tuple[str, ...]
    score: str = ""
    key: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """The names by which ground truth calls it."""
        return names_of(self.id, self.key)


def names_of(prediction_id: str, key: str) -> tuple[str, str]:
    """The names by which ground truth calls a prediction: its id, and its key, for which the id stands where it is unknown."""
    return prediction_id, KEYED + (key or prediction_id)


def key_places(names: Sequence[str], contract: DataContract) -> tuple[int, ...]:
    """The places of the key columns among these; nothing where one is missing."""
    return tuple(names.index(name) for name in contract.key) if set(contract.key) <= set(names) else ()


def key_of(row: Sequence[str], places: tuple[int, ...]) -> str:
    """The key of a row."""
    return SEPARATOR.join(row[place] for place in places)


def select_named(header: list[str], rows: Iterable[list[str]], names: set[str], contract: DataContract) -> Iterator[tuple[list[str], str]]:
    """Of rows whose first column is an id, those with one of these names, with their keys."""
    places = (header.index(KEY),) if KEY in header else key_places(header, contract)
    by_key = any(name.startswith(KEYED) for name in names)
    for row in rows:
        if row[0] in names or (by_key and not names.isdisjoint(names_of(row[0], key_of(row, places)))):
            yield row, key_of(row, places)


def parse_captured(text: str, variant: str, contract: DataContract, target: str) -> tuple[list[Prediction], int]:
    """The predictions in one file of captured traffic, and how many of its requests cannot be read."""
    names = contract.features(target)
    places = key_places(names, contract)
    predictions: list[Prediction] = []
    unreadable = 0
    for line in text.splitlines():
        try:
            predictions += _parse_request(line, variant, names, places)
        except (ValueError, KeyError, TypeError):
            unreadable += 1
    return predictions, unreadable


def _parse_request(line: str, variant: str, names: Sequence[str], places: tuple[int, ...]) -> list[Prediction]:
    """The predictions of one captured request.

    Raises:
        ValueError, KeyError, TypeError: it cannot be read.
    """
    record = json.loads(line)
    metadata, data = record["eventMetadata"], record["captureData"]
    request = data["endpointInput"]
    rows = [tuple(row) for row in parse(body_of(request), content_type_of(request), names)]
    answers, at, name = scored(data["endpointOutput"]), metadata["inferenceTime"], metadata.get("inferenceId") or metadata["eventId"]
    if len(rows) != len(answers):
        raise ValueError(f"{len(rows)} rows of {len(names)} columns, and {len(answers)} predictions")
    return [
        Prediction(f"{name}#{number}" if len(rows) > 1 else name, at, variant, value, row, score, key_of(row, places))
        for number, (row, (value, score)) in enumerate(zip(rows, answers, strict=True))
    ]


def parse_scored(header: list[str], rows: Iterable[list[str]], contract: DataContract, target: str, at: str, file: str) -> tuple[list[Prediction], Faults]:
    """The predictions in a file of rows that a batch job has scored, and why other rows are left out.

    Args:
        header: names the features, `prediction`, and maybe `probability` and `prediction_id`.
        at: the time of the predictions, ISO 8601.
        file: its name; it names rows that have neither an id nor a key.

    Raises:
        UnreadableDatasetError: a column is missing, or there are too many rows.
    """
    features = contract.features(target)
    if missing := [name for name in (*features, PREDICTION) if name not in header]:
        raise UnreadableDatasetError(f"a file of answered rows needs the columns {', '.join(missing)}")
    places = key_places(header, contract)
    predictions: list[Prediction] = []
    faults: Faults = Counter()
    for number, row in enumerate(rows):
        if number >= MOST_SCORED:
            raise UnreadableDatasetError(f"a file of answered rows has more than {MOST_SCORED:,} of them; write several")
        if len(row) != len(header):
            faults[UNEVEN] += 1
            continue
        named, key = dict(zip(header, row, strict=True)), key_of(row, places)
        values = tuple(named[name] for name in features)
        predictions.append(Prediction(named.get(ID) or key or f"{file}#{number}", at, BATCH, named[PREDICTION], values, named.get(PROBABILITY, ""), key))
    return predictions, faults
