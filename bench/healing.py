"""How soon a loss of quality is noticed, and what healing is worth: by replay of real histories through the production policies."""

import csv
import importlib.util
import json
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import peers
from bench.drift import SETS, table
from bench.results import FOLDER, ROOT, Result
from cli.demo.dataset import PROJECT, archive
from cli.healing.replay import replay
from cli.healing.trainer import trainer
from cli.project.spec import load
from noria.kernel.json import Json
from noria.spec import ModelSpec
from noria.training import quality
from noria.training.quality_baseline import measure_baseline

Row = dict[str, Any]
#: What is asked of a delay (days), and of streams in which nothing changes.
DAYS, FALSE_FLAGS, STREAMS = 7, 0.02, 200
#: By how much healing may be worse than training before every window, or than nothing; and how much it may train.
TOLERATED, HALF = 0.01, 0.5
FOLDS, YEAR = 5, 365
CALENDAR = {"hour": "{type: integer, drift: ignore}", "dow": "{type: integer, drift: ignore}", "month": "{type: integer, drift: ignore}"}
NUMBER, WORD = "{type: number, nullable: true}", "{type: string, nullable: true}"
SPEC = """name: replayed
task: {task}
target: {target}
data:
  time: ts
  bad_rows: {{at_most: 0.1}}
  columns:
{columns}
evaluate:
  split: {{by: time, test: 0.05}}
  gates:
    - {{metric: {metric}, at_least: -1}}
    - {{metric: {metric}, against: champion, confidence: 0.8}}
"""
#: By set: until when the first version's rows reach, days of a window, and whether nothing shall be trained at all.
PLANS = {
    "bikeshare": ("2012-01-01", 30, False),
    "bikeshare without lag_week": ("2012-01-01", 30, False),
    "car parks": ("2016-11-01", 3, False),
    "appliances": ("2016-02-25", 3, False),
    "traffic": ("2014-10-01", 30, True),
    "Beijing": ("2012-01-01", 30, False),
}
#: River's detectors on a stream of errors, one a line, with the day before it: the day of the first flag.
RIVER = """
import sys
from river import drift
rows = [line.split() for line in sys.stdin]
for name, made in (("ADWIN", drift.ADWIN()), ("DDM", drift.binary.DDM())):
    flagged = None
    for day, wrong in rows:
        made.update(int(wrong))
        if made.drift_detected:
            flagged = day
            break
    print(name, flagged)
"""


def _calendar(moment: datetime) -> Row:
    return {"ts": moment.isoformat(), "hour": moment.hour, "dow": moment.weekday(), "month": moment.month}


def _bikeshare() -> list[Row]:
    result = importlib.util.spec_from_file_location("prepare_data", PROJECT / "prepare_data.py")
    assert result is not None
    assert result.loader is not None
    module = importlib.util.module_from_spec(result)
    result.loader.exec_module(module)
    return [row for year in range(2011, 2020) for row in module.rows_of(archive(), year)]


def _parks() -> list[Row]:
    results = []
    for row in {(row["SystemCodeNumber"], str(row["LastUpdated"])): row for row in table(SETS["car parks"]).to_pylist()}.values():
        when = _calendar(datetime.fromisoformat(str(row["LastUpdated"])))
        del when["month"]
        results.append({**when, "park": row["SystemCodeNumber"], "capacity": row["Capacity"], "full": int(row["Occupancy"] / row["Capacity"] > 0.5)})
    return results


def _appliances() -> list[Row]:
    results = []
    for row in table(SETS["appliances"]).to_pylist():
        when = _calendar(datetime.fromisoformat(str(row.pop("date"))))
        del when["month"], row["rv1"], row["rv2"]
        results.append({**when, **{name: value for name, value in row.items() if name != "Appliances"}, "high": int(row["Appliances"] > 60)})
    return results


def _traffic() -> list[Row]:
    names = {"temp": "temp", "rain_1h": "rain", "snow_1h": "snow", "clouds_all": "clouds", "weather_main": "weather", "traffic_volume": "volume"}
    rows = {str(row["date_time"]): row for row in table(SETS["traffic"]).to_pylist()}
    return [{**_calendar(datetime.fromisoformat(when)), **{new: row[old] for old, new in names.items()}} for when, row in rows.items()]


