"""The failure of a run: SageMaker's own reason, the stage, and the seconds that were billed nevertheless."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason, root_cause

if TYPE_CHECKING:
    from noria.kernel.json import Json
    from noria.kernel.shapes import FailureShape
    from noria.training.shapes import RunStage

#: The code of a run that ended without an evaluation and without an error.
UNKNOWN = "States.Runtime"


def reason_of(failure: FailureShape | None) -> Reason:
    """Why the run failed: the job's own reason where the cause carries one."""
    job = _job(failure)
    if job.get("SecondaryStatus") == "MaxRuntimeExceeded":
        text = f"the training job ran into its limit of {job['StoppingCondition']['MaxRuntimeInSeconds']} s (train.max_minutes)"
    else:
        text = root_cause(_cause(failure) or "no cause was given")
    return Reason(failure["Error"] if failure else UNKNOWN, text)


def stage_of(failure: FailureShape | None, failed_at: RunStage | None) -> RunStage | None:
    """The stage that failed: the evaluation notices a failed training job of the same name that existed already."""
    return "train" if "TrainingNotCompleted" in _cause(failure) else failed_at


def billed_seconds(failure: FailureShape | None) -> float | None:
    """The seconds that a failed training job was billed for."""
    seconds: float | None = _job(failure).get("BillableTimeInSeconds")
    return seconds


def _cause(failure: FailureShape | None) -> str:
    """Step Functions leaves the cause out of some errors, such as a time-out."""
    return str(failure.get("Cause", "")) if failure else ""


def _job(failure: FailureShape | None) -> Json:
    """The description of the failed job, as SageMaker gives it; empty where the cause is another text."""
    try:
        description = json.loads(_cause(failure))
    except ValueError:
        return {}
    return description if isinstance(description, dict) else {}
