"""Plans of releases by what differs from the sample."""

from collections.abc import Callable
from typing import Any

import pytest

from noria.release.plan_rollout import plan_rollout
from tests.samples import sample

#: Plans a release: `planned(strategy="canary", champion=None)`; names of the rollout block, or of the event itself.
Planned = Callable[..., dict[str, Any]]


@pytest.fixture
def planned() -> Planned:
    def plan(event: dict[str, Any] | None = None, **rollout: Any) -> dict[str, Any]:
        request = {**sample("functions/release/plan_rollout.json"), **(event or {})}
        request["spec"]["rollout"] |= rollout
        return plan_rollout(request)

    return plan
