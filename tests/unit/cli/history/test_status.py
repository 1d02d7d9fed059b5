"""The status of a model at a glance."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.history.status import status

WHY = [{"code": "Why", "text": "because"}]
CHAMPION = {"endpoint": "noria-m", "model_package_arn": "arn/3", "config": "c", "spec": "s", "run": "r", "release": "l"}


def test_status_of_a_model_that_nothing_happened_to(stack):
    nothing_runs(stack)
    result = status(stack, "nobody")
    assert (result.published, result.champion, result.datasets) == (False, None, [])
    with pytest.raises(CliError, match="noria publish"):
        ledger.read(stack, "nobody").published()


@pytest.fixture
def model(put) -> None:
    """A served model with a record of each kind."""
    put("SPEC", {"id": "s", "images": {"training": "image"}}, time="t")
    put("CHAMPION", CHAMPION, time="t", sagemaker_model="sm")
    put("DATASET#d", {"dataset": "d", "rows": 9, "source": {}, "reasons": WHY}, status="accepted", time="2026-01-01T00:00:00.123")
    put("RUN#r", {"run": "r", "dataset": "d", "metrics": {"accuracy": 0.9}, "reasons": []}, status="registered", ended="2026-01-01")
    put("RUN#f", {"run": "f", "dataset": "d", "metrics": None, "failed_at": "train", "reasons": WHY}, status="failed", ended="2026-01-02")
    release = {"release": "l", "endpoint": "noria-m", "model_package_arn": "arn/3", "config": "c", "reasons": []}
    put("RELEASE#l", release, status="completed", time="2026-01-01")
    put("ROLLBACK#b", {"request": {"by": "me"}, "reasons": []}, status="rolled_back", time="2026-01-03")
    attempts = [{"run": name, "dataset": "d", "time": "2026-01-01", "reasons": []} for name in ("r", "later")]
    put("HEAL", {"attempts": attempts}, time="t")
    put("APPROVAL#x", package="arn:model-package/noria-m/4", time="2026-01-04T00:00:00.5", token="t")
    put("LOCK", package="arn/5", began="t", holder="h")


def endpoint(stack, **description) -> None:
    def describe_training_job(TrainingJobName):
        if TrainingJobName != "noria-m-r":
            raise ClientError({"Error": {"Code": "ResourceNotFound"}}, "DescribeTrainingJob")
        return {"TrainingJobArn": "job"}

    def describe_endpoint(EndpointName):
        if not description:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "DescribeEndpoint")
        return description

    tags = {"Tags": [{"Key": "noria:substitution", "Value": "scikit-learn 1.6 stands for 1.9"}]}
    fake = SimpleNamespace(describe_endpoint=describe_endpoint, describe_training_job=describe_training_job, list_tags=lambda ResourceArn: tags)
    stack.__dict__["sagemaker"] = fake
    nothing_runs(stack)


def nothing_runs(stack) -> None:
    stack.__dict__["caller"] = "arn:aws:iam::123456789012:user/me"
    stack.__dict__["stepfunctions"] = SimpleNamespace(list_executions=lambda **_: {"executions": []})


def test_the_status_tells_what_serves_what_happened_and_what_waits(stack, model, noria):
    endpoint(stack, EndpointStatus="InService", EndpointConfigName="c")
    text = noria("status", "m").stdout
    for line in (
        "m spec s",
        "  serves    InService noria-m  arn/3",
        "  dataset   2026-01-01T00:00:00 accepted d  9 rows  labelled traffic",
        "             because",
        "  run       2026-01-02 failed f  at train",
        "  run       2026-01-01 registered r  accuracy 0.9000  (scikit-learn 1.6 stands for 1.9)",
        "  rollback  2026-01-03 rolled_back by me",
        "  healing   2026-01-01 registered run r on dataset d",
        "  healing   2026-01-01 running run later on dataset d",
        "  waits for a person since 2026-01-04T00:00:00: arn:model-package/noria-m/4",
        "             noria approve m/4 --comment why",
        "  under way: arn/5; see: noria watch m",
    ):
        assert f"{line}\n" in text


def test_an_endpoint_that_serves_something_else_or_is_gone_is_told(stack, model, noria):
    endpoint(stack, EndpointStatus="InService", EndpointConfigName="by-hand")
    assert "the endpoint serves by-hand, not c that was released" in noria("status", "m").stdout
    endpoint(stack)
    champion = json.loads(noria("status", "m", "--json").stdout)["champion"]
    assert (champion["endpoint_status"], champion["serves"]) == ("Missing", None)


@pytest.mark.parametrize(("status", "config"), [("running", "c2-try"), ("running", "c2"), ("held", "c2-try")])
def test_what_a_release_of_noria_s_own_brings_is_no_alarm(stack, model, put, noria, status, config):
    release = {"release": "l2", "endpoint": "noria-m", "model_package_arn": "arn/5", "config": "c2", "reasons": []}
    put("RELEASE#l2", release, status=status, time="2026-01-05")
    endpoint(stack, EndpointStatus="InService", EndpointConfigName=config)
    text = noria("status", "m").stdout
    assert f"the endpoint serves {config}, of the release under way" in text
    assert "that was released" not in text


@pytest.mark.parametrize(("status", "config"), [("rolled_back", "c2-try"), ("failed", "c2"), ("running", "by-hand")])
def test_what_no_release_under_way_has_brought_is_told(stack, model, put, noria, status, config):
    release = {"release": "l2", "endpoint": "noria-m", "model_package_arn": "arn/4", "config": "c2", "reasons": []}
    put("RELEASE#l2", release, status=status, time="2026-01-05")
    endpoint(stack, EndpointStatus="InService", EndpointConfigName=config)
    assert f"the endpoint serves {config}, not c that was released" in noria("status", "m").stdout


def test_a_monitoring_run_of_the_version_before_is_marked(stack, model, put, noria):
    endpoint(stack, EndpointStatus="InService", EndpointConfigName="c")
    counts = dict.fromkeys(("predictions", "labelled", "unreadable", "bad_truths", "waiting", "repeated", "conflicting"), 0)
    run = {
        "number": 7,
        "release": "before",
        "outcome": "ok",
        "counts": counts,
        "reasons": [],
        "drift": None,
        "quality": None,
        "quality_baseline": None,
        "series": [],
    }
    put("MONITOR", run, time="2026-01-01T00:00:00Z")
    assert "the last look was at the version before:\nlook 7 at 2026-01-01T00:00:00: ok\n" in noria("status", "m").stdout
    put("MONITOR", {**run, "release": "l"}, time="2026-01-01T00:00:00Z")
    assert "version before" not in noria("status", "m").stdout
