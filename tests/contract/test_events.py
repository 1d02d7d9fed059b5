"""Events, rules and samples: old samples are read for ever, and a rule's pattern is tried as the template has it."""

import json

import pytest
from moto.events.models import EventPattern

from noria.kernel.envelope import Envelope
from scripts.check_machines import template
from tests.samples import EVENTS, sample

NORIA = sorted(path.name for path in (EVENTS / "noria").iterdir())
RESOURCES = template()["Resources"]


def patterns():
    """Each machine's rules, with the template's references filled as in the samples."""
    for name, resource in RESOURCES.items():
        for event, declared in resource["Properties"].get("Events", {}).items():
            if declared["Type"] != "EventBridgeRule":
                continue
            text = (
                json.dumps(declared["Properties"]["Pattern"])
                .replace('{"Ref": "LakeBucket"}', '"noria-lake"')
                .replace('{"Fn::Sub": "${AWS::StackName}-"}', '"noria-"')
                .replace('{"Fn::Sub": "${AWS::StackName}/"}', '"noria/"')
                .replace('{"Ref": "AWS::StackName"}', '"noria"')
                .replace('{"Ref": "RolloutStateMachine"}', '"arn:aws:states:eu-central-1:123456789012:stateMachine:noria-RolloutStateMachine"')
            )
            yield f"{name.removesuffix('StateMachine')}.{event}", text, "EventBusName" in declared["Properties"]


@pytest.mark.parametrize("name", NORIA)
def test_every_version_of_every_event_is_read(name):
    event = sample(f"noria/{name}")
    envelope = Envelope.model_validate(event["detail"])
    assert envelope.metadata.name == event["detail-type"] == name.split(".")[0]
    assert f"v{envelope.metadata.version}" == name.split(".")[1]
    assert event["source"].startswith("noria.")


def test_consumers_ignore_what_they_do_not_know():
    event = sample("noria/DatasetAccepted.v1.json")
    event["detail"]["metadata"]["later"] = 1
    assert Envelope.model_validate(event["detail"])


STARTS = {
    "Ingest.Uploaded": "aws/s3-object-created.json",
    "Train.Accepted": "noria/DatasetAccepted.v1.json",
    "Train.Requested": "noria/TrainingRequested.v1.json",
    "Approve.Registered": "noria/ModelRegistered.v1.json",
    "Rollout.Approved": "aws/model-package-approved.json",
    "Answer.Answered": "aws/model-package-approved.json",
    "Rollback.Alarmed": "aws/cloudwatch-alarm.json",
    "Rollback.Requested": "noria/RollbackRequested.v1.json",
    "Mark.RolledBack": "noria/RolledBack.v1.json",
    "Watch.Completed": "noria/RolloutCompleted.v1.json",
    "Wake.EndpointSettled": "aws/endpoint-in-service.json",
    "Recover.Interrupted": "aws/execution-aborted.json",
    "Monitor.Told": "aws/s3-truth-created.json",
    "Monitor.Requested": "noria/MonitoringRequested.v1.json",
}
#: Any of these ends a release; any of these may be healed.
WORSE = ("DriftDetected", "QualityDegraded")
ENDS = ("RollbackFailed", "RollbackPassedOn", "RolledBack", "RolloutCompleted", "RolloutFailed", "RolloutHeld")


@pytest.mark.parametrize(("rule", "pattern", "own_bus"), list(patterns()), ids=lambda value: value if isinstance(value, str) and "{" not in value else "")
def test_a_rule_starts_on_its_event_and_on_no_other(rule, pattern, own_bus):
    samples = [path for folder in ("aws", "noria") for path in sorted(f"{folder}/{found.name}" for found in (EVENTS / folder).iterdir())]
    matched = [path for path in samples if EventPattern.load(pattern).matches_event(sample(path))]
    several = {"Wake.ReleaseEnded": ENDS, "Heal.Worse": WORSE}.get(rule)
    expected = [f"noria/{name}.v1.json" for name in several] if several else [STARTS[rule]]
    assert matched == expected
    assert own_bus == expected[0].startswith("noria/")


def test_an_upload_elsewhere_starts_nothing():
    event = sample("aws/s3-object-created.json")
    pattern = next(text for rule, text, _ in patterns() if rule == "Ingest.Uploaded")
    for key in ("curated/bikeshare/x.csv", "quarantine/incoming/x/y"):
        event["detail"]["object"]["key"] = key
        assert not EventPattern.load(pattern).matches_event(event), key


def test_another_edit_of_an_approved_version_is_no_release():
    event = sample("aws/model-package-approved.json")
    event["detail"]["UpdatedModelPackageFields"] = ["CustomerMetadataProperties"]
    pattern = next(text for rule, text, _ in patterns() if rule == "Rollout.Approved")
    assert not EventPattern.load(pattern).matches_event(event)


def test_a_dataset_that_shall_not_train_starts_no_run():
    event = sample("noria/DatasetAccepted.v1.json")
    event["detail"]["data"]["train"] = False
    pattern = next(text for rule, text, _ in patterns() if rule == "Train.Accepted")
    assert not EventPattern.load(pattern).matches_event(event)


def test_every_rule_has_a_retry_policy_and_a_dead_letter_queue():
    for resource in RESOURCES.values():
        for declared in resource["Properties"].get("Events", {}).values():
            assert declared["Properties"]["DeadLetterConfig"]
            assert declared["Properties"]["RetryPolicy"]["MaximumRetryAttempts"] == 185


def test_every_function_has_a_sample_event():
    functions = {
        resource["Properties"]["CodeUri"].strip("/").split("/")[-1] for resource in RESOURCES.values() if resource["Type"] == "AWS::Serverless::Function"
    }
    assert functions == {path.stem for path in (EVENTS / "functions").iterdir()}
