"""Quarantine on the deployed stack: a file with too many bad rows is shown, corrected, released, accepted and trained on, and the trail stays."""

import json
from pathlib import Path

from cli.base import ledger
from cli.data.progress import follow
from cli.project.publish import publish
from noria_client import quarantine
from tests.local.aws.waiting import until
from tests.local.small_model import LIMIT, data, loop, project


def test_a_bad_file_is_shown_corrected_released_and_trained_on_and_its_trail_stays(stack, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path, bad=60)
    assert [(stage.name, stage.verdict) for stage in loop(stack, name, file)] == [("ingest", "quarantined")]
    (entry,) = quarantine.list(stack, name)
    assert (entry.file, entry.rows, entry.bad_rows, entry.copies) == ("rows.csv", 200, 60, [])
    details = quarantine.show(stack, entry.dataset[:11], rows=100)
    assert (details.faults, len(details.set_aside)) == ({"x": {"Range": 60}}, 60)
    fixed = quarantine.fix(stack, entry.dataset, drop_bad=True)
    assert Path(fixed.path).read_text().splitlines() == [line for line in file.read_text().splitlines() if ",99," not in line]
    released = quarantine.release(stack, entry.dataset, Path(fixed.path))
    stages = list(follow(stack, released.upload, LIMIT))
    assert [(stage.name, stage.verdict) for stage in stages][:2] == [("ingest", "accepted"), ("train", "completed")]
    assert stages[-1].verdict == "completed"
    (entry,) = quarantine.list(stack, name)
    (copy,) = entry.copies
    assert (copy.outcome, copy.dataset, copy.version) == ("accepted", stages[0].ids["dataset"], released.upload.version)
    assert (copy.by, copy.file) == (stack.caller, "corrected-rows.csv")
    head = stack.s3.head_object(Bucket=released.upload.bucket, Key=released.upload.key)
    assert head["Metadata"] == {"noria-corrects": entry.dataset}
    assert {run["dataset"] for run in ledger.read(stack, name).runs} == {copy.dataset}
    assert stack.s3.get_object(Bucket=released.upload.bucket, Key=f"incoming/{name}/rows.csv")["Body"].read() == file.read_bytes()


def test_the_bad_file_once_more_is_a_duplicate_that_does_not_wipe_the_trail_away(stack, name, tmp_path):
    publish(stack, project(tmp_path / "p", name))
    file = data(tmp_path, bad=60)
    loop(stack, name, file)
    (entry,) = quarantine.list(stack, name)
    quarantine.release(stack, entry.dataset, data(tmp_path, "better.csv"))
    key = f"incoming/{name}/again.csv"
    version = stack.s3.put_object(Bucket=stack.outputs["LakeBucket"], Key=key, Body=file.read_bytes())["VersionId"]
    ended = until(lambda: outcome_of(stack, key, version))
    assert ended == {"outcome": "duplicate"}
    (entry,) = quarantine.list(stack, name)
    assert [copy.file for copy in entry.copies] == ["better.csv"]


def outcome_of(stack, key, version):
    """The output of the ingestion of an object version, once it has ended."""
    for execution in stack.stepfunctions.list_executions(stateMachineArn=stack.machine("ingest"), statusFilter="SUCCEEDED")["executions"]:
        described = stack.stepfunctions.describe_execution(executionArn=execution["executionArn"])
        upload = json.loads(described["input"])["detail"]["object"]
        if (upload["key"], upload["version-id"]) == (key, version):
            return json.loads(described["output"])
    return None