def _beijing() -> list[Row]:
    results = []
    for row in table(SETS["Beijing"]).to_pylist():
        if str(row["pm2.5"]) in ("NA", "None"):
            continue
        when = _calendar(datetime(row["year"], row["month"], row["day"], row["hour"]))  # noqa: DTZ001 - the data names no zone
        results.append({**when, **{name.lower(): row[name] for name in ("DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir")}, "pm": row["pm2.5"]})
    return results


MADE: dict[str, tuple[Callable[[], list[Row]], str, str]] = {
    "bikeshare": (_bikeshare, "binary", "busy"),
    "bikeshare without lag_week": (lambda: [{name: value for name, value in row.items() if name != "lag_week"} for row in _bikeshare()], "binary", "busy"),
    "car parks": (_parks, "binary", "full"),
    "appliances": (_appliances, "binary", "high"),
    "traffic": (_traffic, "regression", "volume"),
    "Beijing": (_beijing, "regression", "pm"),
}


def _written(folder: Path, name: str) -> Path:
    """A set as a labelled CSV beside a model.yaml; there is nothing else of a project."""
    rows, task, target = MADE[name][0](), *MADE[name][1:]
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    kinds = {column: CALENDAR.get(column) or (WORD if isinstance(rows[0][column], str) else NUMBER) for column in rows[0] if column not in ("ts", target)}
    columns = "\n".join(f"    {column}: {kind}" for column, kind in kinds.items())
    metric = "r2" if task == "regression" else "accuracy"
    (folder / "model.yaml").write_text(SPEC.format(task=task, target=target, columns=columns, metric=metric))
    return folder


def healing() -> Result:
    """Managed against frozen and against trained before every window, on six histories."""
    parts, misses = {}, 0
    for name, (first, days, quiet) in PLANS.items():
        with tempfile.TemporaryDirectory() as folder:
            report = replay(_written(Path(folder), name), Path(folder) / "history.csv", (), first, days, drift=False)
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"replay-{name.replace(' ', '-')}.json").write_text(json.dumps(report, indent=2))
        managed, frozen, always = report["managed"], report["frozen"], report["every_window"]
        good = managed["mean"] >= always["mean"] - TOLERATED and managed["retrainings"] <= HALF * always["retrainings"]
        good = good and managed["mean"] >= frozen["mean"] - TOLERATED and not (quiet and managed["retrainings"])
        misses += not good
        parts[name] = (
            f"{'holds' if good else 'MISSES'}: {report['metric']} managed {managed['mean']:.3f} "
            f"with {managed['retrainings']} trainings and {managed['alarms']} alarms, "
            f"every window {always['mean']:.3f} with {always['retrainings']}, frozen {frozen['mean']:.3f}"
        )
    return Result("healing", misses + 1, 1, "sets that miss, plus one", "healing by replay on six histories, the policy's defaults", parts)


@contextmanager
def _errors() -> Iterator[tuple[list[tuple[str, int]], list[tuple[str, int]]]]:
    """Day and error of each hour: of 2011 out of fold, and of the years after by what was trained on 2011."""
    rows = _bikeshare()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.yaml").write_text(_written(Path(folder), "bikeshare").joinpath("model.yaml").read_text())
        spec: ModelSpec = load(Path(folder) / "model.yaml")
        names = [name for name in rows[0] if name != "ts"]
        known, later = ([row for row in rows if (row["ts"] < "2012") == before] for before in (True, False))

        def text(chosen: Sequence[Row]) -> str:
            return "\n".join([",".join(names), *(",".join(str(row[name]) for name in names) for row in chosen), ""])

        def bare(chosen: Sequence[Row]) -> str:
            return "\n".join([*(",".join(str(row[name]) for name in names if name != "busy") for row in chosen), ""])

        with trainer(Path(folder), spec, None) as scripts:
            order = random.Random(0).sample(range(len(known)), len(known))
            wrong = [0] * len(known)
            for fold in range(FOLDS):
                held = order[fold::FOLDS]
                others = set(order) - set(held)
                model = scripts.fit(text([known[i] for i in sorted(others)]))
                for i, answer in zip(held, scripts.predict(model, bare([known[i] for i in held])), strict=True):
                    wrong[i] = int(answer != str(known[i]["busy"]))
            model = scripts.fit(text(known))
            answers = scripts.predict(model, bare(later))
        yield (
            [(row["ts"][:10], error) for row, error in zip(known, wrong, strict=True)],
            [(row["ts"][:10], int(answer != str(row["busy"]))) for row, answer in zip(later, answers, strict=True)],
        )


