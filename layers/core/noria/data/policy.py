"""Policy on uploads: accepted or quarantined, by the contract in the spec."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.kernel.verdict import Reason, Verdict

if TYPE_CHECKING:
    from noria.data.shapes import Inspection

ACCEPTED, QUARANTINED = "accepted", "quarantined"
#: Largest upload: as rows it must fit into the memory of the functions that curate and split (bytes).
MOST_BYTES = 48 * 1024 * 1024
#: Separators of files that are no CSV with commas.
OTHER_MARKS = (";", "\t", "|")
#: A shorter name within another one is chance (characters).
LEAST_PART = 3
#: How many columns a verdict names.
MOST_NAMED = 20


def judge(profile: Inspection, contract: DataContract, target: str) -> Verdict:
    """The verdict on a profile: `accepted` or `quarantined`, with every reason there is."""
    if profile["bytes"] == 0:
        return Verdict(QUARANTINED, (Reason("EmptyFile", "the file is empty; upload one with a header and rows", 0, "at least one row"),))
    if profile["bytes"] > MOST_BYTES:
        return Verdict(QUARANTINED, (Reason("TooLarge", too_large(profile["bytes"]), profile["bytes"], MOST_BYTES),))
    if profile["problem"]:
        return Verdict(QUARANTINED, (Reason("NotCsv", profile["problem"], "unreadable", "UTF-8 CSV with a header"),))
    missing = [name for name in contract.required(target) if name not in profile["header"]]
    if missing:
        return Verdict(QUARANTINED, _all_missing(missing, profile["header"], contract.required(target)))
    reasons = [*_bad_rows(profile, contract), *_too_few(profile, contract)]
    return Verdict(QUARANTINED if reasons else ACCEPTED, tuple(reasons or _set_aside(profile)))


def too_large(size: int) -> str:
    """A sentence on a file of more bytes than are read."""
    # A part would replace the model by one of that part.
    return (
        f"the file has {size / 2**20:.0f} MiB, more than {MOST_BYTES // 2**20}; a model is trained on one file, so parts of it would not do: "
        "drop columns that the model does not use, or take a sample of the rows"
    )


def unknown_model(model: str) -> Verdict:
    """The verdict on an upload for a model that nobody published."""
    text = f"no model named {model[:60]!r} is published; run: noria publish models/<name>, then upload the file again"
    return Verdict(QUARANTINED, (Reason("UnknownModel", text, model[:60], "a published model"),))


def _all_missing(names: list[str], header: list[str], required: tuple[str, ...]) -> tuple[Reason, ...]:
    if len(header) == 1 and (mark := next((mark for mark in OTHER_MARKS if mark in header[0]), None)):
        mark_name = "a tab" if mark == "\t" else mark
        return (
            Reason("MissingColumn", f"the header is one column {header[0][:60]!r}: it is parted by {mark_name}; upload CSV with commas", header[0][:60], ","),
        )
    reasons = tuple(_missing(name, header, required) for name in names[:MOST_NAMED])
    more = len(names) - len(reasons)
    return (*reasons, Reason("MissingColumn", f"and {more} more columns", more, 0)) if more else reasons


def _missing(name: str, header: list[str], required: tuple[str, ...]) -> Reason:
    others = [item for item in header if item not in required]
    near = get_close_matches(name, others, n=1) or [item for item in others if min(len(name), len(item)) >= LEAST_PART and (name in item or item in name)]
    hint = f"; is it renamed to {near[0]!r}?" if near else ""
    return Reason("MissingColumn", f"the header lacks {name!r}{hint}", near[0] if near else None, name)


def _bad_rows(profile: Inspection, contract: DataContract) -> list[Reason]:
    rows, bad = profile["rows"], profile["bad_rows"]
    limit = contract.bad_rows
    if not bad or bad <= rows * limit:
        return []
    text = f"{bad} of {rows} rows break the contract ({bad / rows:.1%}, at most {limit:.1%}): {_named(profile['faults'])}"
    return [Reason("TooManyBadRows", text, round(bad / rows, 6), limit)]


def _too_few(profile: Inspection, contract: DataContract) -> list[Reason]:
    good = profile["rows"] - profile["bad_rows"]
    if good >= contract.min_rows:
        return []
    return [Reason("TooFewRows", f"{good} good rows, fewer than data.min_rows = {contract.min_rows}", good, contract.min_rows)]


def _set_aside(profile: Inspection) -> list[Reason]:
    if not profile["bad_rows"]:
        return []
    text = f"{profile['bad_rows']} of {profile['rows']} rows were set aside: {_named(profile['faults'])}"
    return [Reason("RowsSetAside", text, profile["bad_rows"], 0)]


def _named(faults: dict[str, dict[str, int]]) -> str:
    phrases = [f"{column or 'row'} {code} × {count}" for column, codes in faults.items() for code, count in codes.items()]
    return ", ".join([*phrases[:MOST_NAMED], *([f"and {len(phrases) - MOST_NAMED} more"] if len(phrases) > MOST_NAMED else [])])
