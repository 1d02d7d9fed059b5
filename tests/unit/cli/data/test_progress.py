"""What becomes of an upload: every stage as it ends, and where it ends."""

import json
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.data.progress import follow, stages
from cli.data.upload import Upload
from noria.training.conclude_run import conclude_run
from tests.samples import sample

UPLOAD = Upload("m", "digest", "lake", "incoming/m/d.csv", 1_767_225_600.0, "v1", sent=True)
WHY = [{"code": "Why", "text": "because"}]


@pytest.fixture
def dataset(put):
    def accepted(status: str = "accepted", train: bool = True) -> None:
        document = {"dataset": "d", "digest": "digest", "spec": "s", "bucket": "lake", "location": "curated/m/d/data.csv", "source": {}, "train": train}
        put("SPEC", {"id": "s", "approve": {"mode": "automatic"}}, time="t")
        put("DATASET#d", {**document, "reasons": WHY}, status=status, time="2026-01-01T00:00:02+00:00")

    return accepted


def run(put, status: str, metrics: dict | None = None, failed_at: str | None = None) -> None:
    document = {"run": "r", "dataset": "d", "spec": "s", "metrics": metrics, "rows": 10, "failed_at": failed_at, "reasons": WHY}
    put("RUN#r", document, status=status, ended="2026-01-01T00:00:05+00:00")


def version(stack, status: str) -> str:
    """A registered version of the run, in the model registry."""
    stack.sagemaker.create_model_package_group(ModelPackageGroupName="noria-m")
    request = conclude_run(sample("functions/training/conclude_run.json"))["registration"]
    request |= {"ModelPackageGroupName": "noria-m", "ModelApprovalStatus": status, "CustomerMetadataProperties": {"run": "r", "model": "m"}}
    return stack.sagemaker.create_model_package(**request)["ModelPackageArn"]


def seen(stack) -> list[tuple[str, str, bool]]:
    return [(stage.name, stage.verdict, last) for stage, last in stages(stack, UPLOAD)]


def test_nothing_has_ended_before_the_dataset_is_on_record(stack, put):
    put("SPEC", {"id": "s"}, time="t")
    assert seen(stack) == []


@pytest.mark.parametrize(("status", "train", "last"), [("quarantined", True, True), ("accepted", False, True), ("accepted", True, False)])
def test_a_quarantined_dataset_is_the_last_stage_and_so_is_one_that_starts_no_training(stack, dataset, status, train, last):
    dataset(status, train)
    assert seen(stack) == [("ingest", status, last)]
    ((stage, _),) = stages(stack, UPLOAD)
    assert (stage.seconds, stage.ids["dataset"], stage.reasons) == (2.0, "d", ["because"])


@pytest.mark.parametrize(
    ("facts", "ended"),
    [
        ({"status": "failed", "failed_at": "preprocess"}, [("preprocess", "failed", True)]),
        ({"status": "failed"}, [("train", "failed", True)]),
        ({"status": "failed", "failed_at": "evaluate"}, [("train", "completed", False), ("evaluate", "failed", True)]),
        ({"status": "rejected", "metrics": {"accuracy": 0.5}}, [("train", "completed", False), ("evaluate", "rejected", True)]),
        ({"status": "registered", "metrics": {"accuracy": 0.9}}, [("train", "completed", False), ("evaluate", "registered", False)]),
    ],
)
def test_a_run_ends_at_the_stage_that_failed_or_at_the_gate_that_it_missed(stack, put, dataset, facts, ended):
    dataset()
    stack.sagemaker.create_model_package_group(ModelPackageGroupName="noria-m")
    run(put, **facts)
    assert seen(stack) == [("ingest", "accepted", False), *ended]


