"""Events, rules and samples: old samples are read for ever, and a rule's pattern is tried as the template has it."""

import copy
import json
import re

import jsonschema
import pytest
from moto.events.models import EventPattern

from cli.base.event_log import RESTARTED
from noria.data.events import DatasetAccepted
from scripts import shapes
from scripts.templates import MACHINE, functions, machines, resources, snake_case
from tests.samples import EVENTS, sample

#: A folder of samples a context; the name of an event says which context publishes it.
CONTEXTS = ("data", "training", "release", "monitoring", "healing")
NORIA = sorted(str(path.relative_to(EVENTS)) for context in CONTEXTS for path in (EVENTS / context).iterdir())
#: Conditions that any value fulfils.
UNCONDITIONAL = {"run", "EndpointStatus"}
#: An ARN of a machine, up to its name.
MACHINE_ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:"


def patterns():
    """Each machine's rules, with the template's references filled as in the samples."""
    for resource in resources(MACHINE):
        for event, declared in resource.properties.get("Events", {}).items():
            if declared["Type"] != "EventBridgeRule":
                continue
            text = (
                json.dumps(declared["Properties"]["Pattern"])
                .replace('{"Ref": "LakeBucket"}', '"noria-lake"')
                .replace('{"Fn::Sub": "${Prefix}-"}', '"noria-"')
                .replace('{"Fn::Sub": "${Prefix}/"}', '"noria/"')
                .replace('{"Ref": "Prefix"}', '"noria"')
            )
            text = re.sub(r'\{"Fn::Sub": "arn:[^"]*:stateMachine:\$\{Prefix\}-([\w-]+)"\}', rf'"{MACHINE_ARN}noria-\1"', text)
            text = re.sub(r'\{"Ref": "(\w+)StateMachine"\}', lambda result: f'"{MACHINE_ARN}noria-{snake_case(result[1]).replace("_", "-")}"', text)
            assert '"Ref"' not in text, text
            assert '"Fn::' not in text, text
            yield f"{resource.name.removesuffix('StateMachine')}.{event}", text, "EventBusName" in declared["Properties"]


RULES = list(patterns())


@pytest.mark.parametrize("name", NORIA)
def test_every_version_of_every_event_is_read(name):
    event = sample(name)
    context, _, file = name.partition("/")
    metadata = event["detail"]["metadata"]
    assert [metadata["name"], f"v{metadata['version']}"] == [event["detail-type"], file.split(".")[1]]
    assert (event["detail-type"], event["source"]) == (file.split(".")[0], f"noria.{context}")
    jsonschema.validate(event["detail"], json.loads((EVENTS / "schemas" / name).read_text()))


def test_every_event_class_has_a_sample_of_its_version():
    assert {f"{kind.event_context()}/{kind.__name__}.v{kind.version}.json" for kind in shapes.event_classes()} <= set(NORIA)


def test_consumers_ignore_what_they_do_not_know():
    event = sample("data/DatasetAccepted.v1.json")
    event["detail"]["metadata"]["later"] = event["detail"]["data"]["later"] = 1
    jsonschema.validate(event["detail"], json.loads((EVENTS / "schemas" / "data" / "DatasetAccepted.v1.json").read_text()))


def test_an_event_has_every_field_of_its_class_and_no_other():
    with pytest.raises(TypeError, match=r"missing \['bucket'.*unknown \['size'\]"):
        DatasetAccepted(dataset="d", size=1)


def event_of(name: str) -> str:
    """The event that a sample, of whatever version, is one of."""
    return name.rpartition("/")[2].split(".")[0]


def samples():
    return {
        str(path.relative_to(EVENTS)): sample(str(path.relative_to(EVENTS))) for folder in (*CONTEXTS, "aws") for path in sorted((EVENTS / folder).iterdir())
    }


def matches(pattern: str, event: dict) -> bool:
    return EventPattern.load(pattern).matches_event(event)


def leaves(pattern, path=()):
    """The path of each condition of a pattern."""
    for key, value in pattern.items():
        yield from leaves(value, (*path, key)) if isinstance(value, dict) else [(*path, key)]


def differing(event: dict, path: tuple[str, ...]) -> dict:
    """The event with another value, of its own kind, where a condition looks."""
    changed = copy.deepcopy(event)
    block = changed
    for name in path[:-1]:
        block = block[name]
    value = block[path[-1]]
    block[path[-1]] = (not value) if isinstance(value, bool) else ["other"] if isinstance(value, list) else "other"
    return changed


@pytest.mark.parametrize(("rule", "pattern", "own_bus"), RULES, ids=[rule for rule, _, _ in RULES])
def test_a_rule_on_noria_s_bus_starts_on_the_events_it_names_and_on_no_other(rule, pattern, own_bus):
    matched = {path for path, event in samples().items() if matches(pattern, event)}
    assert matched, f"no sample under events/ starts {rule}: add one"
    if own_bus:
        declared = json.loads(pattern)
        context = declared["source"][0].removeprefix("noria.")
        assert matched == {name for name in NORIA if name.startswith(f"{context}/") and event_of(name) in declared["detail-type"]}
        assert {event_of(name) for name in matched} == set(declared["detail-type"])
    else:
        assert all(path.startswith("aws/") for path in matched)


