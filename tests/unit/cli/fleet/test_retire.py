"""Taking a model out of service, and ending what runs."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.fleet.retire import retire
from cli.fleet.stop import stop
from cli.release.releases import RollbackResult
from tests.unit.cli.runs.test_activity import Pages


@pytest.fixture
def calls(stack, put):
    """A served model; each call that takes something away."""
    done: list[tuple] = []
    put("SPEC", {"id": "s"}, time="t")
    put("SPEC#s", {"id": "s"}, time="t")
    put("CHAMPION", {"endpoint": "noria-m", "model_package_arn": "arn/1"}, time="2026-01-01T00:00:00+00:00", sagemaker_model="sm")
    stack.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "MODELS"}, "sk": {"S": "m"}})
    stack.__dict__["caller"] = "arn:aws:iam::123456789012:user/me"
    stack.__dict__["stepfunctions"] = SimpleNamespace(list_executions=lambda **_: {"executions": []})
    stack.__dict__["sagemaker"] = SimpleNamespace(delete_endpoint=lambda **request: done.append(("endpoint", request["EndpointName"])))
    names = ["noria/m/errors", "noria/m/owners", "noria-monitoring/m", "noria-monitoring/m2", "noria-stop/m", "noria-stop/m2"]
    alarms = [{"AlarmName": name} for name in names]

    def paginate(AlarmNamePrefix):
        return [{"MetricAlarms": [alarm for alarm in alarms if alarm["AlarmName"].startswith(AlarmNamePrefix)]}]

    def delete_dashboards(DashboardNames):
        raise ClientError({"Error": {"Code": "ResourceNotFound"}}, "DeleteDashboards")

    stack.__dict__["cloudwatch"] = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=paginate),
        delete_alarms=lambda AlarmNames: done.append(("alarms", *AlarmNames)),
        delete_dashboards=delete_dashboards,
    )
    ids = ["endpoint/noria-m/variant/main", "endpoint/noria-m2/variant/main"]
    targets = [{"ServiceNamespace": "sagemaker", "ResourceId": id_, "ScalableDimension": "d"} for id_ in ids]
    scaling = SimpleNamespace(
        describe_scalable_targets=lambda **_: {"ScalableTargets": targets},
        deregister_scalable_target=lambda **request: done.append(("target", request["ResourceId"])),
    )
    clients = stack.client
    stack.client = lambda service: scaling if service == "application-autoscaling" else clients(service)
    return done


def test_endpoint_alarms_and_scaling_of_this_model_go_and_its_history_stays(stack, calls, noria):
    text = noria("retire", "m", "--yes").stdout
    assert calls == [
        ("target", "endpoint/noria-m/variant/main"),
        ("endpoint", "noria-m"),
        ("alarms", "noria/m/errors", "noria/m/owners", "noria-monitoring/m", "noria-stop/m"),
    ]
    record = ledger.read(stack, "m")
    assert (record.spec, record.champion, list(record.specs), ledger.published_models(stack)) == (None, None, ["s"], [])
    assert "stays    the model package group noria-m" in text


def test_nobody_is_retired_by_accident_or_while_something_runs(stack, put, calls, noria):
    assert noria("retire", "m").exit_code == 1
    put("LOCK", package="arn/2", began="now", holder="h")
    with pytest.raises(CliError, match="a release of arn/2 is under way since now"):
        retire(stack, "m")
    # It may begin between the look and the deed.
    with pytest.raises(CliError, match="a release of m has just begun"):
        ledger.remove_publication(stack, "m")
    assert calls == []
    assert ledger.published_models(stack) == ["m"]
    with pytest.raises(CliError, match="no model named 'other' is published"):
        retire(stack, "other")


def jobs(stack, **statuses: str) -> list[str]:
    """A stack whose runs have these training jobs; the names of those that were stopped."""
    stopped: list[str] = []
    summaries = [{"TrainingJobName": name, "TrainingJobStatus": status} for name, status in statuses.items()]
    pages = {
        "list_processing_jobs": Pages(ProcessingJobSummaries=[]),
        "list_training_jobs": Pages(TrainingJobSummaries=summaries),
        "list_transform_jobs": Pages(TransformJobSummaries=[]),
    }
    stack.__dict__["sagemaker"] = SimpleNamespace(
        get_paginator=pages.__getitem__,
        stop_training_job=lambda TrainingJobName: stopped.append(TrainingJobName),
        list_endpoint_configs=lambda NameContains: {"EndpointConfigs": [{"EndpointConfigName": f"noria-my-m-{NameContains}"}] if NameContains == "rel" else []},
    )
    return stopped


def test_the_jobs_of_a_run_are_stopped(stack, noria):
    stopped = jobs(stack, a="Completed", b="InProgress")
    assert noria("stop", "run").stdout == "stopped the run run: b\n"
    assert stopped == ["b"]


def test_a_release_under_way_is_undone(stack, put, monkeypatch):
    jobs(stack)
    put("LOCK", model="my-m", package="arn/2", began="now", holder="h")
    requests: list[tuple] = []

    def rollback(session, model, to, reason, limit_seconds):
        requests.append((model, to, reason))
        return RollbackResult(model, "undone", 1.0, [{"code": "Undone", "text": "it was undone"}])

    monkeypatch.setattr("cli.fleet.stop.rollback", rollback)
    assert stop(stack, "rel", 10).ended == ["undone", "it was undone"]
    assert requests == [("my-m", None, "the release rel was stopped")]


def test_what_has_ended_or_never_was_says_so(stack):
    jobs(stack, a="Completed")
    with pytest.raises(CliError, match="no job of the run a is under way: a is Completed"):
        stop(stack, "a", 1)
    jobs(stack)
    with pytest.raises(CliError, match="nothing of the id 'x' is under way; noria status MODEL shows"):
        stop(stack, "x", 1)
