"""Scalable targets of Application Auto Scaling: the variants that scale, their policies and their activities."""

import re
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region

Json = dict[str, Any]
#: Account, region and resource id, such as `endpoint/x/variant/main`.
Key = tuple[str, str, str]
RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
MOST_ACTIVITIES = 50


@dataclass
class Target:
    """A variant that scales.

    Attributes:
        record: `ScalableTarget` of the API.
        policies: `ScalingPolicy` of the API, by name.
        changed: the last change of its instance count (seconds since the epoch).
    """

    record: Json
    policies: dict[str, Json] = field(default_factory=dict)
    changed: float = 0.0


_targets: dict[Key, Target] = {}
_activities: list[tuple[Key, Json]] = []


def key(resource: str) -> Key:
    """The key of a resource id in the caller's account and region."""
    return get_account_id(), get_region(), resource


def find(resource: str) -> Target | None:
    return _targets.get(key(resource))


def add(resource: str, record: Json) -> None:
    _targets[key(resource)] = Target(record)


def remove(resource: str) -> None:
    _targets.pop(key(resource), None)


def every() -> list[tuple[Key, Target]]:
    """The targets of every account and region."""
    return list(_targets.items())


def mine() -> dict[str, Target]:
    """The targets of the caller's account and region, by resource id."""
    return {resource: target for (account, region, resource), target in every() if (account, region) == (get_account_id(), get_region())}


def targets_of(endpoint: str) -> list[str]:
    """The variants of an endpoint that are scalable targets."""
    matches = [RESOURCE.fullmatch(resource) for resource in mine()]
    return [match[2] for match in matches if match and match[1] == endpoint]


def min_capacity(endpoint: str, variant: str) -> int:
    """`MinCapacity` of a variant's scalable target; 0 where it is none."""
    target = find(f"endpoint/{endpoint}/variant/{variant}")
    return int(target.record["MinCapacity"]) if target else 0


def forget(endpoint: str) -> None:
    """Remove the targets of an endpoint that is deleted."""
    for variant in targets_of(endpoint):
        remove(f"endpoint/{endpoint}/variant/{variant}")


def add_activity(target: Key, activity: Json) -> None:
    """Remember a scaling activity; the oldest are dropped."""
    _activities[:] = [*_activities, (target, activity)][-MOST_ACTIVITIES:]


def activities() -> list[tuple[str, Json]]:
    """Resource id and activity of the caller's account and region, newest first."""
    here = (get_account_id(), get_region())
    return [(resource, activity) for (*scope, resource), activity in reversed(_activities) if tuple(scope) == here]


def reset() -> None:
    """Forget every target and activity."""
    _targets.clear()
    _activities.clear()