@pytest.mark.parametrize(
    ("mode", "registry", "release", "ended"),
    [
        ("automatic", "PendingManualApproval", None, []),
        ("manual", "PendingManualApproval", None, [("approve", "pending", True)]),
        ("automatic", "Rejected", None, [("approve", "rejected", True)]),
        ("automatic", "Approved", "running", [("approve", "approved", False)]),
        ("automatic", "Approved", "completed", [("approve", "approved", False), ("rollout", "completed", True)]),
        ("automatic", "Rejected", "rolled_back", [("approve", "approved", False), ("rollout", "rolled_back", True)]),
    ],
)
def test_a_version_waits_for_its_approval_and_then_for_its_release(stack, put, dataset, mode, registry, release, ended):
    dataset()
    put("SPEC", {"id": "s", "approve": {"mode": mode}}, time="t")
    run(put, "registered", {"accuracy": 0.9})
    version(stack, registry)
    if release:
        put("RELEASE#l", {"release": "l", "run": "r", "endpoint": "noria-m", "reasons": WHY}, status=release, time="2026-01-01T00:00:09+00:00")
    assert seen(stack)[3:] == [("register", "registered", False), *ended]


def test_following_ends_with_the_last_stage_and_gives_up_at_its_limit(stack, dataset):
    log = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"events": []}]))
    stack.__dict__["logs"] = log
    with pytest.raises(CliError, match=r"nothing more came of it within 0 s \(stages seen: none\); see: noria status m, noria events m"):
        list(follow(stack, UPLOAD, 0.0))
    dataset("quarantined")
    assert [stage.name for stage in follow(stack, UPLOAD, 10)] == ["ingest"]


def test_a_machine_that_fails_and_is_not_started_again_ends_the_wait_with_its_own_words(stack, put):
    put("SPEC", {"id": "s"}, time="t")
    detail = {"stateMachineArn": "a:noria-ingest", "executionArn": "e", "status": "TIMED_OUT", "error": "States.Timeout", "cause": "too slow"}
    pages: list[dict] = [{"events": []}]

    def failed(**more: int) -> None:
        event = {"source": "aws.states", "id": "1", "time": "t", "detail": {**detail, "input": json.dumps({"model": "m", **more})}}
        pages[0]["events"].append({"message": json.dumps(event)})

    stack.__dict__["logs"] = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: pages))
    failed()
    with pytest.raises(CliError, match="nothing more came of it"):
        list(follow(stack, UPLOAD, 0.0))
    failed(restarts=1)
    failed(restarts=2)
    with pytest.raises(CliError, match=r"the machine noria-ingest timed out: States.Timeout: too slow \(execution e\)"):
        list(follow(stack, UPLOAD, 10))


def test_the_command_follows_and_ends_with_1_where_the_last_stage_is_no_success(stack, put, dataset, noria, tmp_path):
    stack.__dict__["logs"] = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"events": []}]))
    file = tmp_path / "d.csv"
    file.write_text("a\n")
    put("SPEC", {"id": "s", "approve": {"mode": "automatic"}}, time="t")
    stack.sagemaker.create_model_package_group(ModelPackageGroupName="noria-m")
    digest = json.loads(noria("upload", "m", file, "--json").stdout)["digest"]
    document = {"dataset": "d", "digest": digest, "spec": "s", "bucket": "lake", "location": "l", "source": {}, "train": True, "reasons": WHY}
    put("DATASET#d", document, status="quarantined", time="2026-01-01T00:00:02+00:00")
    result = noria("upload", "m", file, "--wait")
    assert (result.exit_code, "ingest    quarantined" in result.stdout, "because" in result.stdout) == (1, True, True)
    (stage,) = json.loads(noria("upload", "m", file, "--wait", "--json").stdout)["stages"]
    assert (stage["name"], stage["verdict"], stage["reasons"]) == ("ingest", "quarantined", ["because"])


def test_a_version_that_its_rollout_has_marked_is_not_the_end_before_the_release_is_on_record(stack, put, dataset):
    dataset()
    run(put, "registered", {"accuracy": 0.9})
    put("LOCK", package=version(stack, "Rejected"), began="t", holder="h")
    assert seen(stack)[3:] == [("register", "registered", False)]
