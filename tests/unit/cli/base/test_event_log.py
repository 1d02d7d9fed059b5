"""The event log: a failed execution belongs to the model that it was started for."""

import json

import pytest

from cli.base import event_log
from noria.release.plan_rollout import plan_rollout
from tests.samples import sample


@pytest.mark.parametrize(
    "started",
    [
        sample("aws/model-package-approved.json"),
        sample("training/TrainingRequested.v1.json"),
        {"detail": {"object": {"key": "incoming/bikeshare/a b.csv"}}},
        sample("functions/training/plan_evaluation.json"),
        {**plan_rollout(sample("functions/release/plan_rollout.json"))["smoke_test"], "model": "bikeshare"},
        {**plan_rollout(sample("functions/release/plan_rollout.json"))["open"], "model": "bikeshare"},
    ],
    ids=["rollout", "train", "ingest", "evaluate", "smoke_test", "deploy"],
)
def test_a_failed_execution_is_told_under_the_model_that_it_was_started_for(started):
    detail = {"stateMachineArn": "a:Machine", "executionArn": "e", "status": "FAILED", "input": json.dumps(started)}
    event = {"source": "aws.states", "id": "1", "time": "t", "detail": detail}
    entry = {"message": json.dumps(event)}
    assert event_log.event_of(entry, "bikeshare")
    assert event_log.event_of(entry, "bike") is None


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        ('{"errorMessage": "the file is gone", "errorType": "KeyError", "stackTrace": ["File 1", "File 2"]}', "the file is gone"),
        ("too slow", "too slow"),
        ("first line\nTraceback (most recent call last):\n  File", "first line"),
        ('["a list"]', '["a list"]'),
        ("", "no cause was given"),
        (None, "no cause was given"),
    ],
)
def test_a_cause_is_one_sentence_without_stack_traces(cause, text):
    assert event_log.sentence(cause) == text
