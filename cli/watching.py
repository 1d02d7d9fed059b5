"""A release under way as a live picture: weights, requests, errors, latency, and the guard's interval closing in."""

import math
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli import ledger, render
from cli.errors import CliError
from cli.session import Session
from noria.release import endpoint_config, guard
from noria.release.analysis import weigh_traffic
from noria.release.analysis_plan import plan_observation

Json = dict[str, Any]
#: Width of the interval's picture, and the ratios at its ends.
CELLS, LEFT, RIGHT = 48, 0.25, 4.0
#: Requests and hits, of both variants.
COUNTERS = 4
LATENCY = "p99"


def look(session: Session, model: str) -> Json:
    """What serves now, how it does, and what the guard makes of it.

    Returns:
        `{model, endpoint, status, config, variants: [{variant, weight, instances, requests, errors, p99_ms}], findings, under_way}`
    """
    story = ledger.read(session, model)
    if story.champion is None and story.lock is None:
        raise CliError(f"no version of {model} serves yet; see: noria status {model}")
    name = f"{session.prefix}-{model}"
    endpoint = session.sagemaker.describe_endpoint(EndpointName=name)
    began = datetime.fromisoformat(story.lock["began"]) if story.lock else datetime.fromtimestamp(time.time() - 3600, UTC)
    shown = [*endpoint.get("ProductionVariants", []), *endpoint.get("ShadowProductionVariants", [])]
    variants = [_variant(session, name, dict(variant), began) for variant in shown]
    beside = len(variants) > 1
    return {
        "model": model,
        "endpoint": name,
        "status": endpoint["EndpointStatus"],
        "config": endpoint.get("EndpointConfigName"),
        "variants": variants,
        "findings": _findings(session, story, name, endpoint["EndpointStatus"], str(endpoint.get("EndpointConfigName")), began) if beside else [],
        "under_way": story.lock["package"] if story.lock else None,
    }


def watch(session: Session, model: str, seconds: float) -> None:
    """Show it until the release under way has ended, or for so many seconds; where no terminal is, each step of the traffic."""
    ends, seen = time.monotonic() + seconds, False
    shown: Json | None = None
    with Live(console=render.console, refresh_per_second=4) if render.console.is_terminal else nullcontext() as live:
        while time.monotonic() < ends:
            told = look(session, model)
            step = {"under_way": told["under_way"], "weights": [variant["weight"] for variant in told["variants"]]}
            if live:
                live.update(picture(told))
            elif step != shown:
                render.console.print(picture(told))
            shown = step
            if seen and told["under_way"] is None:
                return
            seen = seen or told["under_way"] is not None
            time.sleep(session.look_seconds)


def picture(told: Json) -> Group:
    """One frame."""
    head = Text.assemble((told["endpoint"], "bold"), "  ", render.word(told["status"]), f"  {told['config']}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("variant", "weight", "instances", "requests", "errors", "p99 ms"):
        table.add_column(name, no_wrap=True)
    whole = sum(variant["weight"] or 0 for variant in told["variants"]) or 1
    for variant in told["variants"]:
        share = (variant["weight"] or 0) / whole
        bar = "█" * round(20 * share)
        errors = f"{variant['errors']:,.0f}"
        cells = [variant["variant"], f"{bar:<20} {share:.0%}", str(variant["instances"]), f"{variant['requests']:,.0f}", errors, f"{variant['p99_ms']:.1f}"]
        table.add_row(*cells)
    intervals = [Text(f"{entry['watch']:>10} {interval(entry)}  {guard.text(entry)}") for entry in told["findings"]]
    under = [Text(f"under way: {told['under_way']}", style="dim")] if told["under_way"] else []
    return Group(head, table, *intervals, *under)


def interval(entry: Json) -> str:
    """The guard's interval on a line from a quarter to four times the champion's rate."""

    def cell(ratio: float | None) -> int:
        if ratio is None or ratio >= RIGHT:
            return CELLS - 1
        return max(0, min(CELLS - 1, round((CELLS - 1) * math.log(max(ratio, LEFT) / LEFT) / math.log(RIGHT / LEFT))))

    low, high, same = cell(entry["low"]), cell(entry["high"]), cell(1.0)
    return "".join("┃" if i == same else "━" if low <= i <= high else "·" for i in range(CELLS))


def _variant(session: Session, endpoint: str, variant: Json, began: datetime) -> Json:
    name = variant["VariantName"]
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": name}]
    wanted = {"requests": ("Invocations", "Sum"), "errors": ("InvocationModelErrors", "Sum"), "p99": ("ModelLatency", LATENCY)}
    metrics = {key: {"Namespace": endpoint_config.NAMESPACE, "MetricName": metric, "Dimensions": dimensions} for key, (metric, _) in wanted.items()}
    queries: Any = [{"Id": key, "MetricStat": {"Metric": metrics[key], "Period": 60, "Stat": stat}} for key, (_, stat) in wanted.items()]
    answer = session.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=began, EndTime=datetime.now(UTC))
    series = {result["Id"]: result["Values"] for result in answer["MetricDataResults"]}
    return {
        "variant": name,
        "weight": variant.get("CurrentWeight"),
        "instances": variant.get("CurrentInstanceCount"),
        "requests": sum(series.get("requests", [])),
        "errors": sum(series.get("errors", [])),
        "p99_ms": max(series.get("p99", []), default=0.0) / endpoint_config.MICROSECONDS_PER_MS,
    }


def _findings(session: Session, story: ledger.Story, name: str, status: str, config: str, began: datetime) -> list[Json]:
    """What the guard would say now of what CloudWatch counts: the same function as in the machine, on the same counters."""
    if story.spec is None:
        return []
    rollout = story.spec["rollout"]
    observe = plan_observation(name, config, rollout["strategy"], rollout, {})
    answer = session.cloudwatch.get_metric_data(MetricDataQueries=observe["counters"], StartTime=began, EndTime=datetime.now(UTC))
    results = [
        {"Id": result["Id"], "Timestamps": [time.timestamp() for time in result["Timestamps"]], "Values": list(result["Values"])}
        for result in answer["MetricDataResults"]
    ]
    event = {"observe": observe, "results": results, "endpoint": {"EndpointStatus": status, "EndpointConfigName": config}, "lock": None}
    looked = {"look": 1, "share": observe["share"], "looks_at_share": 0, "changes": [began.isoformat()], "now": datetime.now(UTC).isoformat()}
    findings: list[Json] = weigh_traffic({**event, **looked})["findings"]
    # Captured answers are the machine's to read.
    return findings[: len(observe["counters"]) // COUNTERS]
