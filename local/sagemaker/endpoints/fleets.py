"""Variants, fleets and deployments: the model servers of endpoints, and how a request gets to one of them."""

import itertools
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from local.sagemaker.containers.model_server import ModelServer
from local.sagemaker.errors import ApiError


@dataclass
class Variant:
    """A production or shadow variant.

    Attributes:
        servers: one per instance.
        weight: its part of the traffic, relative to the other variants'.
    """

    name: str
    servers: list[ModelServer]
    weight: float = 1.0
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def next_server(self) -> ModelServer:
        """The instances in turn."""
        servers = self.servers
        return servers[next(self._turn) % len(servers)]


@dataclass
class Fleet:
    """The production and shadow variants of one endpoint configuration, and its name."""

    variants: dict[str, Variant] = field(default_factory=dict)
    shadows: dict[str, Variant] = field(default_factory=dict)
    config: str = ""

    def choose_variant(self, target: str | None) -> Variant:
        """The variant that the request targets, or one at random by weight.

        Raises:
            ApiError: the target is no variant.
        """
        if target is not None and target not in self.variants:
            raise ApiError("ValidationError", f"Variant {target} was not found in the endpoint. Variants: {', '.join(self.variants)}")
        if target is not None:
            return self.variants[target]
        variants = list(self.variants.values())
        weights = [variant.weight for variant in variants]
        return random.choices(variants, weights if any(weights) else None)[0]

    def sample_shadows(self) -> list[Variant]:
        """The shadows that get a copy of a request: a shadow's weight is its share of the production variants' traffic."""
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
class Deployment:
    """The fleet of an endpoint, and a second one while an update shifts traffic to it.

    Attributes:
        share: of the traffic that goes to `incoming`.
    """

    fleet: Fleet
    incoming: Fleet | None = None
    share: float = 0.0

    def choose_fleet(self) -> Fleet:
        """One of both fleets at random, by the share of the second."""
        incoming = self.incoming
        return incoming if incoming is not None and random.random() < self.share else self.fleet

    def servers(self) -> list[ModelServer]:
        """The servers of both fleets."""
        incoming = self.incoming
        return self.fleet.servers() + (incoming.servers() if incoming else [])
