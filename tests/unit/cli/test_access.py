"""Whoever may not read what a command waits for changes nothing: the command ends before it acts."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

#: Commands that publish an event or change something.
COMMANDS = {
    "rollback": ("rollback", "m"),
    "retrain": ("retrain", "m"),
    "monitor": ("monitor", "m"),
    "upload": ("upload", "m", "FILE"),
    "upload and follow": ("upload", "m", "FILE", "--wait"),
    "truth": ("truth", "m", "FILE"),
    "truth and wait": ("truth", "m", "FILE", "--wait"),
    "approve": ("approve", "arn:aws:sagemaker:us-east-1:1:model-package/noria-m/1", "--comment", "good"),
    "retire": ("retire", "m", "--yes"),
    "reject": ("reject", "arn:aws:sagemaker:us-east-1:1:model-package/noria-m/1", "--comment", "bad"),
}


def denied(name: str):
    def refuse(*_, **__):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"not authorized to perform {name}"}}, name)

    return refuse


@pytest.fixture
def acts(stack, put, monkeypatch) -> list[str]:
    """What a command has sent or changed."""
    done: list[str] = []

    def act(name: str):
        return lambda **_: done.append(name) or {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}

    put("SPEC", {"id": "s", "data": {}, "rollout": {}}, time="t")
    stack.outputs["EventBus"] = "bus"
    stack.__dict__["events"] = SimpleNamespace(put_events=act("event"))
    package = {"ModelApprovalStatus": "PendingManualApproval", "CustomerMetadataProperties": {"model": "m"}}
    stack.__dict__["sagemaker"] = SimpleNamespace(describe_model_package=lambda **_: package, update_model_package=act("version"))
    monkeypatch.setattr(stack.s3, "put_object", act("object"))
    monkeypatch.setattr(stack.dynamodb, "update_item", act("item"))
    return done


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_without_the_ledger_nothing_is_done(stack, acts, noria, tmp_path, monkeypatch, command):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    monkeypatch.setattr(stack.dynamodb, "get_paginator", lambda _: SimpleNamespace(paginate=denied("dynamodb:Query")))
    result = noria(*(str(tmp_path / "rows.csv") if part == "FILE" else part for part in command))
    assert (result.exit_code, acts) == (1, [])
    assert "not authorized to perform dynamodb:Query" in str(result.exception)


def test_an_upload_that_cannot_be_followed_is_not_sent(stack, acts, noria, tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    stack.__dict__["logs"] = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=denied("logs:FilterLogEvents")))
    result = noria("upload", "m", tmp_path / "rows.csv", "--wait")
    assert ("logs:FilterLogEvents" in str(result.exception), acts) == (True, [])
    assert noria("upload", "m", tmp_path / "rows.csv").exit_code == 0
    assert acts == ["object"]