@pytest.mark.parametrize(("rule", "pattern", "own_bus"), RULES, ids=[rule for rule, _, _ in RULES])
def test_each_condition_of_a_rule_keeps_an_event_out_that_differs_in_it(rule, pattern, own_bus):
    for event in samples().values():
        for path in leaves(json.loads(pattern)) if matches(pattern, event) else ():
            if path[-1] not in UNCONDITIONAL:
                assert not matches(pattern, differing(event, path)), path


def test_an_upload_elsewhere_starts_nothing():
    event = sample("aws/s3-object-created.json")
    pattern = next(text for rule, text, _ in RULES if rule == "Ingest.Uploaded")
    for key in ("curated/bikeshare/x.csv", "quarantine/incoming/x/y"):
        event["detail"]["object"]["key"] = key
        assert not EventPattern.load(pattern).matches_event(event), key


def test_another_edit_of_an_approved_version_is_no_release():
    event = sample("aws/model-package-approved.json")
    event["detail"]["UpdatedModelPackageFields"] = ["CustomerMetadataProperties"]
    pattern = next(text for rule, text, _ in RULES if rule == "Rollout.Approved")
    assert not EventPattern.load(pattern).matches_event(event)


def test_a_dataset_that_shall_not_train_starts_no_run():
    event = sample("data/DatasetAccepted.v1.json")
    event["detail"]["data"]["train"] = False
    pattern = next(text for rule, text, _ in RULES if rule == "Train.Accepted")
    assert not EventPattern.load(pattern).matches_event(event)


def test_a_cause_that_pages_and_a_failed_release_reach_the_alarm_topic_and_no_other_event_does():
    paging = [rule for rule in resources("AWS::Events::Rule") if {"Ref": "AlarmTopic"} in [target["Arn"] for target in rule.properties["Targets"]]]
    patterns = [json.dumps(rule.properties["EventPattern"]) for rule in paging if rule.properties.get("EventBusName") == {"Ref": "Bus"}]
    paged = {name for name in NORIA if any(matches(pattern, sample(name)) for pattern in patterns)}
    failed = {name for name in NORIA if event_of(name) in ("RolloutFailed", "RollbackFailed")}
    assert paged == failed | {name for name in NORIA if sample(name)["detail"]["data"].get("page")}
    assert len(failed) >= 2
    assert len(paged) > len(failed)


def test_the_command_knows_which_failed_machines_start_again():
    (restart,) = [resource for resource in resources(MACHINE) if resource.name == "RestartStateMachine"]
    (rule,) = restart.properties["Events"].values()
    (granted,) = [statement for policy in restart.properties["Policies"] for statement in policy.get("Statement", ())]
    started, allowed = rule["Properties"]["Pattern"]["detail"]["stateMachineArn"], granted["Resource"]
    assert [arn["Fn::Sub"].rpartition("${Prefix}-")[2] for arn in started] == list(RESTARTED)
    assert allowed == started


@pytest.fixture(scope="module")
def failure_pattern():
    """The pattern of the rule on failed executions, of an application with the prefix `noria`."""
    (rule,) = [resource for resource in resources("AWS::Events::Rule") if resource.name == "FailedExecutionRule"]
    pattern = copy.deepcopy(rule.properties["EventPattern"])
    (names,) = pattern["detail"]["stateMachineArn"]
    filled = {"Partition": "aws", "Region": "eu-central-1", "AccountId": "123456789012"}
    arn = re.sub(r"\$\{AWS::(\w+)\}", lambda result: filled[result[1]], names["prefix"]["Fn::Sub"]).replace("${Prefix}", "noria")
    return json.dumps({**pattern, "detail": {**pattern["detail"], "stateMachineArn": [{"prefix": arn}]}})


def execution_of(name, status="FAILED"):
    event = sample("aws/execution-aborted.json")
    event["detail"] |= {"stateMachineArn": f"{MACHINE_ARN}{name}", "status": status}
    return event


@pytest.mark.parametrize("machine", list(machines()), ids=lambda machine: machine.name)
def test_a_failed_execution_of_any_machine_is_published(machine, failure_pattern):
    noun = machine.name.removesuffix(".asl.yaml").replace("_", "-")
    assert machine.resource.properties.get("Name") == {"Fn::Sub": f"${{Prefix}}-{noun}"}, "a machine without such a name fails unheard"
    name = f"noria-{noun}"
    for status in ("FAILED", "TIMED_OUT", "ABORTED"):
        assert matches(failure_pattern, execution_of(name, status))
    assert not matches(failure_pattern, execution_of(name, "SUCCEEDED"))


@pytest.mark.parametrize("name", ["noria2-train", "norias-train", "other-noria-train"])
def test_a_failed_execution_of_another_application_is_not_published(name, failure_pattern):
    assert not matches(failure_pattern, execution_of(name))


def test_every_rule_has_a_retry_policy_and_a_dead_letter_queue():
    for resource in resources():
        for declared in resource.properties.get("Events", {}).values():
            assert declared["Properties"]["DeadLetterConfig"]
            assert declared["Properties"]["RetryPolicy"]["MaximumRetryAttempts"] == 185


def test_every_function_has_a_sample_event():
    assert set(functions()) == {str(path.relative_to(EVENTS / "functions").with_suffix("")) for path in (EVENTS / "functions").glob("*/*.json")}
