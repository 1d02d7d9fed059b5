"""Looks at a served model, through real objects: nothing is counted twice, nothing that comes late is lost."""

import copy
import json
import random

import boto3
import pytest
from moto import mock_aws

from noria.adapters import objects
from noria.data.curate import write_dataset
from noria.healing.assemble_dataset import assemble_dataset
from noria.monitoring import truth
from noria.monitoring.judge_window import judge_window
from noria.monitoring.read_window import read_window
from noria.training import quality
from tests.samples import sample

RELEASE = {"id": "r1", "time": "2026-01-01T00:00:00.000Z", "version": "m/1"}
SPEC = sample("functions/monitoring/read_window.json")["spec"]
FEATURES = ["x", "kind"]


def spec() -> dict:
    result = copy.deepcopy(SPEC)
    column = {"nullable": True, "between": None, "values": None, "drift": "watch"}
    result["data"] |= {"time": "at", "key": [], "min_rows": 1, "columns": {"x": {"type": "number", **column}, "kind": {"type": "string", **column}}}
    result["target"] = "y"
    return result


class Lake:
    """A bucket with what a model leaves in it."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.state: str | None = None
        self.number = 0
        self.previous: dict | None = None
        self.release = RELEASE
        self.importance: dict | None = None
        for bucket in ("lake", "artifacts"):
            self.s3.create_bucket(Bucket=bucket)
        drawn = random.Random(0)
        rows = "".join(f"2025-{1 + i // 672:02}-{1 + i % 672 // 24:02}T{i % 24:02}:00:00,{drawn.gauss(0, 1)},{'ab'[i % 2]},1\n" for i in range(5376))
        write_dataset("lake", "curated/m/d/", f"at,x,kind,y\n{rows}", "at")
        self.evaluated("1\n0\n")

    def evaluated(self, answers: str, wrong: int = 0) -> None:
        """Four hundred rows of the holdout: what was answered to each two of them, of which so many wrongly."""
        message = (answers * 200).splitlines()
        truth = [answer[0] if i >= wrong else "10"[int(answer[0])] for i, answer in enumerate(message)]
        self.s3.put_object(Bucket="artifacts", Key="runs/m/r/predictions/candidate/holdout.csv.out", Body="\n".join(message).encode())
        self.s3.put_object(Bucket="artifacts", Key="runs/m/r/truth/truth.csv", Body="\n".join(truth).encode())

    def capture(self, name: str, rows: list[str], answers: list[str], at: str = "2026-01-02T00:00:00Z") -> None:
        data = {"endpointInput": {"data": "\n".join(rows) + "\n", "encoding": "CSV"}, "endpointOutput": {"data": "\n".join(answers) + "\n", "encoding": "CSV"}}
        line = json.dumps({"captureData": data, "eventMetadata": {"eventId": "e", "inferenceTime": at, "inferenceId": name}})
        key = f"capture/e/main/{at[:4]}/{at[5:7]}/{at[8:10]}/{at[11:13]}/{at[14:16]}-{at[17:19]}-{name}.jsonl"
        self.s3.put_object(Bucket="lake", Key=key, Body=line.encode())

    def tell(self, file: str, text: str) -> None:
        self.s3.put_object(Bucket="lake", Key=f"truth/m/{file}", Body=text.encode())

    def look(self, now: str = "2026-01-02T01:00:00.000Z", token: str = "t", recorded: bool = True) -> dict:
        level = quality.QualityBaseline("accuracy", 0.9, 0.85).to_json()
        event = {"model": "m", "bucket": "lake", "artifacts": "artifacts", "endpoint": "e", "number": self.number + 1, "token": f"{token}{self.number}"}
        event |= {"state": self.state, "release": self.release, "spec": spec(), "level": level, "baseline": "curated/m/d/", "run_folder": "runs/m/r/"}
        result = read_window({**event, "now": now})
        cause = {**sample("functions/monitoring/judge_window.json")["cause"], "time": now}
        event["importance"] = self.importance
        judged = judge_window({"model": "m", "look": result, **event, "previous": self.previous, "ledger": "l", "cause": cause, "began": now})
        if recorded:
            self.number, self.state = self.number + 1, result["state"]
            self.previous = json.loads(judged["record"]["Item"]["document"]["S"])
        return {**result, "judged": judged}


@pytest.fixture
def lake(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        objects._client.cache_clear()
        yield Lake()
    objects._client.cache_clear()


def traffic(lake: Lake, count: int = 1200, shift: float = 0.0, kind: str | None = None, name: str = "n", at: str = "2026-01-02T00:00:00Z") -> None:
    drawn = random.Random(1)
    lake.capture(name, [f"{drawn.gauss(shift, 1)},{'ab'[i % 2] if kind is None else kind}" for i in range(count)], ["1", "0"] * (count // 2), at)


def truths(count: int, wrong: int = 0, name: str = "n", skip: int = 0) -> str:
    rows = [f"{name}#{i},2025-12-{1 + i % 28:02},{int(i % 2 == 0) if i >= wrong else int(i % 2 == 1)}" for i in range(skip, count)]
    return "\n".join(["prediction_id,at,y", *rows, ""])


def answers(result: dict) -> int:
    return round(sum(quality.merge_counts(result["days"]).values()))


def test_truth_that_comes_late_in_part_and_twice_is_counted_once(lake):
    traffic(lake)
    assert answers(lake.look()) == 0
    lake.tell("a.csv", truths(500))
    assert answers(lake.look("2026-01-03T00:00:00.000Z")) == 500
    lake.tell("b.csv", truths(1200, skip=400))
    result = lake.look("2026-01-04T00:00:00.000Z")
    assert (answers(result), result["counts"]["repeated"], result["labelled_rows"]) == (1200, 100, 1200)
    again = lake.look("2026-01-05T00:00:00.000Z")
    assert (answers(again), again["counts"]["labelled"], again["counts"]["predictions"]) == (1200, 0, 0)


def test_truth_before_its_prediction_waits_for_it(lake):
    lake.tell("a.csv", truths(100))
    assert lake.look()["counts"]["waiting"] == 100
    traffic(lake, 100, at="2026-01-02T01:01:00Z")
    result = lake.look("2026-01-02T02:00:00.000Z")
    assert (result["counts"]["waiting"], answers(result)) == (0, 100)


def test_a_file_of_captures_that_appears_late_is_read_once(lake):
    traffic(lake, 10, name="first")
    lake.look("2026-01-02T00:05:00.000Z")
    traffic(lake, 10, name="late", at="2026-01-02T00:04:00Z")
    assert lake.look("2026-01-02T00:12:00.000Z")["counts"]["predictions"] == 10
    assert lake.look("2026-01-02T00:13:00.000Z")["counts"]["predictions"] == 0


def test_of_two_looks_at_once_one_counts_and_the_other_has_changed_nothing(lake):
    traffic(lake, 100)
    lake.tell("a.csv", truths(100))
    lost = lake.look(token="other", recorded=False)
    retained = lake.look()
    assert (answers(lost), answers(retained)) == (100, 100)
    assert lost["state"] != retained["state"]
    assert answers(lake.look("2026-01-02T02:00:00.000Z")) == 100


def test_a_monitor_that_failed_for_days_catches_up_without_doubling(lake):
    for day in range(2, 6):
        traffic(lake, 50, name=f"d{day}", at=f"2026-01-{day:02}T00:00:00Z")
        lake.tell(f"{day}.csv", truths(50, name=f"d{day}"))
    result = lake.look("2026-01-09T00:00:00.000Z")
    assert (result["counts"]["predictions"], answers(result)) == (200, 200)


def test_what_an_earlier_version_answered_is_not_held_against_the_next(lake):
    traffic(lake, 100)
    lake.tell("a.csv", truths(100))
    lake.look()
    lake.release = {"id": "r2", "time": "2026-01-03T00:00:00.000Z", "version": "m/2"}
    traffic(lake, 40, name="new", at="2026-01-03T01:00:00Z")
    lake.tell("b.csv", truths(40, name="new"))
    result = lake.look("2026-01-03T02:00:00.000Z")
    assert (answers(result), result["labelled_rows"]) == (40, 140)


def test_a_window_is_judged_once_it_has_come_together(lake):
    traffic(lake, 600)
    assert lake.look()["drift"] is None
    traffic(lake, 600, name="more", at="2026-01-02T01:01:00Z")
    result = lake.look("2026-01-02T02:00:00.000Z")
    assert (result["drift"]["verdict"], result["drift"]["rows"]) == ("ok", 1200)
    traffic(lake, 4, name="few", at="2026-01-03T00:00:00Z")
    lake.look("2026-01-03T01:00:00.000Z")
    assert lake.look("2026-01-04T02:00:00.000Z")["drift"]["verdict"] == "undecided"


def test_drift_is_told_with_a_picture_and_a_broken_feed_is_an_incident(lake):
    lake.importance = {"x": 0.7, "kind": 0.3}
    traffic(lake, 1200, shift=1.0)
    moved = lake.look()
    assert moved["judged"]["outcome"] == "drift"
    (drifted,) = [entry["Detail"]["data"] for entry in moved["judged"]["entries"] if entry["DetailType"] == "DriftDetected"]
    assert (drifted["weight"], drifted["reasons"][0]["text"]) == (0.7, "what has drifted is 70% of what moves this model's answers")
    assert len(moved["drift"]["pictures"]["x"]["before"]) == 12
    traffic(lake, 1200, kind="", name="broken", at="2026-01-02T01:30:00Z")
    result = lake.look("2026-01-02T02:00:00.000Z")
    assert (result["judged"]["outcome"], result["drift"]["reasons"][0]["code"]) == ("incident", "ColumnEmpty")
    lake.tell("a.csv", truths(1200) + truths(1200, name="broken").partition("\n")[2])
    labelled = lake.look("2026-01-02T03:00:00.000Z")
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": labelled["state"], "spec": spec()}
    assert (labelled["labelled_rows"], assemble_dataset({**event, "recent_days": None, "backtest": False})["rows"]) == (1200, 5376 + 1200)


def test_more_files_than_one_look_reads_are_read_by_the_next(lake, monkeypatch):
    monkeypatch.setattr("noria.monitoring.read_window.MOST_FILES", 3)
    for number in range(8):
        traffic(lake, 2, name=f"f{number}", at=f"2026-01-02T00:0{number}:00Z")
    assert [lake.look(f"2026-01-02T0{hour}:00:00.000Z")["counts"]["predictions"] for hour in (1, 2, 3, 4)] == [6, 6, 4, 0]


def test_a_dataset_without_a_profile_is_monitored_without_a_baseline(lake):
    lake.s3.delete_object(Bucket="lake", Key="curated/m/d/data.profile")
    traffic(lake)
    assert (lake.look()["drift"], lake.number) == (None, 1)


def test_a_fallen_quality_is_paged_once(lake):
    traffic(lake)
    lake.tell("a.csv", truths(1200, wrong=600))
    first = lake.look()["judged"]
    second = lake.look("2026-01-02T02:00:00.000Z")["judged"]
    assert [judged["outcome"] for judged in (first, second)] == ["degraded", "degraded"]
    assert [judged["entries"][0]["Detail"]["data"]["page"] for judged in (first, second)] == [True, False]
    assert first["entries"][0]["DetailType"] == "QualityDegraded"


def test_silence_is_a_state_of_its_own_and_never_a_green_light(lake):
    assert lake.look("2026-01-10T00:00:00.000Z")["judged"]["outcome"] == "no_traffic"
    traffic(lake, 100, at="2026-01-11T00:00:00Z")
    assert lake.look("2026-01-12T00:00:00.000Z")["judged"]["outcome"] == "no_truth"


def test_files_of_truth_that_tell_none_are_counted_and_stop_nothing(lake):
    traffic(lake, 10)
    lake.tell("bad.csv", "nothing,to,see\n1,2,3\n")
    lake.tell("worse.csv", "\x00")
    lake.tell("good.csv", truths(10))
    result = lake.look()
    assert (result["counts"]["bad_truths"], answers(result)) == (2, 10)
    records = [reason["text"] for reason in result["judged"]["verdict"]["reasons"] if reason["code"] == "FileUnreadable"]
    assert [text.split(":")[0] for text in records] == ["truth/m/bad.csv cannot be read", "truth/m/worse.csv cannot be read"]
    assert "prediction_id" in records[0]


def test_truth_by_key_is_joined_with_rows_that_carry_the_key_and_counts_once(lake, monkeypatch):
    keyed = spec()
    keyed["data"]["key"] = ["kind", "x"]
    monkeypatch.setitem(globals(), "spec", lambda: keyed)
    lake.capture("one", ["1,a", "2,a"], ["1", "1"])
    lake.tell("early.csv", "kind,x,at,y\na,2,2026-01-01,1\nb,2,2026-01-01,1\n")
    first = lake.look()
    assert (answers(first), first["counts"]["waiting"]) == (1, 1)
    lake.capture("two", ["2,b", "1,a"], ["0", "1"], "2026-01-02T02:00:00Z")
    second = lake.look("2026-01-02T03:00:00.000Z")
    assert (answers(second), second["counts"]["waiting"]) == (2, 0)
    lake.tell("again.csv", "kind,x,at,y\na,2,2026-01-01,0\na,1,2026-01-01,1\nb,2,2026-01-01,1\n")
    third = lake.look("2026-01-02T04:00:00.000Z")
    assert (answers(third), third["counts"]["conflicting"], third["counts"]["repeated"]) == (3, 1, 1)


def test_the_key_of_rows_that_a_batch_job_has_answered_is_known_to_later_looks(lake, monkeypatch):
    keyed = spec()
    keyed["data"]["key"] = ["id"]
    monkeypatch.setitem(globals(), "spec", lambda: keyed)
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=b"prediction_id,id,kind,x,prediction\np1,77,a,1,1\n")
    assert lake.look()["counts"]["predictions"] == 1
    lake.tell("a.csv", "id,at,y\n77,2026-01-01,1\n")
    assert lake.look("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1


@pytest.mark.parametrize(
    ("rows", "first", "second", "counts"),
    [
        ("p1,77,a,1,1\n", "prediction_id,at,y\np1,2026-01-01,1\n", "id,at,y\n77,2026-01-01,0\n", (0, 1)),
        ("1,2,a,1,1\n9,1,b,1,0\n", "id,at,y\n2,2026-01-01,1\n", "id,at,y\n1,2026-01-01,0\n", (1, 0)),
    ],
    ids=["twice", "another"],
)
def test_what_was_told_by_one_name_is_known_by_the_other_and_no_other_ones(lake, monkeypatch, rows, first, second, counts):
    keyed = spec()
    keyed["data"]["key"] = ["id"]
    monkeypatch.setitem(globals(), "spec", lambda: keyed)
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=f"prediction_id,id,kind,x,prediction\n{rows}".encode())
    lake.look()
    lake.tell("a.csv", first)
    assert lake.look("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1
    lake.tell("b.csv", second)
    result = lake.look("2026-01-02T03:00:00.000Z")["counts"]
    assert (result["labelled"], result["conflicting"]) == counts


def test_a_header_as_long_as_one_may_be_makes_no_sentence_that_long(lake):
    lake.tell("a.csv", f"{'x;' * 15_000}\n1\n")
    lake.tell("b.csv", f"{'y;' * 15_000}\n1\n")
    assert len(json.dumps(lake.look()["judged"])) < 30_000


def test_an_error_that_has_risen_is_called_above_what_is_expected():
    event = sample("functions/monitoring/judge_window.json")
    level = quality.QualityBaseline("mae", 1.0, 1.1, cap=10.0).to_json()
    days = {f"2026-01-{day:02}": {"40": 50} for day in range(1, 20)}
    judged = judge_window({**event, "level": level, "look": {**event["look"], "days": days}})
    assert "and above 1.100 is more than chance explains" in judged["verdict"]["reasons"][0]["text"]


def test_a_healing_is_trained_on_the_last_dataset_and_all_that_was_labelled_since(lake):
    traffic(lake, 100)
    lake.tell("a.csv", truths(100))
    result = lake.look()
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": result["state"], "spec": spec()}
    output = assemble_dataset({**event, "recent_days": None, "backtest": False})
    assert (output["rows"], output["set_aside"], output["since"]) == (5476, 0, "2025-01-01T00:00:00")
    recent = assemble_dataset({**event, "recent_days": 28, "backtest": False})
    assert (recent["rows"], recent["since"]) == (100, "2025-12-01")
    assert objects.read("lake", "curated/m/new/data.csv").startswith(b"x,kind,at,y\n")
    tried = assemble_dataset({**event, "recent_days": 28, "backtest": True})
    assert (tried["rows"], tried["backtest"]["days"]) == (output["rows"], None)
    assert set(tried["backtest"]["losses"]) == {"all", "56", "28", "14"}


def assembled(lake: Lake, state: str, base: str = "d") -> list[list[str]]:
    """The rows of a healing's dataset; it is the next one's base under its own name."""
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": f"curated/m/{base}x/", "base": base, "state": state, "spec": spec()}
    result = assemble_dataset({**event, "recent_days": None, "backtest": False})
    text = objects.read("lake", f"curated/m/{base}x/data.csv").decode()
    assert result["rows"] == text.count("\n") - 1
    return [row.split(",") for row in text.splitlines()[1:]]


def labelled(lake: Lake, months: list[str]) -> str:
    """A hundred labelled rows of each month, told one day after the other; the state that is left."""
    for day, month in enumerate(months, start=2):
        traffic(lake, 100, name=month, at=f"2026-01-0{day}T00:00:00Z")
        lake.tell(f"{month}.csv", truths(100, name=month).replace("2025-12-", f"{month}-"))
        result = lake.look(f"2026-01-0{day}T02:00:00.000Z")
    return str(result["state"])


def test_a_healing_takes_the_newest_rows_where_there_are_more_than_a_dataset_may_have(lake, monkeypatch):
    state = labelled(lake, ["2025-12", "2025-11"])
    text = objects.read("lake", "curated/m/d/data.csv").decode()
    header, *rows = text.splitlines()
    write_dataset("lake", "curated/m/backwards/", "\n".join([header, *reversed(rows), ""]), "at")
    for base in ("d", "backwards"):
        taken = {}
        for most in (3_000, 6_000, 9_000):
            monkeypatch.setattr("noria.healing.assemble_dataset.MOST_BYTES", most)
            taken[most] = {row[2][:7] for row in assembled(lake, state, base)}
        assert taken == {3_000: {"2025-12"}, 6_000: {"2025-11", "2025-12"}, 9_000: {"2025-08", "2025-11", "2025-12"}}


def test_a_row_takes_its_room_once_however_many_healings_have_had_it(lake, monkeypatch):
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_BYTES", 9_000)
    state = labelled(lake, ["2025-11", "2025-12"])
    first = assembled(lake, state)
    assert len(first) > 200
    assert assembled(lake, state, "dx") == first


def test_without_times_what_came_last_is_the_newest(lake, monkeypatch):
    state = labelled(lake, ["2025-12", "2025-11"])
    timeless = spec()
    timeless["data"]["time"] = None
    timeless["data"]["columns"]["at"] = timeless["data"]["columns"]["kind"]
    monkeypatch.setattr("tests.unit.test_window.spec", lambda: timeless)
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_BYTES", 3_000)
    assert {row[2][:7] for row in assembled(lake, state)} == {"2025-11"}


def test_what_is_written_is_no_larger_than_a_dataset_may_be(lake, monkeypatch):
    traffic(lake, 200, kind='"é""ü, ""ö"', name="odd")
    lake.tell("odd.csv", truths(200, name="odd"))
    state = str(lake.look()["state"])
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_BYTES", 5_000)
    assembled(lake, state)
    text = objects.read("lake", "curated/m/dx/data.csv")
    assert (text.count('é""'.encode()) > 50, len(text) < 5_050) == (True, True)


def test_a_version_that_an_earlier_one_surpassed_is_a_reason_to_heal_and_pages_nobody(lake):
    event = sample("functions/monitoring/judge_window.json")
    level = {"metric": "accuracy", "value": 0.9, "limit": 0.85, "design_effect": 1.0, "cap": 0.0}
    days = {f"2026-01-{day:02}": {"right": 88.0, "wrong": 12.0} for day in range(1, 29)}
    event |= {"level": level, "previous": {"release": "before", "level": level, "wanted": 0.95, "told": []}}
    judged = judge_window({**event, "look": {**event["look"], "days": days, "drift": None}})
    assert judged["outcome"] == "faded"
    assert [(entry["DetailType"], entry["Detail"]["data"].get("page")) for entry in judged["entries"]] == [
        ("QualityDegraded", False),
        ("MonitoringCompleted", None),
    ]
    other = {"release": "before", "level": {**level, "metric": "f1"}, "wanted": 0.95, "told": []}
    assert judge_window({**event, "previous": other, "look": {**event["look"], "days": days, "drift": None}})["outcome"] == "ok"


def test_without_truth_the_quality_is_estimated_from_the_probabilities_and_said_to_be(lake):
    lake.evaluated("1,0.9\n0,0.1\n", wrong=40)
    drawn = random.Random(1)
    lake.capture("n", [f"{drawn.gauss(0, 1)},{'ab'[i % 2]}" for i in range(1200)], ["1,0.9", "0,0.1"] * 600)
    result = lake.look()
    estimate = result["drift"]["estimate"]
    assert estimate["value"] == pytest.approx(0.9, abs=0.005)
    assert estimate["low"] < 0.9 < estimate["high"]
    assert (estimate["metric"], estimate["rows"]) == ("accuracy", 1200)
    assert result["judged"]["outcome"] in ("ok", "undecided")
    lake.capture("later", ["0.1,a"], ["1,0.9"], at="2026-03-01T00:00:00Z")
    silent = lake.look("2026-03-02T00:00:00.000Z")["judged"]
    (reason,) = [reason for reason in silent["verdict"]["reasons"] if reason["code"] == "NoTruth"]
    assert "by its own probabilities accuracy is about 0.898 (" in reason["text"]
    assert not [entry for entry in silent["entries"] if entry["DetailType"] == "QualityDegraded"]
    assert {"EstimatedQuality"} <= {metric["MetricName"] for metric in silent["metrics"]["MetricData"]}


def test_answers_without_probabilities_are_not_estimated(lake):
    traffic(lake)
    assert lake.look()["drift"]["estimate"] is None


def test_infinite_and_odd_numbers_in_what_was_captured_stop_no_look(lake):
    odd = ["inf", "-inf", "1e400", "nan", "", "1e-400"]
    lake.capture("n", [f"{odd[i % len(odd)]},a" for i in range(1200)], ["1", "inf"] * 600)
    lake.tell("a.csv", truths(1200))
    result = lake.look()
    assert result["counts"]["predictions"] == 1200
    assert result["drift"]["verdict"] in ("drift", "incident")
    assert answers(result) == 1200


def test_what_is_asked_is_held_against_the_contract(lake, monkeypatch):
    bounded = spec()
    bounded["data"]["columns"]["x"]["between"] = [-4, 4]
    bounded["data"]["bad_rows"] = {"at_most": 0.01}
    monkeypatch.setattr("tests.unit.test_window.spec", lambda: bounded)
    drawn = random.Random(1)
    rows = [f"{drawn.gauss(0, 1):.3f},{'ab'[i % 2]}" for i in range(1200)]
    lake.capture("n", [*rows[:1188], *["9,a"] * 12], ["1"] * 1200)
    assert "contract" not in lake.look()["judged"]["verdict"]["outcome"]
    lake.capture("m", [*rows[:1150], *["9,a"] * 20, *["high,b"] * 30], ["1"] * 1200, at="2026-01-02T01:30:00Z")
    judged = lake.look("2026-01-02T02:00:00.000Z")["judged"]
    (reason,) = [reason for reason in judged["verdict"]["reasons"] if reason["code"] == "ContractBroken"]
    assert reason["text"] == "4.2% of 1,200 rows that were asked break the contract: x Type 30, x Range 20"
    assert [entry["Detail"]["data"]["cause"] for entry in judged["entries"] if entry["DetailType"] == "DataIncident"] == ["contract"]


def test_rows_that_a_batch_job_has_answered_are_watched_like_those_of_the_endpoint(lake):
    lake.evaluated("1,0.9\n0,0.1\n", wrong=40)
    drawn = random.Random(1)
    rows = [f"r{i},{'ab'[i % 2]},{drawn.gauss(1, 1)},{'10'[i % 2]},{(0.9, 0.1)[i % 2]},other" for i in range(1200)]
    text = "\n".join(["prediction_id,kind,x,prediction,probability,more", *rows, "too,short", ""])
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=text.encode())
    lake.s3.put_object(Bucket="lake", Key="scored/m/none.csv", Body=b"kind,x\na,1\n")
    result = lake.look()
    assert (result["counts"]["predictions"], result["counts"]["unreadable"]) == (1200, 2)
    assert result["drift"]["verdict"] == "drift"
    assert result["drift"]["estimate"]["value"] == pytest.approx(0.9, abs=0.01)
    lake.tell("a.csv", "prediction_id,y\nr0,1\nr1,1\n")
    later = lake.look("2026-01-02T02:00:00.000Z")
    assert (later["counts"]["predictions"], later["counts"]["labelled"], later["labelled_rows"]) == (0, 2, 2)
    # Of which version the answers are, no file says.
    assert answers(later) == 0


def test_answered_rows_without_an_id_are_called_by_their_key_or_their_place(lake, monkeypatch):
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=b"kind,x,prediction\na,1,1\nb,2,0\n")
    lake.tell("a.csv", "prediction_id,y\nnight.csv#1,0\n")
    assert lake.look()["counts"]["labelled"] == 1
    keyed = spec()
    keyed["data"]["key"] = ["kind"]
    monkeypatch.setattr("tests.unit.test_window.spec", lambda: keyed)
    lake.s3.put_object(Bucket="lake", Key="scored/m/later.csv", Body=b"kind,x,prediction\nc,1,1\n")
    lake.tell("b.csv", "kind,y\nc,0\n")
    assert lake.look("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1


def test_rows_that_break_the_contract_are_set_aside_from_a_healing_and_stop_none(lake):
    lake.capture("n", ["0.5,a", "oops,a", "0.1,b"], ["1", "1", "0"])
    lake.tell("a.csv", "prediction_id,at,y\nn#0,2026-01-01,1\nn#1,2026-01-01,1\nn#2,2026-01-01,0\n")
    state = lake.look()["state"]
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": state, "spec": spec()}
    result = assemble_dataset({**event, "recent_days": 28, "backtest": True})
    assert (result["rows"], result["set_aside"]) == (5378, 1)


def test_a_file_of_too_many_answered_rows_is_told_and_read_no_second_time(lake, monkeypatch):
    monkeypatch.setattr(truth, "MOST_ANSWERED", 2)
    monkeypatch.setattr("noria.monitoring.read_window.MOST_ROWS", 3)
    for name, rows in (("a", 2), ("b", 3), ("c", 2), ("d", 1)):
        lake.s3.put_object(Bucket="lake", Key=f"scored/m/{name}.csv", Body=b"kind,x,prediction\n" + b"a,1,1\n" * rows)
    looks = [lake.look(f"2026-01-02T0{hour}:00:00.000Z")["counts"] for hour in (1, 2, 3)]
    assert [(look["predictions"], look["unreadable"]) for look in looks] == [(4, 1), (1, 0), (0, 0)]


def test_how_much_a_drift_matters_is_not_forgotten_between_two_windows(lake):
    lake.importance = {"x": 0.7, "kind": 0.3}
    traffic(lake, 1200, shift=1.0)
    first = lake.look()
    lake.importance = None
    for item in (first, lake.look("2026-01-02T02:00:00.000Z")):
        (drifted,) = [entry["Detail"]["data"] for entry in item["judged"]["entries"] if entry["DetailType"] == "DriftDetected"]
        assert drifted["weight"] == 0.7
