"""Rows of texts against a contract: what labelled traffic, processed rows and a replayed history are."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from noria.data.column_check import CODES, check_column
from noria.data.dataset_file import DatasetWriter, contract_notations
from noria.data.table_check import TableCheck
from noria.profile.batches import add_columns
from noria.profile.dataset import Profile
from noria.tables.batch import Batch
from noria.tables.dialect import PLAIN
from noria.tables.read import BATCH_ROWS
from noria.tables.words import Words, without_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from noria.data.contract import DataContract
    from noria.data.table_check import Facts


def batches_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[Batch]:
    """Rows of texts as batches; the first row has the number 1."""
    begin = 1
    for part in batched(rows, BATCH_ROWS, strict=False):
        columns = [pa.array(values, pa.string()) for values in zip(*part, strict=True)]
        yield Batch(pa.RecordBatch.from_arrays(columns, list(names)), np.arange(begin, begin + len(part), dtype=np.int64))
        begin += len(part)


def good_places(contract: DataContract, target: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[int], Facts]:
    """The places of the rows that keep the contract, and what is wrong with the others."""
    places = list[int]()
    with TableCheck(contract, target, names) as check:
        for batch in batches_of(names, rows):
            places += (check.check(batch).numbers - 1).tolist()
        if repeats := check.repeats():
            check.count_repeats(repeats)
            places = [place for number, place in enumerate(places) if number not in repeats]
        return places, check.facts


def count_breaches(contract: DataContract, names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, Counter[str]]:
    """How many rows of these columns break the contract, and the breaches by `<column> <code>`."""
    broken, breaches = np.zeros(len(rows), bool), Counter[str]()
    for place, name in enumerate(names):
        words = Words.of(pa.array([row[place] for row in rows], pa.string()))
        codes = check_column(contract.columns[name], words, contract.missing, PLAIN).codes
        if codes is not None:
            broken |= codes > 0
            breaches.update({f"{name} {CODES[code]}": int(count) for code, count in enumerate(np.bincount(codes)) if code and count})
    return int(broken.sum()), breaches


def typed_profile(contract: DataContract, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Profile:
    """The profile of rows of texts in the contract's types; a value of another type counts as what it looks like."""
    profile = Profile(rows=len(rows), is_typed=True)
    columns = {name: Words.of(pa.array([row[place] for row in rows], pa.string())) for place, name in enumerate(names)}
    for name, words in columns.items():
        column = contract.columns.get(name)
        part = Profile()
        if column is None:
            add_columns(part, {name: words.with_values(without_missing(words.values, contract.missing))}, by_looks=True)
        else:
            checked = check_column(column, words, contract.missing, PLAIN)
            wrong = (
                np.zeros(len(words), bool)
                if checked.codes is None
                else (checked.codes > 0) & checked.words.spread(checked.words.values.is_null().to_numpy(zero_copy_only=False))
            )
            add_columns(part, {name: checked.words.filter(~wrong)})
            if wrong.any():
                add_columns(rest := Profile(), {name: checked.read.filter(wrong)}, by_looks=True)
                part.columns[name].merge(rest.columns[name])
        profile.columns |= part.columns
    return profile


@contextmanager
def dataset_of(contract: DataContract, target: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[DatasetWriter]:
    """Good rows as a dataset, in a temporary folder."""
    with TableCheck(contract, target, names) as check, DatasetWriter(contract) as dataset:
        for batch in batches_of(names, rows):
            notations = {} if dataset.rows else contract_notations(contract, target, batch)
            checked = check.check(batch)
            dataset.add({name: checked.columns[name] for name in names}, checked.numbers, notations)
        dataset.close()
        yield dataset
