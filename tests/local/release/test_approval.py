"""Approvals on the deployed stack: by people, by time, and by those who may not."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.history.status import status
from cli.project.publish import publish
from cli.release import approval
from tests.local.aws.waiting import until
from tests.local.release.traffic import ended, second, served
from tests.local.small_model import data, loop, project


def asks(stack: Session, name: str, tmp_path: Path, approve: str) -> None:
    """A first version that waits for a person."""
    folder = project(tmp_path / "p", name)
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text() + f"approve: {approve}\n")
    publish(stack, folder)
    assert loop(stack, name, data(tmp_path))[-1].verdict == "pending"


def approvals(client, name: str) -> list[str]:
    """How the machines that asked for this model's versions ended."""
    states = client("stepfunctions")
    arn = next(item["stateMachineArn"] for item in states.list_state_machines()["stateMachines"] if item["name"] == "noria-approve")
    ended = [states.describe_execution(executionArn=item["executionArn"]) for item in states.list_executions(stateMachineArn=arn)["executions"]]
    return [item.get("output", item["status"]) for item in ended if f'"{name}"' in item["input"]]


def test_a_manual_version_waits_for_a_person_and_the_registrys_own_event_is_its_answer(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual}")
    assert until(lambda: approvals(client, name)) == ["RUNNING"]
    decision = approval.decide(stack, f"{name}/1", approval.APPROVED, "looks right")
    assert (decision.before, decision.status) == ("PendingManualApproval", "Approved")
    assert until(lambda: ledger.read(stack, name).champion, 60)
    assert until(lambda: "looks right" in approvals(client, name)[0])
    with pytest.raises(CliError, match="has no version 7"):
        approval.decide(stack, f"{name}/7", approval.REJECTED, "no")


def test_a_version_that_nobody_answers_is_rejected_when_its_time_is_up(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual, expires_hours: 0.0005}")
    (package,) = stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"]
    described = until(lambda: _rejected(stack, package["ModelPackageArn"]), 30)
    assert "nobody answered" in described["ApprovalDescription"]


def _rejected(stack: Session, arn: str):
    item = stack.sagemaker.describe_model_package(ModelPackageName=arn)
    return item if item["ModelApprovalStatus"] == "Rejected" else None


def test_who_published_a_version_does_not_approve_it_where_two_are_asked(stack, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual, two_person: true}")
    approval.decide(stack, f"{name}/1", approval.APPROVED, "my own")
    (release,) = until(lambda: ended(stack, name), 60)
    assert release["reasons"][0]["code"] == "SamePerson"
    assert ledger.read(stack, name).champion is None


def test_a_version_whose_artifact_is_gone_is_not_released_and_the_champion_serves_on(stack, name, tmp_path):
    served(stack, name, tmp_path)
    before = ledger.read(stack, name).champion
    spec = tmp_path / "p" / "model.yaml"
    spec.write_text(spec.read_text() + "approve: {mode: manual}\n")
    publish(stack, tmp_path / "p")
    assert second(stack, name, tmp_path).verdict == "pending"
    version = f"{before['model_package_arn'][:-1]}2"
    described = stack.sagemaker.describe_model_package(ModelPackageName=version)
    bucket, key = described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].removeprefix("s3://").split("/", 1)
    stack.s3.delete_object(Bucket=bucket, Key=key)
    approval.decide(stack, version, approval.APPROVED, "though it is gone")
    release = until(lambda: next((item for item in ended(stack, name) if item["model_package_arn"] == version), None), 60)
    assert release["status"] == "failed"
    assert "model.tar.gz" in release["reasons"][0]["text"]
    assert status(stack, name).champion["serves"] == before["config"]


def test_who_may_not_write_the_registry_approves_nothing(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual}")
    user = client("iam")
    user.create_user(UserName=name)
    key = user.create_access_key(UserName=name)["AccessKey"]
    (package,) = stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"]
    with pytest.raises(ClientError) as caught:
        client("sagemaker", key["AccessKeyId"], key["SecretAccessKey"]).update_model_package(
            ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Approved"
        )
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert ledger.read(stack, name).champion is None
