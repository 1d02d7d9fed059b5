"""What serves, under observation: truth that is told, looks that are asked for, and verdicts in words and pictures."""

import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.text import Text

from cli import files, ledger, plotting, render, requesting
from cli.errors import CliError
from cli.session import Session
from noria.data.contract import DataContract
from noria.data.rows import lines, table
from noria.kernel.spec_defaults import with_defaults
from noria.monitoring import truth

Json = dict[str, Any]
#: How long a look is waited for (seconds).
LONGEST_SECONDS = 900


def tell(session: Session, model: str, file: Path, wait: bool) -> Json:
    """Upload a file of truth; its arrival starts a look.

    Returns:
        `{model, bucket, key, rows, faults, before}`: rows that tell a truth, why others tell none and how many, and when the same content
        was sent before, or null; with `wait` also the `look` that has taken it into account.

    Raises:
        CliError: there is no such file, nobody has published this model, no row tells a truth, or no look has come of it.
        UnreadableDatasetError: the file is no CSV, or lacks columns.
    """
    story = ledger.read(session, model)
    spec = with_defaults(story.serving())
    body, faults = files.there(file).read_bytes(), Counter[str]()
    contract, latest = DataContract.of(spec["data"]), time.time() + truth.AHEAD.total_seconds()
    rows = sum(1 for _ in truth.parse_truths(*table(lines([body])), contract, spec["target"], spec["task"], latest, faults))
    if not rows:
        why = ", ".join(f"{count:,} with {fault}" for fault, count in faults.most_common()) or "it has no rows"
        raise CliError(f"{file} tells no truth: {why}")
    bucket, key = session.outputs["LakeBucket"], f"truth/{model}/{file.stem}-{sha256(body).hexdigest()[:8]}{file.suffix}"
    told: Json = {"model": model, "bucket": bucket, "key": key, "rows": rows, "faults": dict(faults), "before": _sent(session, bucket, key)}
    if told["before"]:
        return {**told, "look": look(session, model)} if wait else told
    session.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return {**told, "look": _next(session, model, story.look)} if wait else told


def _sent(session: Session, bucket: str, key: str) -> str | None:
    """When an object was written, or nothing."""
    found = session.s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    return next((str(one["LastModified"].isoformat(timespec="seconds")) for one in found if one["Key"] == key), None)


def look(session: Session, model: str) -> Json:
    """Ask for a look and wait for what it says."""
    before = ledger.read(session, model)
    if before.champion is None:
        raise CliError(f"no version of {model} serves yet; see: noria status {model}")
    requesting.look(session, model)
    return _next(session, model, before.look)


def last(session: Session, model: str) -> Json:
    """What the last look has said.

    Raises:
        CliError: there was none.
    """
    story = ledger.read(session, model)
    story.published()
    if story.look is None:
        raise CliError(f"nobody has looked at {model} yet; a look is taken every hour, when truth arrives, and by: noria monitor {model}")
    return story.look


def _next(session: Session, model: str, before: Json | None) -> Json:
    ends = time.monotonic() + LONGEST_SECONDS
    number = before["number"] if before else 0
    while time.monotonic() < ends:
        found = ledger.read(session, model).look
        if found is not None and found["number"] > number:
            return found
        time.sleep(session.look_seconds)
    raise CliError(f"no look at {model} within {LONGEST_SECONDS} s; see: noria events {model}")


def show_told(told: Json) -> None:
    """What became of a file of truth."""
    place = f"s3://{told['bucket']}/{told['key']}"
    if told["before"]:
        render.console.print(Text(f"the same content is {place} since {told['before']}; a file is read once"))
    else:
        render.console.print(Text(f"sent {told['rows']:,} truths as {place}"))
    for fault, count in told["faults"].items():
        render.console.print(Text(f"  {count:,} other rows have {fault}", style="yellow"))
    if told.get("look"):
        show(told["look"])


def show(look: Json) -> None:
    """A look in words: the verdict, why, and before and after of the columns that moved."""
    counts, judged = look["counts"], look["drift"]
    render.console.print(Text("look "), Text(str(look["number"]), style="bold"), Text(f" at {look['time'][:19]}: "), render.word(look["outcome"]))
    render.console.print(
        f"  {counts['predictions']:,} predictions and {counts['labelled']:,} truths since the look before"
        + "".join(f"; {counts[name]:,} {words}" for name, words in _ODD.items() if counts[name])
    )
    for reason in look["reasons"]:
        render.console.print(Text(f"  {reason['text']}"))
    show_quality(look)
    if judged:
        told = "of the last complete window" if judged["rows"] else ""
        render.console.print(Text(f"  inputs: {judged['verdict']} {told} ({judged['rows']:,} rows up to {judged['until'][:19]})"))
        for name, picture in judged["pictures"].items():
            render.picture(name, picture)
    else:
        render.console.print("  inputs: no window is complete yet (1,000 rows, or a day)")


_ODD = {
    "unreadable": "captured requests could not be read",
    "bad_truths": "rows of truth tell none",
    "waiting": "truths wait for their prediction (what is asked is captured a minute or so later)",
    "repeated": "truths came again",
    "conflicting": "truths contradict an earlier one, which stays",
}


def show_quality(look: Json) -> None:
    """The course of quality since the release, beside the level of the evaluation; and what is estimated without truth."""
    if estimate := (look["drift"] or {}).get("estimate"):
        known = f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
        told = f"  estimated without truth: {estimate['metric']} {known} on the last window of {estimate['rows']:,} answers, by its own probabilities"
        render.console.print(Text(told))
    if not look["quality"] or not look["level"] or look["quality"]["value"] is None:
        return
    found, level = look["quality"], look["level"]
    values = [point["value"] for point in look["series"]]
    render.console.print(
        Text(f"  {found['metric']} {found['value']:.3f} since the release on {found['rows']:,.0f} answers; in the evaluation {level['value']:.3f}")
    )
    if len(values) > 1:
        render.console.print(plotting.spark({f"  {look['series'][0]['from']} on": values}))
