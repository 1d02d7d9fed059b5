"""What `observe` is started with: the counters of both variants, and what the guard compares of them."""

from noria.kernel.json import Json
from noria.release.endpoint_config import CHALLENGER, MAIN, MICROSECONDS_PER_MS, NAMESPACE, PERIOD_SECONDS

#: Predictions are told apart by so many kinds.
KINDS = 5


def plan_observation(endpoint: str, config: str, strategy: str, rollout: Json, captured: Json) -> Json:
    """What `observe` is started with: what is counted, how often it is looked at, and the guard.

    Args:
        captured: where the answers are read.

    Returns:
        `{endpoint, config, strategy, look_seconds, share, counters, answers, guard}`; `counters` are queries of `GetMetricData`,
        `answers` is what `count_answers` reads, or null.
    """
    watches, counters = [], []
    answers = rollout["guard"]["answers"]
    for number, (watch, requests, hits) in enumerate(_watches(rollout["guard"])):
        watches.append(watch)
        for side, variant in (("champion", MAIN), ("challenger", CHALLENGER)):
            dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
            counters += [_counter(f"{side}_{kind}_{number}", metric, dimensions) for kind, metric in (("requests", requests), ("hits", hits))]
    if not counters:
        # Where captured answers are all that is watched, something must be asked of CloudWatch all the same.
        counters = [_counter("seen", (NAMESPACE, "Invocations", "Sum"), [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": MAIN}])]
    if answers:
        captured = {**captured, "first": len(watches), "kinds": KINDS if answers["drift"] else 0}
        watches += _captured_watches(answers)
    shadow = strategy == "shadow"
    share = 1.0 if shadow else rollout["steps"][0]
    return {
        "endpoint": endpoint,
        "config": config,
        "strategy": strategy,
        "look_seconds": rollout["look_seconds"],
        "share": share,
        "counters": counters,
        "answers": captured if answers else None,
        "guard": {
            "watches": watches,
            "confidence": rollout["guard"]["confidence"],
            "steps": [share] if strategy in ("shadow", "ab") else rollout["steps"],
            "step_looks": rollout["step_looks"],
            "looks": max(1, rollout["minutes"] * 60 // rollout["look_seconds"]),
            "undecided": rollout["undecided"],
            "dry_run": rollout["dry_run"],
            "idle": rollout["idle"],
            "sample": rollout["sample"] if strategy == "ab" else 0,
        },
    }


def _counter(name: str, metric: tuple[str, str, str], dimensions: list[Json]) -> Json:
    """A query of `GetMetricData`; `metric` is namespace, name and statistic."""
    result = {"Namespace": metric[0], "MetricName": metric[1], "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": result, "Period": PERIOD_SECONDS, "Stat": metric[2]}, "ReturnData": True}


def _captured_watches(answers: Json) -> list[Json]:
    """What is watched of captured answers: those that break their contract, and how often each kind of prediction is given."""
    watches = [{"name": "broken answers", "captured": True, **{key: answers[key] for key in ("harm", "margin", "tolerated")}}]
    if factor := answers["drift"]:
        watches += [{"name": f"predictions, kind {kind + 1}", "captured": True, "harm_only": True, "harm": factor} for kind in range(KINDS)]
    return watches


def _watches(block: Json) -> list[tuple[Json, tuple[str, str, str], tuple[str, str, str]]]:
    """Each watch, with the metric that counts its requests and the one that counts its hits."""
    results = []
    if errors := block["errors"]:
        results.append(({"name": "errors", **errors}, (NAMESPACE, "Invocations", "Sum"), (NAMESPACE, "InvocationModelErrors", "Sum")))
    if slow := block["slow"]:
        over = f"TC({slow['over_ms'] * MICROSECONDS_PER_MS:.0f}:)"
        watch = {"name": "slow", **{key: value for key, value in slow.items() if key != "over_ms"}}
        results.append((watch, (NAMESPACE, "ModelLatency", "SampleCount"), (NAMESPACE, "ModelLatency", over)))
    for metric in block["metrics"]:
        watch = {key: value for key, value in metric.items() if key != "namespace"}
        results.append((watch, (metric["namespace"], metric["name"], "SampleCount"), (metric["namespace"], metric["name"], "Sum")))
    return results
