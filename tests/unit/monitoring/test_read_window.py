"""Monitoring runs through real objects: nothing is counted twice, nothing that comes late is lost."""

from noria.data.contract import Column, DataContract
from noria.data.text_rows import typed_profile
from noria.profile.dataset import Profile
from tests.unit.monitoring.lake import answers, traffic, truths


def test_truth_that_comes_late_in_part_and_twice_is_counted_once(lake):
    traffic(lake)
    assert answers(lake.run()) == 0
    lake.upload_truth("a.csv", truths(500))
    assert answers(lake.run("2026-01-03T00:00:00.000Z")) == 500
    lake.upload_truth("b.csv", truths(1200, skip=400))
    result = lake.run("2026-01-04T00:00:00.000Z")
    assert (answers(result), result["counts"]["repeated"], result["labelled_rows"]) == (1200, 100, 1200)
    again = lake.run("2026-01-05T00:00:00.000Z")
    assert (answers(again), again["counts"]["labelled"], again["counts"]["predictions"]) == (1200, 0, 0)


def test_truth_before_its_prediction_waits_for_it(lake):
    lake.upload_truth("a.csv", truths(100))
    assert lake.run()["counts"]["waiting"] == 100
    traffic(lake, 100, at="2026-01-02T01:01:00Z")
    result = lake.run("2026-01-02T02:00:00.000Z")
    assert (result["counts"]["waiting"], answers(result)) == (0, 100)


def test_a_file_of_captures_that_appears_late_is_read_once(lake):
    traffic(lake, 10, name="first")
    lake.run("2026-01-02T00:05:00.000Z")
    traffic(lake, 10, name="late", at="2026-01-02T00:04:00Z")
    assert lake.run("2026-01-02T00:12:00.000Z")["counts"]["predictions"] == 10
    assert lake.run("2026-01-02T00:13:00.000Z")["counts"]["predictions"] == 0


def test_of_two_concurrent_runs_one_counts_and_the_other_has_changed_nothing(lake):
    traffic(lake, 100)
    lake.upload_truth("a.csv", truths(100))
    lost = lake.run(token="other", recorded=False)
    retained = lake.run()
    assert (answers(lost), answers(retained)) == (100, 100)
    assert lost["state"] != retained["state"]
    assert answers(lake.run("2026-01-02T02:00:00.000Z")) == 100


def test_a_monitor_that_failed_for_days_catches_up_without_doubling(lake):
    for day in range(2, 6):
        traffic(lake, 50, name=f"d{day}", at=f"2026-01-{day:02}T00:00:00Z")
        lake.upload_truth(f"{day}.csv", truths(50, name=f"d{day}"))
    result = lake.run("2026-01-09T00:00:00.000Z")
    assert (result["counts"]["predictions"], answers(result)) == (200, 200)


def test_predictions_of_an_earlier_version_do_not_count_for_the_next_one(lake):
    traffic(lake, 100)
    lake.upload_truth("a.csv", truths(100))
    lake.run()
    lake.release = {"id": "r2", "time": "2026-01-03T00:00:00.000Z", "model_package_arn": "m/2"}
    traffic(lake, 40, name="new", at="2026-01-03T01:00:00Z")
    lake.upload_truth("b.csv", truths(40, name="new"))
    result = lake.run("2026-01-03T02:00:00.000Z")
    assert (answers(result), result["labelled_rows"]) == (40, 140)


def test_a_window_is_judged_once_it_has_come_together(lake):
    traffic(lake, 600)
    assert lake.run()["drift"] is None
    traffic(lake, 600, name="more", at="2026-01-02T01:01:00Z")
    result = lake.run("2026-01-02T02:00:00.000Z")
    assert (result["drift"]["verdict"], result["drift"]["rows"]) == ("ok", 1200)
    traffic(lake, 4, name="few", at="2026-01-03T00:00:00Z")
    lake.run("2026-01-03T01:00:00.000Z")
    assert lake.run("2026-01-04T02:00:00.000Z")["drift"]["verdict"] == "undecided"


def test_the_next_run_reads_the_files_that_one_run_has_no_room_for(lake, monkeypatch):
    monkeypatch.setattr("noria.monitoring.read_new_files.MOST_FILES", 3)
    for number in range(8):
        traffic(lake, 2, name=f"f{number}", at=f"2026-01-02T00:0{number}:00Z")
    assert [lake.run(f"2026-01-02T0{hour}:00:00.000Z")["counts"]["predictions"] for hour in (1, 2, 3, 4)] == [6, 6, 4, 0]


def test_a_dataset_without_a_profile_is_monitored_without_a_baseline(lake):
    lake.s3.delete_object(Bucket="lake", Key="curated/m/d/data.profile")
    traffic(lake)
    assert (lake.run()["drift"], lake.number) == (None, 1)


def test_files_of_truth_that_tell_none_are_counted_and_stop_nothing(lake):
    traffic(lake, 10)
    lake.upload_truth("bad.csv", "nothing,to,see\n1,2,3\n")
    lake.upload_truth("worse.csv", "\x00")
    lake.upload_truth("good.csv", truths(10))
    result = lake.run()
    assert (result["counts"]["bad_truths"], answers(result)) == (2, 10)
    records = [reason["text"] for reason in result["judged"]["verdict"]["reasons"] if reason["code"] == "FileUnreadable"]
    assert [text.split(":")[0] for text in records] == ["truth/m/bad.csv cannot be read", "truth/m/worse.csv cannot be read"]
    assert "prediction_id" in records[0]


def test_infinite_and_odd_numbers_in_captured_traffic_stop_no_run(lake):
    odd = ["inf", "-inf", "1e400", "nan", "", "1e-400"]
    lake.capture("n", [f"{odd[i % len(odd)]},a" for i in range(1200)], ["1", "inf"] * 600)
    lake.upload_truth("a.csv", truths(1200))
    result = lake.run()
    assert result["counts"]["predictions"] == 1200
    assert result["drift"]["verdict"] in ("drift", "incident")
    assert answers(result) == 1200


def test_traffic_is_profiled_in_the_types_of_the_contract_as_its_dataset_was():
    contract = DataContract("any", None, (), {"zip": Column("string"), "open": Column("boolean"), "x": Column("number", between=(0, 10))}, 0.0, 1)
    names, rows = ["zip", "open", "x", "#prediction"], [["02139", "1", "0.5", "1"], ["10001", "0", "11", "0"], ["7", "yes", "", "1"]]
    profile = typed_profile(contract, names, rows)
    kinds = {name: column.kinds for name, column in profile.columns.items()}
    assert kinds == {"zip": {"string": 3}, "open": {"boolean": 2, "string": 1}, "x": {"integer": 1, "number": 1}, "#prediction": {"integer": 3}}
    assert (profile.rows, profile.is_typed, profile.columns["x"].nulls, profile.columns["x"].rows) == (3, True, 1, 3)
    assert Profile.from_bytes(profile.to_bytes()).is_typed
