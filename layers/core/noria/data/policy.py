"""Policy on uploads: accepted or quarantined, by the contract in the spec."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.kernel.verdict import Reason, Verdict

if TYPE_CHECKING:
    from noria.data.shapes import Inspection

ACCEPTED, QUARANTINED = "accepted", "quarantined"
#: Largest upload: what one function reads within its time, and what S3 copies in one request (bytes).
MOST_BYTES = 5 * 1024**3
#: Most bytes of a dataset that is assembled of single rows, which one function holds.
MOST_ASSEMBLED = 48 * 1024 * 1024
#: A shorter name within another one is chance (characters).
LEAST_PART = 3
#: How many columns a verdict names.
MOST_NAMED = 20


def judge(profile: Inspection, contract: DataContract, target: str, now: float | None = None) -> Verdict:
    """The verdict on a profile: `accepted` or `quarantined`, with every reason there is.

    Args:
        now: when the file arrived (seconds since the epoch).
    """
    if profile["bytes"] == 0:
        return Verdict(QUARANTINED, (Reason("EmptyFile", "the file is empty; upload one with a header and rows", 0, "at least one row"),))
    if profile["bytes"] > MOST_BYTES:
        return Verdict(QUARANTINED, (Reason("TooLarge", too_large(profile["bytes"]), profile["bytes"], MOST_BYTES),))
    if profile["problem"]:
        return Verdict(QUARANTINED, (Reason("Unreadable", profile["problem"], "unreadable", "a table of a format that is read"),))
    missing = [name for name in contract.required(target) if name not in profile["header"]]
    if missing:
        return Verdict(QUARANTINED, _all_missing(missing, profile["header"], contract.required(target)))
    reasons = [
        *_extra_columns(profile, contract, target),
        *_bad_rows(profile, contract),
        *_too_few(profile, contract),
        *_too_many_nulls(profile, contract),
        *_stale(profile, contract, now),
    ]
    return Verdict(QUARANTINED if reasons else ACCEPTED, tuple(reasons or _set_aside(profile)))


def too_large(size: int) -> str:
    """A sentence on a file of more bytes than are read."""
    # A part would replace the model by one of that part.
    return (
        f"the file has {size / 2**30:.1f} GiB, more than {MOST_BYTES / 2**30:.0f}; a model is trained on one file, so parts of it would not do: "
        "write it as Parquet, drop columns that the model does not use, or take a sample of the rows"
    )


def unknown_model(model: str) -> Verdict:
    """The verdict on an upload for a model that nobody published."""
    text = f"no model named {model[:60]!r} is published; run: noria publish models/<name>, then upload the file again"
    return Verdict(QUARANTINED, (Reason("UnknownModel", text, model[:60], "a published model"),))


def _all_missing(names: list[str], header: list[str], required: tuple[str, ...]) -> tuple[Reason, ...]:
    reasons = [_missing(name, header, required) for name in names[:MOST_NAMED]]
    shown = ", ".join(name[:60] for name in header[:MOST_NAMED]) + (f" and {len(header) - MOST_NAMED} more" if len(header) > MOST_NAMED else "")
    reasons[0] = replace(reasons[0], text=f"{reasons[0].text}; the header is {shown}")
    more = len(names) - len(reasons)
    return (*reasons, Reason("MissingColumn", f"and {more} more columns", more, 0)) if more else tuple(reasons)


def _missing(name: str, header: list[str], required: tuple[str, ...]) -> Reason:
    near = nearest(name, [item for item in header if item not in required])
    hint = f" (is it renamed to {near!r}?)" if near else ""
    return Reason("MissingColumn", f"the header lacks {name!r}{hint}", near, name)


def nearest(name: str, others: list[str]) -> str | None:
    """The name that is most like another, across case, quotes, blanks and marks; nothing where none is."""

    def plain(text: str) -> str:
        return "".join(mark for mark in text.lower() if mark.isalnum())

    by_plain = {plain(item): item for item in reversed(others) if plain(item)}
    if (mine := plain(name)) in by_plain:
        return by_plain[mine]
    if near := get_close_matches(mine, list(by_plain), n=1):
        return by_plain[near[0]]
    return next((item for text, item in by_plain.items() if min(len(mine), len(text)) >= LEAST_PART and (mine in text or text in mine)), None)


def _extra_columns(profile: Inspection, contract: DataContract, target: str) -> list[Reason]:
    extra = [name for name in profile["header"] if name not in contract.required(target)]
    if contract.extra_columns == "keep" or not extra:
        return []
    shown = ", ".join(map(repr, extra[:MOST_NAMED]))
    return [Reason("ExtraColumn", f"the contract does not name {shown}: add them to data.columns, or name data.extra_columns: keep", len(extra), 0)]


def _bad_rows(profile: Inspection, contract: DataContract) -> list[Reason]:
    rows, bad = profile["rows"], profile["bad_rows"]
    limit = contract.bad_rows
    if not bad or bad <= rows * limit:
        return []
    text = f"{bad} of {rows} rows break the contract ({bad / rows:.1%}, at most {limit:.1%}): {_named(profile['faults'])}"
    return [Reason("TooManyBadRows", text, round(bad / rows, 6), limit)]


def _too_few(profile: Inspection, contract: DataContract) -> list[Reason]:
    good = profile["rows"] - profile["bad_rows"]
    if contract.max_rows is not None and good > contract.max_rows:
        return [Reason("TooManyRows", f"{good} good rows, more than data.max_rows = {contract.max_rows}", good, contract.max_rows)]
    if good >= contract.min_rows:
        return []
    return [Reason("TooFewRows", f"{good} good rows, fewer than data.min_rows = {contract.min_rows}", good, contract.min_rows)]


def _too_many_nulls(profile: Inspection, contract: DataContract) -> list[Reason]:
    good = max(1, profile["rows"])
    results = []
    for name, count in profile["nulls"].items():
        limit = contract.columns[name].nulls
        if limit is not None and count > limit * good:
            text = f"{name} is empty in {count} of {good} rows ({count / good:.1%}, at most {limit:.1%})"
            results.append(Reason("TooManyNulls", text, round(count / good, 6), limit))
    return results


def _stale(profile: Inspection, contract: DataContract, now: float | None) -> list[Reason]:
    last = profile["last"]
    if contract.fresh is None or now is None or last is None or now - last <= contract.fresh:
        return []
    hours = (now - last) / 3_600
    text = f"the newest row is {hours:,.1f} hours old, more than data.fresh, which is {contract.fresh / 3_600:,.1f} hours"
    return [Reason("Stale", text, round(now - last), contract.fresh)]


def _set_aside(profile: Inspection) -> list[Reason]:
    if not profile["bad_rows"]:
        return []
    text = f"{profile['bad_rows']} of {profile['rows']} rows were set aside: {_named(profile['faults'])}"
    return [Reason("RowsSetAside", text, profile["bad_rows"], 0)]


def _named(faults: dict[str, dict[str, int]]) -> str:
    phrases = [f"{column or 'row'} {code} × {count}" for column, codes in faults.items() for code, count in codes.items()]
    return ", ".join([*phrases[:MOST_NAMED], *([f"and {len(phrases) - MOST_NAMED} more"] if len(phrases) > MOST_NAMED else [])])
