"""Monitoring runs join ground truth by id and by key, with captured and with scored rows."""

import random

import pytest

from noria.monitoring import predictions
from tests.unit.monitoring.lake import answers, new_spec


def test_truth_by_key_is_joined_with_rows_that_carry_the_key_and_counts_once(lake, monkeypatch):
    keyed = new_spec()
    keyed["data"]["key"] = ["kind", "x"]
    lake.spec = keyed
    lake.capture("one", ["1,a", "2,a"], ["1", "1"])
    lake.upload_truth("early.csv", "kind,x,at,y\na,2,2026-01-01,1\nb,2,2026-01-01,1\n")
    first = lake.run()
    assert (answers(first), first["counts"]["waiting"]) == (1, 1)
    lake.capture("two", ["2,b", "1,a"], ["0", "1"], "2026-01-02T02:00:00Z")
    second = lake.run("2026-01-02T03:00:00.000Z")
    assert (answers(second), second["counts"]["waiting"]) == (2, 0)
    lake.upload_truth("again.csv", "kind,x,at,y\na,2,2026-01-01,0\na,1,2026-01-01,1\nb,2,2026-01-01,1\n")
    third = lake.run("2026-01-02T04:00:00.000Z")
    assert (answers(third), third["counts"]["conflicting"], third["counts"]["repeated"]) == (3, 1, 1)


def test_later_runs_know_the_key_of_rows_that_a_batch_job_has_scored(lake, monkeypatch):
    keyed = new_spec()
    keyed["data"]["key"] = ["id"]
    lake.spec = keyed
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=b"prediction_id,id,kind,x,prediction\np1,77,a,1,1\n")
    assert lake.run()["counts"]["predictions"] == 1
    lake.upload_truth("a.csv", "id,at,y\n77,2026-01-01,1\n")
    assert lake.run("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1


@pytest.mark.parametrize(
    ("rows", "first", "second", "counts"),
    [
        ("p1,77,a,1,1\n", "prediction_id,at,y\np1,2026-01-01,1\n", "id,at,y\n77,2026-01-01,0\n", (0, 1)),
        ("1,2,a,1,1\n9,1,b,1,0\n", "id,at,y\n2,2026-01-01,1\n", "id,at,y\n1,2026-01-01,0\n", (1, 0)),
    ],
    ids=["twice", "another"],
)
def test_ground_truth_by_one_name_is_known_by_the_other_name_and_by_no_other_row_s(lake, monkeypatch, rows, first, second, counts):
    keyed = new_spec()
    keyed["data"]["key"] = ["id"]
    lake.spec = keyed
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=f"prediction_id,id,kind,x,prediction\n{rows}".encode())
    lake.run()
    lake.upload_truth("a.csv", first)
    assert lake.run("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1
    lake.upload_truth("b.csv", second)
    result = lake.run("2026-01-02T03:00:00.000Z")["counts"]
    assert (result["labelled"], result["conflicting"]) == counts


def test_rows_that_a_batch_job_has_scored_are_monitored_like_those_of_the_endpoint(lake):
    lake.evaluate("1,0.9\n0,0.1\n", wrong=40)
    drawn = random.Random(1)
    rows = [f"r{i},{'ab'[i % 2]},{drawn.gauss(1, 1)},{'10'[i % 2]},{(0.9, 0.1)[i % 2]},other" for i in range(1200)]
    text = "\n".join(["prediction_id,kind,x,prediction,probability,more", *rows, "too,short", ""])
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=text.encode())
    lake.s3.put_object(Bucket="lake", Key="scored/m/none.csv", Body=b"kind,x\na,1\n")
    result = lake.run()
    assert (result["counts"]["predictions"], result["counts"]["unreadable"]) == (1200, 2)
    assert result["drift"]["verdict"] == "drift"
    assert result["drift"]["estimate"]["value"] == pytest.approx(0.9, abs=0.01)
    lake.upload_truth("a.csv", "prediction_id,y\nr0,1\nr1,1\n")
    later = lake.run("2026-01-02T02:00:00.000Z")
    assert (later["counts"]["predictions"], later["counts"]["labelled"], later["labelled_rows"]) == (0, 2, 2)
    # Of which version the answers are, no file says.
    assert answers(later) == 0


def test_scored_rows_without_an_id_are_named_by_their_key_or_their_place(lake, monkeypatch):
    lake.s3.put_object(Bucket="lake", Key="scored/m/night.csv", Body=b"kind,x,prediction\na,1,1\nb,2,0\n")
    lake.upload_truth("a.csv", "prediction_id,y\nnight.csv#1,0\n")
    assert lake.run()["counts"]["labelled"] == 1
    keyed = new_spec()
    keyed["data"]["key"] = ["kind"]
    lake.spec = keyed
    lake.s3.put_object(Bucket="lake", Key="scored/m/later.csv", Body=b"kind,x,prediction\nc,1,1\n")
    lake.upload_truth("b.csv", "kind,y\nc,0\n")
    assert lake.run("2026-01-02T02:00:00.000Z")["counts"]["labelled"] == 1


def test_a_file_of_too_many_scored_rows_is_reported_and_read_no_second_time(lake, monkeypatch):
    monkeypatch.setattr(predictions, "MOST_SCORED", 2)
    monkeypatch.setattr("noria.monitoring.read_new_files.MOST_ROWS", 3)
    for name, rows in (("a", 2), ("b", 3), ("c", 2), ("d", 1)):
        lake.s3.put_object(Bucket="lake", Key=f"scored/m/{name}.csv", Body=b"kind,x,prediction\n" + b"a,1,1\n" * rows)
    counts = [lake.run(f"2026-01-02T0{hour}:00:00.000Z")["counts"] for hour in (1, 2, 3)]
    assert [(count["predictions"], count["unreadable"]) for count in counts] == [(4, 1), (1, 0), (0, 0)]
