"""Prints what lies in quarantine, a copy to correct, and what was released."""

import shlex
from collections.abc import Iterator

from rich.text import Text

from cli.base import console, wording
from cli.data.quarantine import CorrectedCopy, Details, Quarantined
from cli.data.quarantine_fix import Fixed
from cli.data.quarantine_release import Released

#: What a row that was set aside begins with: where it was, and why.
FAULT_COLUMNS = ("#row", "#column", "#fault", "#expected")
#: Names of a header that are shown, and characters of a cell.
MOST_NAMED, LONGEST = 40, 40
#: Characters of two names of a column.
LONGEST_RENAME = 400


def listed(entries: list[Quarantined]) -> None:
    """A dataset with its file, its first reason and its corrected copies."""
    for entry in entries:
        _head(entry)
        _line(wording.name(entry.reason, 400))
        for copy in entry.copies:
            _copy(copy)
    if not entries:
        console.out.print("nothing is in quarantine")


def details(dataset: Details) -> None:
    """A dataset in full, and what to do next."""
    summary = dataset.summary
    _head(summary)
    for reason in dataset.reasons:
        _line(wording.name(reason["text"], 2_000))
    _line(f"untouched copy  {wording.name(dataset.object, 1_200)}")
    if dataset.header:
        _line(f"header  {wording.listed(dataset.header, MOST_NAMED)}")
    for column, codes in dataset.faults.items():
        counts = ", ".join(f"{code} × {count:,}" for code, count in codes.items())
        _line(f"fault   {wording.name(column) or 'row'}: {counts}")
    for example in dataset.examples:
        seen = f"found {wording.name(example['observed']) or 'nothing'}, expected {wording.name(example['expected'])}"
        _line(f"row {example['row']}  {wording.name(example['column']) or 'row'}: {example['code']}, {seen}")
    _bad_rows(dataset.set_aside, summary.bad_rows)
    for copy in summary.copies:
        _copy(copy)
    _line(" ".join([f"correct it: noria quarantine fix {summary.dataset}", *_options(dataset)]))


def _options(dataset: Details) -> Iterator[str]:
    """What would mend a dataset: columns that seem to have another name, or its bad rows."""
    for reason in dataset.reasons:
        if reason["code"] == "MissingColumn" and isinstance(reason["observed"], str):
            yield f"--rename {shlex.quote(wording.name(reason['observed'] + '=' + reason['limit'], LONGEST_RENAME))}"
    if dataset.summary.bad_rows:
        yield "--drop-bad"


def fixed(copy: Fixed) -> None:
    """Where the copy is, and how it is released."""
    rows = "as it was uploaded" if copy.rows is None else wording.count(copy.rows, "row")
    dropped = f", without {wording.count(copy.dropped, 'bad row')}" if copy.dropped else ""
    console.out.print(Text(f"wrote {copy.path}: {rows}{dropped}"))
    console.out.print(Text(f"release it{' when it is corrected' if copy.rows is None else ''}: {copy.next}"))


def released(result: Released) -> None:
    """What was released in place of what."""
    console.out.print(Text(f"released in place of dataset {result.dataset}; the trail: noria quarantine show {result.dataset}"))


def _head(entry: Quarantined) -> None:
    rows = f"{entry.rows:,} rows, {entry.bad_rows:,} bad" if entry.rows else "no rows were read"
    ids = f"{entry.model}  {entry.dataset}  {wording.name(entry.file)}  {rows}"
    console.out.print(Text("  "), Text(entry.time[: console.SECONDS], style="dim"), Text(ids))


def _copy(copy: CorrectedCopy) -> None:
    became = f"dataset {copy.dataset}, {copy.outcome}" if copy.dataset else "not judged yet"
    _line(f"released {copy.time[: console.SECONDS]} by {copy.by}: {wording.name(copy.file)}, {became}")


def _bad_rows(rows: list[dict[str, str]], bad: int) -> None:
    for row in rows:
        values = {name: value for name, value in row.items() if name not in FAULT_COLUMNS}
        cells = ", ".join(f"{wording.name(name, LONGEST)}={wording.name(value or '', LONGEST)}" for name, value in values.items())
        _line(f"row {row['#row']}  {cells}")
    if rows and bad > len(rows):
        _line(f"{bad - len(rows):,} more; --rows shows them")


def _line(text: str) -> None:
    console.out.print(Text(f"    {text}"))