def _by_day(errors: Sequence[tuple[str, int]]) -> dict[str, dict[str, float]]:
    days: dict[str, dict[str, float]] = {}
    for day, wrong in errors:
        counts = days.setdefault(day, {"wrong": 0.0, "right": 0.0})
        counts["wrong" if wrong else "right"] += 1
    return days


def _three_sigma(before: Sequence[tuple[str, int]], after: Sequence[tuple[str, int]], span: int) -> str | None:
    """The usual rule: a mean over so many days that is three standard errors above the reference's."""
    days = list(_by_day(after).items())
    mean = sum(error for _, error in before) / len(before)
    for end in range(span, len(days) + 1):
        counts = quality.merge_counts(dict(days[end - span : end]))
        rows = sum(counts.values())
        if counts["wrong"] / rows > mean + 3 * (mean * (1 - mean) / rows) ** 0.5:
            return days[end - 1][0]
    return None


def _river(errors: Sequence[tuple[str, int]]) -> dict[str, str | None]:
    command = [str(ROOT / ".noria" / "uv" / "bin" / "uv"), "run", "--quiet", "--no-project", "--python", str(ROOT / ".venv" / "bin" / "python")]
    ended = subprocess.run(
        [*command, "--with", "river==0.22.0", "python", "-c", RIVER],
        input="\n".join(f"{day} {error}" for day, error in errors),
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: None if day == "None" else day for name, day in (line.split() for line in ended.stdout.splitlines())}


def delay() -> Result:
    """Days until a loss of quality is flagged, and flags of streams in which nothing has changed."""
    with _errors() as (before, after):
        level = measure_baseline("accuracy", _by_day(before))
        assert level is not None
        result = quality.detect_degradation(level, dict(list(_by_day(after).items())[:YEAR]), margin=0.05)
        days = list(_by_day(after))
        ours = days.index(result.fallen) + 1 if result.fallen else len(days)
        quiet = quality.detect_degradation(level, _by_day(before), margin=0.05).fallen
        drawn, flags, usual = random.Random(1), 0, 0
        for _ in range(STREAMS):
            shuffled = list(zip([day for day, _ in before], drawn.sample([error for _, error in before], len(before)), strict=True))
            flags += quality.detect_degradation(level, _by_day(shuffled), margin=0.05).fallen is not None
            usual += _three_sigma(before, shuffled, 7) is not None
        others = {"3 sigma over 7 days": _three_sigma(before, after, 7), "3 sigma a day": _three_sigma(before, after, 1), **_river([*before, *after])}
    parts: Json = {
        "error in 2011, out of fold": f"{1 - level.value:.2%}",
        "false flags of shuffled streams": f"{flags} of {STREAMS} (aim at most {FALSE_FLAGS:.0%}); 3 sigma over 7 days: {usual}",
        "2011 in the order of time": f"flagged on {quiet}" if quiet else "not flagged",
    }
    for name, day in others.items():
        parts[name] = "never" if day is None else f"{days.index(day) + 1} days" if day in days else f"flags {day}, in a year without a change"
    report = peers.realised(before, after)
    parts["nannyml, realised accuracy by day"] = "never" if report is None else f"{report} days"
    return Result("delay", ours, DAYS, "days", "from 2012 on, until bikeshare's loss of quality is flagged", parts)
