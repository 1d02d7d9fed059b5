"""The analysis plan of a release: the counters of both variants, and what the guard compares of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from noria.release.strategies import STRATEGIES, Exposure
from noria.release.variants import MAIN, SIDES
from noria.sagemaker import metrics
from noria.sagemaker.metrics import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

    from noria.kernel import published_spec
    from noria.kernel.published_spec import RolloutShape
    from noria.release.shapes.observation import CapturePlan, CaptureSource, GuardMetricShape, GuardPlan, ObservationPlan

#: Predictions are told apart by so many kinds.
KINDS = 5


class CountedMetric(NamedTuple):
    """A metric of the guard, with the statistics that count its requests and its hits."""

    metric: GuardMetricShape
    requests: Statistic
    hits: Statistic


def plan_observation(endpoint: str, config: str, strategy: str, rollout: RolloutShape, capture: CaptureSource | None) -> ObservationPlan:
    """Plan what `observe` counts, how often it looks, and the guard.

    Args:
        capture: where captured predictions are read; nothing where nobody reads them.
    """
    counted = list(_counted_metrics(rollout["guard"]))
    exposure = STRATEGIES[strategy].exposure or Exposure()
    answers = rollout["guard"]["answers"]
    kinds = KINDS if answers and answers["drift"] else 0
    plan: CapturePlan | None = {**capture, "first_metric": len(counted), "kinds": kinds} if answers and capture else None
    compared = [entry.metric for entry in counted] + (list(_captured_metrics(answers)) if answers else [])
    return {
        "endpoint": endpoint,
        "config": config,
        "weighted": exposure.weighted,
        "look_seconds": rollout["look_seconds"],
        "share": exposure.share(rollout),
        "counters": [*_counters(endpoint, counted)],
        "capture": plan,
        "guard": _guard(rollout, exposure, compared),
    }


def _guard(rollout: RolloutShape, exposure: Exposure, compared: list[GuardMetricShape]) -> GuardPlan:
    return {
        "metrics": compared,
        "confidence": rollout["guard"]["confidence"],
        "steps": exposure.steps(rollout),
        "step_looks": rollout["step_looks"],
        "looks": max(1, rollout["minutes"] * 60 // rollout["look_seconds"]),
        "undecided": rollout["undecided"],
        "dry_run": rollout["dry_run"],
        "idle": rollout["idle"],
        "sample": exposure.sample(rollout),
    }


def _counters(endpoint: str, counted: list[CountedMetric]) -> Iterator[MetricDataQueryTypeDef]:
    """Queries of `GetMetricData`, named `<side>_<requests or hits>_<number of the metric>`."""
    for number, entry in enumerate(counted):
        for side, variant in SIDES.items():
            dimensions = metrics.variant_dimensions(endpoint, variant)
            yield metrics.query(f"{side}_requests_{number}", entry.requests, dimensions)
            yield metrics.query(f"{side}_hits_{number}", entry.hits, dimensions)
    if not counted:
        # CloudWatch takes no empty list, and a guard may compare captured predictions alone.
        yield metrics.query("seen", metrics.INVOCATIONS, metrics.variant_dimensions(endpoint, MAIN))


def _counted_metrics(guard: published_spec.GuardShape) -> Iterator[CountedMetric]:
    """The metrics that CloudWatch counts."""
    if errors := guard["errors"]:
        limits: GuardMetricShape = {"name": "errors", "harm": errors["harm"], "margin": errors["margin"], "tolerated": errors["tolerated"]}
        yield CountedMetric(limits, metrics.INVOCATIONS, metrics.MODEL_ERRORS)
    if slow := guard["slow"]:
        limits = {"name": "slow", "harm": slow["harm"], "margin": slow["margin"], "tolerated": slow["tolerated"]}
        yield CountedMetric(limits, metrics.LATENCIES, metrics.slower_than(slow["over_ms"]))
    for own in guard["metrics"]:
        name, namespace = own["name"], own["namespace"]
        limits = {"name": name, "good": own["good"], "harm": own["harm"], "margin": own["margin"], "tolerated": own["tolerated"]}
        yield CountedMetric(limits, Statistic(namespace, name, "SampleCount"), Statistic(namespace, name, "Sum"))


def _captured_metrics(answers: published_spec.CaptureShape) -> Iterator[GuardMetricShape]:
    """The metrics that captured predictions count: those that break their contract, and how often each kind is predicted."""
    yield {"name": "broken answers", "captured": True, "harm": answers["harm"], "margin": answers["margin"], "tolerated": answers["tolerated"]}
    if factor := answers["drift"]:
        for kind in range(KINDS):
            yield {"name": f"predictions, kind {kind + 1}", "captured": True, "harm_only": True, "harm": factor}
