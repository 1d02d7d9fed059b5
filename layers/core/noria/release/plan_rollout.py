"""Plans a rollout: from an approved version to the endpoint that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.data.contract import SMOKE_ROWS
from noria.kernel import lake
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.release.alarms import alarm_name
from noria.release.analysis_plan import plan_observation
from noria.release.champion import Champion
from noria.release.endpoint_config import EndpointPlanner, running_instances
from noria.release.names import release_names
from noria.release.refusals import refusal
from noria.release.stop import stop_alarm, stop_alarm_name
from noria.release.strategies import ALL_AT_ONCE, STRATEGIES
from noria.sagemaker.jobs import Transform
from noria.sagemaker.stack import tags
from noria.sagemaker.versions import serving_model

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec
    from noria.release.names import ReleaseNames
    from noria.release.shapes.deployment import SmokeTest
    from noria.release.shapes.observation import CaptureSource, ObservationPlan
    from noria.release.shapes.rollout import PlanRolloutInput, PlanRolloutResult


def plan_rollout(event: PlanRolloutInput) -> PlanRolloutResult:
    """Plan the release of one version: what `smoke_test`, `deploy` and `observe` are started with."""
    spec: PublishedSpec = with_defaults(event["spec"])
    names = release_names(event["resources"]["prefix"], event["model"], event["package"], event["approved_at"])
    champion = Champion.of(event["champion"])
    if reason := refusal(event, spec, champion):
        return _refused(reason, names)
    planner, rollout = _planner(event, spec, names, champion), spec["rollout"]
    strategy = rollout["strategy"] if champion and planner.running else ALL_AT_ONCE
    reason = Reason("Strategy", f"{names.endpoint} gets {names.config} by {strategy}", strategy, rollout["strategy"])
    return {
        "outcome": "planned",
        "verdict": Verdict("planned", (reason,)).to_json(),
        "release": names.release,
        "endpoint": names.endpoint,
        "config": names.config,
        "strategy": strategy,
        "smoke_test": _smoke_test(event, names),
        "reset": [stop_alarm(event["resources"]["prefix"], event["model"], on=False)] if STRATEGIES[strategy].guardrails else [],
        "open": STRATEGIES[strategy].plan(planner, rollout),
        "observe": _observation(event, spec, names, strategy),
        "promote": planner.version_alone(),
        "undo": planner.champion_alone() if champion else None,
    }


def _refused(reason: Reason, names: ReleaseNames) -> PlanRolloutResult:
    verdict = Verdict("refused", (reason,)).to_json()
    return {"outcome": "refused", "verdict": verdict, "release": names.release, "endpoint": names.endpoint, "config": names.config}


def _planner(event: PlanRolloutInput, spec: PublishedSpec, names: ReleaseNames, champion: Champion | None) -> EndpointPlanner:
    resources, serve = event["resources"], spec["serve"]
    return EndpointPlanner(
        names,
        (alarm_name(resources["prefix"], event["model"]), stop_alarm_name(resources["prefix"], event["model"])),
        serve,
        tags(event["model"], resources["prefix"], event["metadata"]["run"]),
        running_instances(event["endpoint"], serve["count"]),
        lake.uri(resources["lake"], lake.CAPTURE),
        spec["monitor"]["capture"],
        champion,
    )


def _observation(event: PlanRolloutInput, spec: PublishedSpec, names: ReleaseNames, strategy: str) -> ObservationPlan | None:
    """What `observe` is started with; nothing where champion and challenger do not serve side by side."""
    if STRATEGIES[strategy].exposure is None:
        return None
    capture: CaptureSource = {
        "bucket": event["resources"]["lake"],
        "prefix": lake.capture(names.endpoint),
        "artifacts": event["resources"]["artifacts"],
        "expected": _evaluated_predictions(event),
        "task": spec["task"],
        "contract": spec["serve"]["answers"],
    }
    return plan_observation(names.endpoint, names.trial, strategy, spec["rollout"], capture)


def _smoke_test(event: PlanRolloutInput, names: ReleaseNames) -> SmokeTest:
    """A transform of the first rows of the version's holdout, by the SageMaker model that will serve."""
    resources, metadata, folder = event["resources"], event["metadata"], lake.release(event["model"], names.release)
    bucket, model_tags = resources["artifacts"], tags(event["model"], resources["prefix"], metadata["run"])
    rows = lake.uri(bucket, metadata["folder"] + lake.SMOKE_FOLDER)
    transform = Transform(f"{names.config}-smoke", names.config, rows, lake.uri(bucket, folder), event["spec"]["evaluate"]["instance"])
    return {
        "create_model": serving_model(names.config, event["package"], resources["execution_role"], model_tags),
        "transform": transform.request(model_tags),
        "comparison": {
            "bucket": bucket,
            "predictions": folder + lake.SMOKE_PREDICTIONS,
            "expected": _evaluated_predictions(event),
            "rows": min(SMOKE_ROWS, int(metadata["holdout_rows"])),
        },
    }


def _evaluated_predictions(event: PlanRolloutInput) -> str:
    """The version's predictions of its holdout."""
    return lake.predictions(event["metadata"]["folder"], "candidate", lake.HOLDOUT_PREDICTIONS)
