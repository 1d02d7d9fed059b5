"""CloudWatch metrics of a request, with AWS's names and units.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch", SageMaker developer guide.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from local.aws import metrics
from local.sagemaker.containers.container_server import Reply
from local.sagemaker.endpoints.fleets import Variant

NAMESPACE = "AWS/SageMaker"
MICROSECONDS = 1_000_000


class Stopwatch:
    """Seconds since its creation, without those in which it was paused."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop for as long as the body takes, also where it raises."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._began += time.perf_counter() - began


def record(endpoint: str, variant: Variant, reply: Reply | None, model_seconds: float, overhead_seconds: float, config: str | None = None) -> None:
    """Record the metrics of one request.

    Args:
        reply: None where the model did not answer.
        config: the configuration of the fleet that was asked, while two fleets serve: its metrics have the dimension `EndpointConfigName`
            as well ("Auto-Rollback Configuration and Monitoring", SageMaker developer guide).
    """
    status = reply.status if reply else 0
    failed = float(not 200 <= status < 300)
    values = {
        "Invocations": (1.0, "None"),
        "InvocationsPerInstance": (1.0 / max(1, len(variant.servers)), "None"),
        "Invocation4XXErrors": (float(400 <= status < 500), "None"),
        "Invocation5XXErrors": (float(status >= 500 or status == 0), "None"),
        "InvocationModelErrors": (failed, "None"),
        "ModelLatency": (model_seconds * MICROSECONDS, "Microseconds"),
        "OverheadLatency": (overhead_seconds * MICROSECONDS, "Microseconds"),
    }
    dimensions = {"EndpointName": endpoint, "VariantName": variant.name}
    metrics.record(NAMESPACE, dimensions, values)
    if config:
        metrics.record(NAMESPACE, {**dimensions, "EndpointConfigName": config}, values)
