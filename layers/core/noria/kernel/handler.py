"""Wraps a use case as a Lambda handler with structured logs and one outcome metric."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

#: Keys of an event that every log line carries.
BUSINESS_KEYS = ("model", "run", "dataset", "release", "correlation_id")


@cache
def logger() -> Logger:
    return Logger()


@cache
def metrics() -> Metrics:
    return Metrics(namespace="Noria")


def lambda_handler_for[Result: Mapping[str, Any]](use_case: Callable[[Any], Result]) -> Callable[[Any, Any], Result]:
    """A Lambda handler of a use case.

    Its log lines carry the business keys; one metric counts each outcome. What it raises reaches the state machine by
    class name.
    """

    def lambda_handler(event: Any, context: Any) -> Result:
        log = logger()
        log.append_keys(**{key: event[key] for key in BUSINESS_KEYS if key in event})
        log.set_correlation_id(event.get("correlation_id", ""))
        result = use_case(event)
        outcome = result.get("outcome", "done")
        log.info(f"{use_case.__name__}: {outcome}", reasons=result.get("verdict", {}).get("reasons", []))
        counter = metrics()
        counter.add_dimension(name="decision", value=use_case.__name__)
        counter.add_metric(name=str(outcome).title(), unit=MetricUnit.Count, value=1)
        counter.flush_metrics()
        return result

    return lambda_handler
