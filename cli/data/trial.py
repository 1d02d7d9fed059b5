"""Tries a contract on the file that it was suggested for."""

from collections import Counter
from pathlib import Path

import yaml

from noria.data.contract import DataContract
from noria.data.table_check import TableCheck
from noria.spec.data import DataSpec
from noria.tables.read import open_table
from noria.tables.source import FileSource

#: Kinds of faults that a comment names.
MOST_NAMED = 5


def trial(file: Path, text: str, target: str) -> tuple[int, int, str, bool]:
    """Rows and bad rows of a file under a contract, the most frequent faults in words, and whether a row repeats a key.

    Args:
        text: the `data` block in YAML.
    """
    contract = DataContract.of(DataSpec.model_validate(yaml.safe_load(text)["data"]).model_dump(mode="json"))  # type: ignore[arg-type]
    target = target or next(iter(contract.columns))
    with open_table(FileSource(file)) as table, TableCheck(contract, target, table.names, table.dialect) as check:
        for batch in table.batches:
            check.check(batch)
        repeats = check.repeats()
        check.count_repeats(repeats)
        facts = check.facts
    return facts.rows, facts.bad_rows, _named(facts.faults), bool(repeats)


def _named(faults: Counter[tuple[str, str]]) -> str:
    phrases = [f"{column!r} {code} x {count:,}" for (column, code), count in faults.most_common(MOST_NAMED)]
    return ", ".join([*phrases, *(["and more"] if len(faults) > MOST_NAMED else [])])
