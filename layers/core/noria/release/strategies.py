"""The rollout strategies: one row each, with the function that plans its first endpoint configuration.

A new strategy is a row in `STRATEGIES` and a planning function; the spec, its documentation and the plan of a release follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from noria.sagemaker import guardrails

if TYPE_CHECKING:
    from collections.abc import Callable

    from noria.kernel.published_spec import RolloutShape
    from noria.release.endpoint_config import EndpointPlanner
    from noria.release.shapes.deployment import DeployInput

#: The first version of a model takes all of the traffic at once.
ALL_AT_ONCE = "all_at_once"
#: SageMaker's guardrails begin with no more than this share of the fleet.
LARGEST_STEP = 0.5


def side_by_side(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """Champion and challenger split the traffic."""
    return planner.side_by_side(rollout["steps"][0], _capture_percent(rollout))


def shadow(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """The challenger gets a copy of the traffic."""
    return planner.shadow(_capture_percent(rollout))


def all_at_once(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """The version takes all of the traffic in one update."""
    return planner.version_alone()


def canary(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """A second fleet takes one share of the traffic, then all of it."""
    return planner.version_alone(guardrails.canary(rollout["steps"][0], _bake_seconds(rollout), planner.alarms))


def linear(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """A second fleet takes the traffic in steps of one size."""
    return planner.version_alone(guardrails.linear(rollout["steps"][0], _bake_seconds(rollout), planner.alarms))


def rolling(planner: EndpointPlanner, rollout: RolloutShape) -> DeployInput:
    """Batches of instances are replaced one after the other."""
    return planner.version_alone(guardrails.rolling(rollout["steps"][0], _bake_seconds(rollout), planner.alarms))


def _capture_percent(rollout: RolloutShape) -> int:
    capture = rollout["guard"]["answers"]
    return capture["percent"] if capture else 0


def _bake_seconds(rollout: RolloutShape) -> int:
    return rollout["bake_minutes"] * 60


class Exposure(NamedTuple):
    """How the challenger's traffic grows while the guard compares both variants.

    Attributes:
        stepwise: its share rises along `rollout.steps`.
        sampled: it answers `rollout.sample` requests before it may be promoted.
        weighted: its share is a weight; a shadow gets a copy of all requests instead.
    """

    stepwise: bool = True
    sampled: bool = False
    weighted: bool = True

    def share(self, rollout: RolloutShape) -> float:
        """The challenger's first share."""
        return rollout["steps"][0] if self.weighted else 1.0

    def steps(self, rollout: RolloutShape) -> list[float]:
        """All of its shares."""
        return rollout["steps"] if self.stepwise else [self.share(rollout)]

    def sample(self, rollout: RolloutShape) -> int:
        """Requests that it must have answered."""
        return rollout["sample"] if self.sampled else 0


class Strategy(NamedTuple):
    """One rollout strategy.

    Attributes:
        plan: plans the first endpoint configuration, as the input of `deploy`.
        exposure: how the guard compares both variants; nothing where they do not serve side by side.
        smallest_step: the smallest first share that SageMaker accepts; nothing where any is fine.
        guardrails: SageMaker's deployment guardrails move the traffic.
    """

    plan: Callable[[EndpointPlanner, RolloutShape], DeployInput]
    exposure: Exposure | None = None
    smallest_step: float | None = None
    guardrails: bool = False


STRATEGIES = {
    "progressive": Strategy(side_by_side, Exposure()),
    ALL_AT_ONCE: Strategy(all_at_once),
    "canary": Strategy(canary, smallest_step=0.01, guardrails=True),
    "linear": Strategy(linear, smallest_step=0.1, guardrails=True),
    "rolling": Strategy(rolling, smallest_step=0.05, guardrails=True),
    "shadow": Strategy(shadow, Exposure(stepwise=False, weighted=False)),
    "ab": Strategy(side_by_side, Exposure(stepwise=False, sampled=True)),
}
