"""The log of a run's jobs, once and as it grows."""

from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.runs import jobs
from tests.unit.cli.runs.test_activity import Pages


@pytest.fixture
def run(stack):
    """A run with a training job whose log grows by a line a look, and whose statuses come one after the other."""

    def growing(*statuses: str) -> None:
        seen = iter(statuses)
        lines: list[dict] = []

        def list_training_jobs(**_):
            status = next(seen)
            lines.append({"timestamp": len(lines), "message": f"line {len(lines)}"})
            return [{"TrainingJobSummaries": [{"TrainingJobName": "noria-m-run", "TrainingJobStatus": status}]}]

        def get_log_events(startFromHead, nextToken="0", **_):
            begin = int(nextToken)
            return {"events": lines[begin:], "nextForwardToken": str(len(lines))}

        kinds = {
            "list_processing_jobs": Pages(ProcessingJobSummaries=[]),
            "list_training_jobs": SimpleNamespace(paginate=list_training_jobs),
            "list_transform_jobs": Pages(TransformJobSummaries=[]),
        }
        stack.__dict__["sagemaker"] = SimpleNamespace(get_paginator=kinds.__getitem__)
        streams = {"logStreams": [{"logStreamName": "noria-m-run/algo-1"}]}
        stack.__dict__["logs"] = SimpleNamespace(describe_log_streams=lambda **_: streams, get_log_events=get_log_events)

    return growing


def test_the_log_is_shown_once(run, noria):
    run("InProgress")
    assert noria("logs", "run").stdout == "noria-m-run line 0\n"


def test_a_log_is_followed_to_the_end_of_the_job_each_line_once(run, noria):
    run("InProgress", "Stopping", "Stopped")
    assert noria("logs", "run", "--follow").stdout == "noria-m-run line 0\nnoria-m-run line 1\nnoria-m-run line 2\n"


def test_a_run_that_nobody_knows_says_where_runs_are_shown(stack):
    kinds = {f"list_{kind}_jobs": Pages(**{f"{kind.capitalize()}JobSummaries": []}) for kind in jobs.KINDS}
    stack.__dict__["sagemaker"] = SimpleNamespace(get_paginator=kinds.__getitem__)
    with pytest.raises(CliError, match="SageMaker has no job of a run x; noria status MODEL shows the runs"):
        jobs.follow_logs(stack, "x", follow=True, show=print)
