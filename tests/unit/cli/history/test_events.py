"""The events of a model: each once, and how often it repeats."""

import json
import time
from types import SimpleNamespace

from cli.history import view
from tests.samples import sample


def test_events_without_reasons_are_shown_too(capsys):
    data = sample("data/DatasetAccepted.v1.json")["detail"]["data"]
    view.events([{"time": "2026-01-01T00:00:00Z", "name": "DatasetAccepted", "data": {**data, "reasons": []}}])
    view.events([{"time": "2026-01-01T00:00:00Z", "name": "Execution failed", "data": {"machine": "m", "error": "E", "cause": "why"}}])
    assert "why" in capsys.readouterr().out


def test_what_every_look_says_again_is_told_once_and_counted(capsys):
    data = sample("monitoring/QualityDegraded.v1.json")["detail"]["data"]
    look = [{"time": f"2026-01-01T00:00:0{i}Z", "name": "QualityDegraded", "data": {**data, "page": i == 0}} for i in range(4)]
    other = {"time": "2026-01-01T00:00:09Z", "name": "QualityDegraded", "data": {**data, "release": "next", "page": True}}
    feeds = [{"reasons": [{"text": f"{column} is empty in all of {rows} rows"}], "page": False} for column, rows in (("x1", 20), ("x1", 31), ("x2", 20))]
    view.events([{"time": "2026-01-01T00:00:00Z", "name": "DataIncident", "data": feed} for feed in feeds])
    text = capsys.readouterr().out
    assert ("x1 is empty" in text, "x2 is empty" in text, text.count("DataIncident said the same 1 more times")) == (True, True, 1)
    view.events([*look, other])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("2026")] == ["QualityDegraded", "QualityDegraded"]
    assert [line.strip() for line in lines if "same" in line] == ["QualityDegraded said the same 3 more times, the last one at 2026-01-01T00:00:03"]


def test_the_command_lists_the_model_s_own_events_by_time(stack, noria):
    details = [sample(f"training/{name}.v1.json")["detail"] for name in ("ModelRejected", "TrainingRequested")]
    for detail, at in zip(details, ("2026-01-02T00:00:00", "2026-01-01T00:00:00"), strict=True):
        detail["metadata"] |= {"model": "m", "time": at}
    other = sample("training/TrainingFailed.v1.json")["detail"]
    messages = [json.dumps({"source": "noria.training", "detail": detail}) for detail in [*details, other]]
    requests: list[dict] = []
    age_hours = 5

    def paginate(**request):
        requests.append(request)
        at = (time.time() - age_hours * 3600) * 1000
        return [{"events": [{"message": message} for message in messages if request["startTime"] <= at <= request.get("endTime", at)]}]

    stack.__dict__["logs"] = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    assert [event["name"] for event in json.loads(noria("events", "m", "--limit", "1", "--json").stdout)] == ["ModelRejected"]
    assert len(requests) == 2, "the last hour has none, the day before has enough: no further page is read"
    assert {request["filterPattern"] for request in requests} == {'"m"'}
    assert json.loads(noria("events", "m", "--since", "2026-01-01", "--json").stdout)
    assert requests[-1]["startTime"] == 1767225600000
    lines = [line for line in noria("events", "m").stdout.splitlines() if line.startswith("2026")]
    assert [line.split()[1] for line in lines] == ["TrainingRequested", "ModelRejected"]
    assert [event["name"] for event in json.loads(noria("events", "m", "--json").stdout)] == ["TrainingRequested", "ModelRejected"]
