"""One look at a served model: reads what was captured and what turned out to be true since the last look.

Each look writes objects of its own under `monitor/<model>/<kind>/`, and changes none. What the next look goes on from is the state
of the look that the ledger has recorded; of looks at the same time one is recorded, and the others look again.
"""

import copy
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.rows import lines, table
from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.values import parse_timestamp
from noria.monitoring import drift
from noria.monitoring.read_reference import PREDICTION, Reference, against_contract, compare
from noria.monitoring.truth import AHEAD, KEY, Faults, Prediction, Truth, answered, called, captured, join, names_of, parse_truths
from noria.monitoring.window_state import EMPTY_WINDOW, FIRST_LOOK
from noria.profile.baseline import profile_rows
from noria.profile.dataset import Profile
from noria.release.variants import CHALLENGER, MAIN
from noria.training import cbpe, quality
from noria.training.metrics import label

#: A file of captured traffic may appear so long after the time in its name (minutes).
LATE = timedelta(minutes=10)
#: Files that are read in one look; more of them wait for the next.
MOST_FILES = 5_000
#: Once so many rows of files were read, the files that are left wait for the next look.
MOST_ROWS = 200_000
#: Drift is judged once so many rows have come together, or fewer once they are this old.
WINDOW_ROWS, WINDOW_AGE = 1_000, timedelta(days=1)
#: Sentences on files that cannot be read, and characters of one.
MOST_FAULTS, LONGEST_FAULT = 5, 400
#: Days of answers that are kept.
MOST_DAYS = 4_000
#: Truth that waits for its prediction, at most.
MOST_WAITING = 50_000
#: What a state machine passes on of a release's days: counts by day and kind.
MOST_COUNTS = 4_000
NEVER = "0000-00-00"


def read_window(event: Json) -> Json:
    """Look once.

    Args:
        event: `{model, bucket, artifacts, endpoint, number, token, state, release: {id, time}, spec, level, baseline, run_folder, now}`;
            `number` and `token` name this look and no other; `state` is the key of what the last look has left, or null;
            `level` what the evaluation has shown, or null; `baseline` the folder of the dataset that the serving version was
            trained on.

    Returns:
        `{state, days, fresh_rows, drift, counts, faults, last_prediction, last_truth, labelled}`: `state` is the key to hand to the next
        look, `days` the answers of this release by day and kind, `drift` the verdict on a window that is complete, or null.
    """
    return _Look(event).results()


