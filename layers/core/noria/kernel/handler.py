"""The entry of every function: decode, call one use case, encode, and tell what came of it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from noria.kernel.json import Json

#: Keys of an event that every log line carries.
BUSINESS_KEYS = ("model", "run", "dataset", "release", "correlation_id")


@cache
def logger() -> Logger:
    return Logger()


@cache
def metrics() -> Metrics:
    return Metrics(namespace="Noria")


def lambda_handler_for(use_case: Callable[[Json], Json]) -> Callable[[Json, Any], Json]:
    """A Lambda handler of a use case.

    Its log lines carry the business keys; one metric counts each outcome. What it raises reaches the state machine by
    class name.
    """

    def lambda_handler(event: Json, context: Any) -> Json:
        log = logger()
        log.append_keys(**{key: event[key] for key in BUSINESS_KEYS if key in event})
        log.set_correlation_id(event.get("correlation_id", ""))
        answer = use_case(event)
        outcome = answer.get("outcome", "done")
        log.info(f"{use_case.__name__}: {outcome}", reasons=answer.get("verdict", {}).get("reasons", []))
        counted = metrics()
        counted.add_dimension(name="decision", value=use_case.__name__)
        counted.add_metric(name=str(outcome).title(), unit=MetricUnit.Count, value=1)
        counted.flush_metrics()
        return answer

    return lambda_handler
