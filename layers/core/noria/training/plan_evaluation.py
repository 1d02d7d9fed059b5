"""Plans an evaluation: batch transforms of the holdout by the candidate and the champion, and the scoring of their predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import lake, ledger
from noria.kernel.identity import digest
from noria.kernel.spec_defaults import with_defaults
from noria.sagemaker.jobs import Transform
from noria.sagemaker.stack import StackResources, tags
from noria.training.gates import comparisons, gates_of, monitored_metric
from noria.training.schema import features, schema_digest

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec
    from noria.training.shapes import PlanEvaluationInput, PlanEvaluationResult, ScoreRequest, Side, TransformTask

#: Why a champion does not predict a candidate's holdout.
OTHER_SCHEMA = "the champion is sent other columns, or predicts another target"


def plan_evaluation(event: PlanEvaluationInput) -> PlanEvaluationResult:
    """Plan the evaluation of a candidate, and of the champion on the same rows where their schemas agree."""
    spec: PublishedSpec = with_defaults(event["spec"])
    champion = event.get("champion") or {}
    comparable = ledger.text(champion, "schema") == schema_digest(spec)
    models: dict[Side, str] = {"candidate": event["candidate"]["model"]}
    if champion and comparable:
        models["champion"] = ledger.text(champion, "sagemaker_model")
    return {
        "outcome": "planned",
        "transforms": [_transform(event, spec, side, model) for side, model in models.items()],
        "score": _score(event, spec, list(models), OTHER_SCHEMA if champion and not comparable else None),
    }


def _transform(event: PlanEvaluationInput, spec: PublishedSpec, side: Side, model: str) -> TransformTask:
    """The batch transform of the holdout by one model; its name is derived from the execution's, so a taken-over run transforms anew."""
    resources, folder = StackResources(**event["resources"]), event["folder"]
    name = f"{resources.prefix}-{event['model']}-{digest(event['run'], event['attempt'])}-{side}"
    source = lake.uri(resources.artifacts, folder + lake.HOLDOUT_FOLDER)
    target = lake.uri(resources.artifacts, lake.predictions(folder, side))
    transform = Transform(name, model, source, target, spec["evaluate"]["instance"])
    return {"side": side, "request": transform.request(tags(event["model"], resources.prefix, event["run"]))}


def _score(event: PlanEvaluationInput, spec: PublishedSpec, sides: list[Side], incomparable: str | None) -> ScoreRequest:
    folder = event["folder"]
    return {
        "bucket": event["resources"]["artifacts"],
        "truth": folder + lake.HOLDOUT_TRUTH,
        "predictions": {side: lake.predictions(folder, side, lake.HOLDOUT_PREDICTIONS) for side in sides},
        "shuffled": lake.predictions(folder, "candidate", lake.SHUFFLED_PREDICTIONS),
        "features": features(spec),
        "task": spec["task"],
        "comparisons": comparisons(gates_of(spec["evaluate"])),
        "monitored_metric": monitored_metric(spec),
        "incomparable": incomparable,
        "run": event["run"],
    }