def _day(seconds: float) -> str:
    """The day of a time; of one that no calendar has, the first or the last."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), 250_000_000_000.0), UTC).strftime("%Y-%m-%d")


class _Look:
    def __init__(self, event: Json) -> None:
        self._event, self._bucket, self._spec = event, event["bucket"], with_defaults(event["spec"])
        self._contract, self._target = DataContract.of(self._spec["data"]), self._spec["target"]
        self._features = self._contract.features(self._target)
        self._name = f"{event['number']:08}-{digest(event['token'])}"
        folder = event["baseline"]
        # A dataset of before there were profiles has none.
        self._baseline = folder if f"{folder}data.profile" in objects.keys(self._bucket, folder, folder) else None
        self._now = datetime.fromisoformat(event["now"])
        retained = json.loads(objects.read(self._bucket, event["state"])) if event["state"] else {}
        self._state: Json = {**copy.deepcopy(FIRST_LOOK), **retained}
        self._faults: list[str] = []
        self._counts = dict.fromkeys(("predictions", "unreadable", "truths", "bad_truths", "labelled", "repeated", "conflicting", "waiting"), 0)
        if self._state["release"] != event["release"]["id"]:
            self._state |= {**copy.deepcopy(EMPTY_WINDOW), "release": event["release"]["id"], "days": {}, "drifted": 0, "newest_known": None}

    def results(self) -> Json:
        state = self._state
        fresh = [*self._captured(), *self._scored()]
        self._counts["predictions"] = len(fresh)
        truths = self._truths()
        horizon = (self._now - timedelta(days=self._spec["monitor"]["truth_days"])).isoformat()
        state["recent"] = [one for one in state["recent"] if one["newest"] >= horizon]
        # Without new truth, only what is new can meet one that waits for it.
        named = {truth.id for truth in truths}
        results = [*self._predicted(named), *fresh]
        joined = join(results, truths, {key: Truth(*value) for key, value in state["waiting"].items()}, self._known(named))
        self._counts |= {"repeated": joined.repeated, "conflicting": joined.conflicting, "labelled": len(joined.pairs), "waiting": len(joined.waiting)}
        state["waiting"] = {key: [truth.id, truth.value, truth.columns] for key, truth in list(joined.waiting.items())[-MOST_WAITING:]}
        self._label(joined.pairs)
        state["history"] = dict(sorted(state["history"].items())[-MOST_DAYS:])
        if fresh or joined.pairs:
            newest = max(prediction.at for prediction in [*fresh, *(prediction for prediction, _ in joined.pairs)])
            state["recent"].append({"look": self._name, "newest": newest, "predictions": len(fresh), "labelled": len(joined.pairs)})
        if fresh:
            header = ["#id", "#at", "#variant", "#value", *self._features, KEY]
            self._write("predictions", [header, *([p.id, p.at, p.variant, p.value, *p.features, p.key] for p in fresh)])
            state["last_prediction"] = max(filter(None, [state["last_prediction"], *(prediction.at for prediction in fresh)]))
        judged = self._drift(fresh)
        freshness = self._freshness()
        state["number"] = self._event["number"]
        key = self._key("state", "json")
        objects.write(self._bucket, key, json.dumps(state).encode(), "application/json")
        kinds = {kind for counts in state["days"].values() for kind in counts}
        last = {name: state[name] for name in ("last_prediction", "last_truth")}
        days = quality.pooled(state["days"], MOST_COUNTS // max(1, len(kinds)))
        report = {"counts": self._counts, "faults": self._faults[:MOST_FAULTS], **freshness}
        return {"outcome": "read", "state": key, **last, "days": days, "drift": judged, "drifted": state["drifted"], **report}

    def _key(self, kind: str, suffix: str, look: str | None = None) -> str:
        return f"monitor/{self._event['model']}/{kind}/{look or self._name}.{suffix}"

    def _write(self, kind: str, rows: Iterable[Sequence[str]]) -> None:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        objects.write(self._bucket, self._key(kind, "csv"), buffer.getvalue().encode(), "text/csv")

    def _captured(self) -> list[Prediction]:
        """What has been captured since the last look; a file that appears late is read by the next one."""
        results: list[Prediction] = []
        after = datetime.fromisoformat(self._state["after"] or self._event["release"]["time"]) - LATE
        read: set[str] = set(self._state["read"])
        remembered: list[str] = []
        fresh, left = 0, False
        for variant in (MAIN, CHALLENGER):
            folder, new = f"capture/{self._event['endpoint']}/{variant}/", list[str]()
            for key in objects.keys(self._bucket, folder, f"{folder}{after:%Y/%m/%d/%H/%M-%S}"):
                if (name := digest(key)) not in read:
                    if fresh >= MOST_FILES:
                        left = True
                        continue
                    fresh += 1
                    new.append(key)
                remembered.append(name)
            for body in objects.read_all(self._bucket, new):
                part, bad = captured(body.decode(errors="replace"), variant, self._contract, self._target)
                results += part
                self._counts["unreadable"] += bad
        # What is left is found again from where this look has begun.
        self._state |= {"after": self._state["after"] if left else self._event["now"], "read": remembered}
        return results

    def _files(self, kind: str, seen: str, bad: str, read: Callable[[str, list[str], Iterator[list[str]]], tuple[list[Any], Faults]]) -> list[Any]:
        """What is read out of files that are new or were written anew; what cannot be read is counted, and why is told."""
        results: list[Any] = []
        known = set(self._state[seen])
        for key, tag in objects.listed(self._bucket, f"{kind}/{self._event['model']}/"):
            name = digest(key, tag)
            if name in known:
                continue
            if len(results) >= MOST_ROWS:
                break
            self._state[seen].append(name)
            try:
                part, odd = read(key, *table(lines(objects.chunks(self._bucket, key))))
            except UnreadableDatasetError as error:
                self._counts[bad] += 1
                self._faults.append(f"{key} cannot be read: {error}"[:LONGEST_FAULT])
                continue
            results += part
            self._counts[bad] += odd.total()
            self._faults += [f"{key}: {count:,} rows with {why}"[:LONGEST_FAULT] for why, count in odd.most_common()]
        return results

    def _scored(self) -> list[Prediction]:
        """The rows that batch jobs have answered since the last look."""
        at = self._event["now"]
        return self._files(
            "scored", "scored", "unreadable", lambda key, header, rows: answered(header, rows, self._contract, self._target, at, key.rpartition("/")[2])
        )

    def _truths(self) -> list[Truth]:
        """What has been told to be true since the last look."""
        latest = (self._now + AHEAD).timestamp()
        about = (self._contract, self._target, self._spec["task"], latest)
        results: list[Truth] = self._files(
            "truth", "truths", "bad_truths", lambda _, header, rows: (list(parse_truths(header, rows, *about, faults := Faults())), faults)
        )
        self._counts["truths"] = len(results)
        if results:
            self._state["last_truth"] = self._event["now"]
        return results

    def _rows(self, kind: str, count: str, names: set[str]) -> Iterator[tuple[list[str], str]]:
        """Rows of earlier looks with their keys, of these predictions alone: a month of them is more than memory holds."""
        looks = [self._key(kind, "csv", one["look"]) for one in self._state["recent"] if one[count]] if names else []
        for body in objects.read_all(self._bucket, looks):
            rows = csv.reader(io.StringIO(body.decode(), newline=""))
            yield from called(next(rows), rows, names, self._contract)

    def _predicted(self, names: set[str]) -> list[Prediction]:
        wide = 4 + len(self._features)
        return [Prediction(row[0], row[1], row[2], row[3], tuple(row[4:wide]), key=key) for row, key in self._rows("predictions", "predictions", names)]

    def _known(self, names: set[str]) -> dict[str, str]:
        """What was true of predictions, by each of their names."""
        labelled = self._rows("labelled", "labelled", names)
        return {name: row[-1] for row, key in labelled for name in names_of(row[0], key)}

    def _label(self, pairs: list[tuple[Prediction, Truth]]) -> None:
        """Write rows that are labelled now, and count the answers of the version that serves."""
        required = [name for name in self._contract.required(self._target) if name != self._target]
        # No column of a contract begins so.
        rows: list[list[str]] = [["#prediction_id", "#at", "#variant", "#prediction", KEY, *required, self._target]]
        level = self._event["level"]
        for prediction, truth in pairs:
            known = {**dict(zip(self._features, prediction.features, strict=True)), **truth.columns}
            if self._contract.time:
                known.setdefault(self._contract.time, prediction.at)
            for name in self._contract.key:
                known.setdefault(name, (prediction.key if len(self._contract.key) == 1 else "") or prediction.id)
            about = [prediction.id, prediction.at, prediction.variant, prediction.value, prediction.key]
            rows.append([*about, *(known[name] for name in required), truth.value])
            seconds = parse_timestamp(known[self._contract.time] if self._contract.time else prediction.at)
            if not any(first <= prediction.at <= last for first, last in self._state["held"]):
                # Wrong answers to a broken feed say nothing of the model.
                self._tally(_day(seconds), prediction, truth, (level or {}).get("cap", 0.0), level is not None)
        if pairs:
            self._write("labelled", rows)
            self._state["labelled"].append(self._name)

    def _tally(self, day: str, prediction: Prediction, truth: Truth, cap: float, judged: bool) -> None:
        numbers = self._spec["task"] == "regression"
        try:
            true, message = (truth.value, prediction.value) if numbers else (label(truth.value), label(prediction.value))
            kind = quality.outcome_of(self._spec["task"], true, message, cap)
        except ValueError:
            self._counts["bad_truths"] += 1
            return
        quality.count_outcome(self._state["history"], day, kind)
        if judged and prediction.variant == MAIN and prediction.at >= self._event["release"]["time"][:19]:
            quality.count_outcome(self._state["days"], day, kind)

    def _drift(self, fresh: list[Prediction]) -> Json | None:
        """The verdict on the window, once it has come together; it then begins anew."""
        state = self._state
        if fresh:
            result = profile_rows([*self._features, PREDICTION], [[*prediction.features, prediction.value] for prediction in fresh])
            objects.write(self._bucket, self._key("profile", "profile"), result.to_bytes(), "application/octet-stream")
            state["window"].append(self._name)
            state["window_rows"] += len(fresh)
            state["window_since"] = state["window_since"] or self._event["now"]
            times = [*state["window_times"], *(prediction.at for prediction in fresh)]
            state["window_times"] = [min(times), max(times)]
            broken, faults = against_contract(self._contract, self._features, [prediction.features for prediction in fresh])
            state["window_broken"] += broken
            state["window_faults"] = dict(Counter(state["window_faults"]) + faults)
            for prediction in fresh:
                if prediction.variant != CHALLENGER and (counted := cbpe.seen(self._spec["task"], prediction.value, prediction.score)):
                    state["window_said"][counted] = state["window_said"].get(counted, 0) + 1
        old = state["window_since"] and self._now - datetime.fromisoformat(state["window_since"]) >= WINDOW_AGE
        if not self._baseline or not state["window"] or not (state["window_rows"] >= WINDOW_ROWS or old):
            return None
        window = Profile()
        for body in objects.read_all(self._bucket, [self._key("profile", "profile", look) for look in state["window"]]):
            window.merge(Profile.from_bytes(body))
        assert self._baseline
        known = Reference(self._bucket, self._event["artifacts"], self._baseline, self._event["run_folder"], self._event["level"])
        judged = compare(known, self._spec, window, state["window_said"])
        judged |= {"contract": {"rows": state["window_rows"], "broken": state["window_broken"], "faults": state["window_faults"]}}
        judged |= {"rows": window.rows, "since": state["window_since"], "until": self._event["now"]}
        state["drifted"] = state["drifted"] + 1 if judged["verdict"] == drift.DRIFT else 0
        if judged["verdict"] == drift.INCIDENT:
            # A feed that broke is nothing to learn from: what was asked meanwhile is held back from trainings.
            state["held"].append(state["window_times"])
        state |= {**copy.deepcopy(EMPTY_WINDOW), "drift": judged}
        return judged

    def _freshness(self) -> Json:
        """Labelled rows that are newer than all that the serving version was trained on."""
        if self._state["newest_known"] is None and self._baseline:
            known = Profile.from_bytes(objects.read(self._bucket, f"{self._event['baseline']}data.profile"))
            self._state["trained_rows"] = known.rows
            column = known.columns.get(self._contract.time or "")
            last = column.numbers.most if column and column.numbers.count else None
            self._state["newest_known"] = _day(last) if last is not None else NEVER
        known_day = self._state["newest_known"] or NEVER
        days = {day: counts for day, counts in self._state["history"].items() if day > known_day}
        fresh_rows = round(sum(quality.merge_counts(days).values()))
        return {"fresh_rows": fresh_rows, "trained_rows": self._state["trained_rows"], "labelled_rows": self._all_labelled()}

    def _all_labelled(self) -> int:
        return round(sum(quality.merge_counts(self._state["history"]).values()))
