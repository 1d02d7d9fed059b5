"""The servers of endpoints: variants of several instances, chosen by weight, and two fleets side by side while traffic moves.

What is measured of each request has AWS's names and units. Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch",
SageMaker developer guide.
"""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.aws import metrics
from local.sagemaker.errors import ApiError
from local.sagemaker.servers import ModelServer, Reply

NAMESPACE = "AWS/SageMaker"
MICROSECONDS = 1_000_000


@dataclass
class Variant:
    """One production or shadow variant.

    Attributes:
        servers: one for each instance.
        weight: of the traffic, against the other variants'.
    """

    name: str
    servers: list[ModelServer]
    weight: float = 1.0
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def server(self) -> ModelServer:
        """The instance whose turn it is."""
        servers = self.servers
        return servers[next(self._turn) % len(servers)]


@dataclass
class Fleet:
    """The variants of one configuration, and the shadows that get a copy."""

    variants: dict[str, Variant] = field(default_factory=dict)
    shadows: dict[str, Variant] = field(default_factory=dict)

    def chosen(self, target: str | None) -> Variant:
        """A variant by its weight, or the one that the caller asked for.

        Raises:
            ApiError: there is no such variant.
        """
        if target is not None and target not in self.variants:
            raise ApiError("ValidationError", f"Variant {target} was not found in the endpoint. Variants: {', '.join(self.variants)}")
        if target is not None:
            return self.variants[target]
        found = list(self.variants.values())
        weights = [variant.weight for variant in found]
        return random.choices(found, weights if any(weights) else None)[0]

    def copied(self) -> list[Variant]:
        """The shadows that get a copy of this request: their weight is their share of the production variant's traffic."""
        whole = sum(variant.weight for variant in self.variants.values()) or 1.0
        return [shadow for shadow in self.shadows.values() if random.random() < shadow.weight / whole]

    def servers(self) -> list[ModelServer]:
        """The servers of all variants and shadows."""
        return [server for variant in (*self.variants.values(), *self.shadows.values()) for server in variant.servers]

    def stop(self) -> None:
        """End every server, all at once."""
        threads = [threading.Thread(target=server.stop) for server in self.servers()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@dataclass
class Serving:
    """What answers for an endpoint: its fleet, and while traffic moves a second one with its share.

    Attributes:
        share: of the traffic that goes to `incoming`.
    """

    fleet: Fleet
    incoming: Fleet | None = None
    share: float = 0.0

    def chosen(self) -> Fleet:
        """One of both fleets by the share of the second."""
        incoming = self.incoming
        return incoming if incoming is not None and random.random() < self.share else self.fleet


def measure(endpoint: str, variant: Variant, reply: Reply | None, model_seconds: float, overhead_seconds: float) -> None:
    """One request's metrics; a missing reply is a model that did not answer."""
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
    metrics.record(NAMESPACE, {"EndpointName": endpoint, "VariantName": variant.name}, values)


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
