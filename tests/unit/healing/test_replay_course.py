"""A replay window by window: which rows each version is trained on, what is counted, and what is told of it."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from noria.data.contract import DataContract
from noria.healing import course, policy, replay
from noria.healing.history import History, history
from noria.kernel.errors import ContractError
from noria.kernel.verdict import Reason
from noria.spec import ModelSpec
from noria.tables.source import BytesSource

DAY = 86_400.0
START = datetime(2025, 1, 1, tzinfo=UTC)
SPEC = ModelSpec.model_validate(
    {
        "name": "m",
        "task": "binary",
        "target": "y",
        "data": {"time": "at", "columns": {"x": {"type": "number"}}, "min_rows": 1},
        "evaluate": {"split": {"by": "time", "test": 0.2}, "gates": [{"metric": "accuracy", "at_least": 0.0}]},
    }
).model_dump(mode="json")
CONTRACT = DataContract.of(SPEC["data"])


class Parrot:
    """Answers always what was true most often, and remembers what it was trained on."""

    def __init__(self) -> None:
        self.trained: list[list[dict[str, str]]] = []

    def fit(self, train: str) -> str:
        rows = list(csv.DictReader(io.StringIO(train)))
        self.trained.append(rows)
        return str(int(sum(row["y"] == "1" for row in rows) * 2 >= len(rows)))

    def predict(self, model: str, features: str) -> list[str]:
        return [model[0] for _ in features.splitlines()]


def file(days: int, truth, per_day: int = 24) -> bytes:
    """So many rows a day; `truth` tells what is true on a day."""
    lines = ["at,x,y"]
    for day in range(days):
        for number in range(per_day):
            at = START + timedelta(days=day, seconds=number * DAY / per_day)
            lines.append(f"{at.isoformat()},{number / per_day},{truth(day)}")
    return "\n".join(lines).encode()


def moment(day: float) -> float:
    return START.timestamp() + day * DAY


def replayed(days=40, truth=lambda day: 1, first=20, window=5, drift=None, spec=SPEC, per_day=24):
    trainer = Parrot()
    result, _ = history(BytesSource(file(days, truth, per_day)), DataContract.of(spec["data"]), "y")
    return replay.Replay(spec, result, trainer, moment(first), window * DAY, drift), trainer


def rule(**changed) -> policy.Policy:
    return policy.Policy.of({**SPEC["heal"], "cooldown_days": 0, "min_rows": 1, "min_share": 0, "data": "recent", "recent_days": 10, **changed})


def test_windows_follow_each_other_from_the_end_of_the_first_training_to_the_last_row():
    output, trainer = replayed()
    assert [(begin - moment(0)) / DAY for begin, _ in output.windows] == [20, 25, 30, 35]
    assert all(end - begin == 5 * DAY for begin, end in output.windows)
    # The first version knows what came before the first window, less its holdout.
    assert len(trainer.trained[0]) == 20 * 24 * 0.8


def test_a_history_that_ends_too_early_or_has_too_few_rows_a_window_is_refused():
    with pytest.raises(ContractError, match="nothing of the history comes after"):
        replayed(first=41)
    with pytest.raises(ContractError, match="no window has 20 rows, the largest has 19: name longer windows"):
        replayed(window=1, per_day=19)
    assert replayed(window=1, per_day=20)[0].windows


def test_the_frozen_course_is_the_first_version_in_every_window():
    output, trainer = replayed(truth=lambda day: int(day < 30))
    report = output.frozen()
    assert report["series"] == [1.0, 1.0, 0.0, 0.0]
    assert (report["mean"], report["retrainings"], report["alarms"], len(trainer.trained)) == (0.5, 0, 0, 1)


def test_a_course_that_trains_before_every_window_but_the_first_takes_all_or_the_newest_rows():
    output, trainer = replayed(truth=lambda day: int(day < 30))
    report = output.every_window(None)
    assert [len(rows) for rows in trainer.trained[1:]] == [25 * 24, 30 * 24, 35 * 24]
    assert (report["retrainings"], report["series"]) == (3, [1.0, 1.0, 0.0, 0.0])
    assert [event["time"][:10] for event in report["events"]] == ["2025-01-26", "2025-01-31", "2025-02-05"]
    recent = output.every_window(5 * DAY)
    assert [len(rows) for rows in trainer.trained[4:]] == [5 * 24] * 3
    assert recent["series"] == [1.0, 1.0, 0.0, 1.0]


def test_a_window_of_fewer_than_twenty_rows_tells_no_metric():
    lines = file(25, lambda day: 1).decode().splitlines()
    late = [f"{(START + timedelta(days=30, hours=hour)).isoformat()},0,1" for hour in range(19)]
    result, _ = history(BytesSource("\n".join([*lines, *late]).encode()), CONTRACT, "y")
    report = replay.Replay(SPEC, result, Parrot(), moment(20), 5 * DAY).frozen()
    assert report["series"] == [1.0, None, None]
    assert report["mean"] == 1.0


def test_a_model_whose_quality_falls_is_healed_on_the_newest_rows_alone():
    output, trainer = replayed(truth=lambda day: int(day < 25))
    report = output.managed(rule(recent_days=5))
    # It fell in the window from day 25 to 30, and was then trained on the five days before its end.
    assert (report["series"], report["retrainings"], report["alarms"]) == ([1.0, 0.0, 1.0, 1.0], 1, 1)
    (alarm, retrained) = sorted(report["events"], key=lambda event: event["what"])
    assert alarm["what"].startswith("accuracy fell since 2025-01-26")
    assert (retrained["what"], retrained["time"][:10]) == ("retrained", "2025-01-31")
    days = {row["at"][:10] for row in trainer.trained[1]}
    assert (min(days) >= "2025-01-25", len(trainer.trained[1])) == (True, pytest.approx(0.8 * 5 * 24, abs=2))


def test_a_policy_of_all_data_trains_on_all_that_is_known():
    output, trainer = replayed(truth=lambda day: int(day < 25))
    output.managed(rule(data="all"))
    assert len(trainer.trained[1]) == pytest.approx(0.8 * 30 * 24, abs=2)
    assert trainer.trained[1][0]["at"][:10] == "2025-01-01"


def test_what_holds_a_training_back_is_counted_by_window_with_its_last_words():
    output, _ = replayed(truth=lambda day: int(day < 25))
    report = output.managed(rule(min_rows=10**6))
    (waited,) = report["waited"]
    assert (waited["reason"], waited["windows"], report["retrainings"]) == ("TooFewNewRows", 3, 0)
    assert "heal.min_rows" in waited["last"]
    assert report["alarms"] == 1


def test_the_reasons_of_several_windows_are_told_apart():
    record = course.Course()
    record.defer([Reason("A", "first"), Reason("B", "other")])
    record.defer([Reason("A", "second")])
    assert record.to_json()["waited"] == [{"reason": "A", "windows": 2, "last": "second"}, {"reason": "B", "windows": 1, "last": "other"}]


def test_a_course_is_told_with_its_mean_and_its_events_in_the_order_of_time():
    record = course.Course([0.5, None, 1.0], [{"time": "2", "what": "r"}], [{"time": "3", "what": "a"}, {"time": "1", "what": "b"}], 1.2345)
    report = record.to_json()
    assert (report["mean"], report["retrainings"], report["alarms"], report["train_seconds"]) == (0.75, 1, 2, 1.23)
    assert [event["time"] for event in report["events"]] == ["1", "2", "3"]
    assert course.Course([None]).to_json()["mean"] is None


def test_a_broken_feed_is_an_alarm_and_its_rows_are_no_part_of_a_training():
    def check(before, now):
        return ("incident", []) if now[0][0] >= "2025-01-26" and now[0][0] < "2025-01-31" else ("ok", [])

    output, trainer = replayed(truth=lambda day: int(day < 25), drift=check)
    report = output.managed(rule())
    assert report["alarms"] == 2
    assert [event["time"][:10] for event in report["events"] if event["what"] == "a feed broke"] == ["2025-01-31"]
    assert not any("2025-01-26" <= row["at"][:10] < "2025-01-31" for row in trainer.trained[1])


def test_drift_must_last_as_long_as_the_spec_says_and_matter_to_the_model():
    spec = {**SPEC, "monitor": {**SPEC["monitor"], "persist": 2}}
    output, _ = replayed(spec=spec, drift=lambda before, now: ("drift", ["x"]))
    report = output.managed(rule(on=("drift",), drift_weight=0.0, cooldown_days=1_000))
    assert [event["time"][:10] for event in report["events"]] == ["2025-01-31"]
    assert output.managed(rule(on=("quality",)))["retrainings"] == 0


def test_a_report_has_every_policy_and_calls_the_first_one_managed():
    output, _ = replayed()
    report = replay.play(SPEC, output, {"a": rule(), "b": rule(on=())})
    assert (report["metric"], list(report["policies"]), report["managed"]) == ("accuracy", ["a", "b"], report["policies"]["a"])
    assert report["windows"][0] == "2025-01-21T00:00:00"


def test_rows_between_two_times_and_those_that_fit_into_a_file():
    result = History(["t"], [["1"], ["2"], ["3"], ["4"]], [1.0, 2.0, 3.0, 4.0])
    assert result.between(None, 3.0) == slice(0, 2)
    assert result.between(2.0, 4.0) == slice(1, 3)
    assert result.between(4.0, 9.0) == slice(3, 4)
    # Each takes two bytes.
    assert result.fitting(slice(0, 4), 4) == slice(2, 4)
    assert result.fitting(slice(0, 4), 8) == slice(0, 4)
    assert result.fitting(slice(1, 3), 2) == slice(2, 3)


def test_rows_of_a_history_are_in_the_order_of_their_times_and_bad_ones_are_counted():
    result, aside = history(BytesSource(b"at,x,y\n2025-01-03,3,1\n2025-01-01,1,1\nsoon,2,1\n2025-01-02,no,1\n"), CONTRACT, "y")
    assert ([row[1] for row in result.rows], aside) == (["1", "3"], 2)
    assert result.times == sorted(result.times)
