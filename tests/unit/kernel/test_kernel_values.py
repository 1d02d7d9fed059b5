"""What every part builds on: the words of a failure, names derived from content, and verdicts as JSON."""

import json

import pytest

from noria.kernel.identity import digest, event_id
from noria.kernel.verdict import Reason, Verdict, root_cause


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (
            '{"ProcessingJobStatus": "Stopped", "StoppingCondition": {"MaxRuntimeInSeconds": 60}}',
            "the processing job was stopped, by somebody or at its limit of 60 s",
        ),
        ('{"ProcessingJobStatus": "Failed"}', "{'ProcessingJobStatus': 'Failed'}"),
        ('{"ExitMessage": "no such column", "FailureReason": "exit 1"}', "no such column"),
        ('{"Cause": "{\\"Cause\\": \\"{\\\\\\"errorMessage\\\\\\": \\\\\\"deep\\\\\\"}\\"}"}', "deep"),
        ("[1]", "[1]"),
        ("", "no cause was given"),
        ("x" * 3_000, "x" * 2_000),
    ],
)
def test_the_root_cause_words_of_a_failure_are_told(cause, words):
    assert root_cause(cause) == words


def test_causes_are_nested_five_deep_at_most():
    cause = "core"
    for _ in range(6):
        cause = json.dumps({"Cause": cause})
    assert root_cause(cause) == json.dumps({"Cause": "core"})


def test_the_same_content_has_the_same_name():
    assert digest("m", {"b": 1, "a": 2}) == digest("m", {"a": 2, "b": 1})
    assert (len(digest("m")), digest("m") != digest("n")) == (12, True)
    assert event_id("A", "x") == event_id("A", "x") != event_id("B", "x")


def test_a_verdict_as_json_has_each_reason_with_what_was_seen_and_asked():
    assert Verdict("no", (Reason("Code", "text", 1, 2),)).to_json() == {
        "outcome": "no",
        "reasons": [{"code": "Code", "text": "text", "observed": 1, "limit": 2}],
    }
