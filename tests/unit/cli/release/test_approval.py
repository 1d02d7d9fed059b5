"""Approval and rejection in the model registry."""

import json
from collections.abc import Callable

import pytest

from cli.base.errors import CliError
from cli.project.publish import publish
from cli.release import approval
from noria.training.conclude_run import conclude_run
from tests.samples import ROOT, sample


def test_approving_an_older_version_than_the_one_that_serves_asks_again(stack):
    publish(stack, ROOT / "models" / "bikeshare")
    event = sample("functions/training/conclude_run.json")
    request = {**conclude_run(event)["registration"], "ModelPackageGroupName": "noria-bikeshare"}
    arns = [stack.sagemaker.create_model_package(**{**request, "ClientToken": token})["ModelPackageArn"] for token in ("a", "b")]
    document = {"endpoint": "e", "spec": "s", "model_package_arn": arns[1]}
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}, "document": {"S": json.dumps(document)}}
    stack.dynamodb.put_item(TableName="ledger", Item=item)
    with pytest.raises(CliError, match="is newer and serves; add --again"):
        approval.decide(stack, arns[0], approval.APPROVED, "the old one")
    assert approval.decide(stack, arns[0], approval.APPROVED, "the old one", again=True).status == "Approved"


@pytest.fixture
def register(stack) -> Callable[..., str]:
    """Registers a version of the model `m`; its ARN."""
    stack.sagemaker.create_model_package_group(ModelPackageGroupName="noria-m")

    def version(token: str = "a") -> str:
        request = conclude_run(sample("functions/training/conclude_run.json"))["registration"]
        request |= {"ModelPackageGroupName": "noria-m", "ClientToken": token, "CustomerMetadataProperties": {"model": "m", "spec": "s", "run": token}}
        return stack.sagemaker.create_model_package(**request)["ModelPackageArn"]

    return version


def test_a_version_is_named_by_its_model_and_number_and_says_who_decided(stack, put, register, noria):
    arn = register()
    put("SPEC#s", {"id": "s", "approve": {"mode": "manual"}}, time="t")
    document = json.loads(noria("approve", "m/1", "--comment", "looks right", "--json").stdout)
    described = stack.sagemaker.describe_model_package(ModelPackageName=arn)
    assert (document["version"], document["before"], document["status"], document["frozen_until"]) == (arn, "PendingManualApproval", "Approved", None)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "looks right")
    assert described["CustomerMetadataProperties"]["approved_by"] == document["by"]


def test_a_release_that_a_freeze_holds_back_is_announced_as_such(put, register, noria):
    register()
    freeze = [{"since": None, "until": "2999-01-01T00:00:00+00:00", "days": [], "hours": None}]
    put("SPEC#s", {"id": "s", "approve": {"mode": "manual", "freeze": freeze}}, time="t")
    lines = noria("approve", "m/1", "--comment", "at last").stdout.splitlines()
    assert "is Approved by arn:aws:" in lines[0]
    assert lines[1] == "its release waits until 2999-01-01T00:00+00:00 (approve.freeze)"


def test_a_second_approval_is_a_change_and_a_second_rejection_an_error(stack, register, noria):
    arn = register()
    for _ in range(2):
        assert noria("approve", arn, "--comment", "good").exit_code == 0
    assert "is Rejected by" in noria("reject", arn, "--comment", "not good").stdout
    assert "is rejected already: not good" in str(noria("reject", arn, "--comment", "again").exception)


@pytest.mark.parametrize(("version", "message"), [("m", "expected a version's ARN"), ("m/7", "m has no version 7; those there are: 1, 2")])
def test_a_version_that_is_none_is_refused(stack, register, version, message):
    register("a"), register("b")
    with pytest.raises(CliError, match=message):
        approval.decide(stack, version, approval.APPROVED, "why")
