"""Every strategy against every interruption: each release ends on record, one version serves alone, and no request fails.

The whole table takes more than half an hour: `make soak` runs it. `make test` runs four of them.
"""

import itertools
import subprocess
import uuid

import pytest

from cli.base import ledger
from cli.base.session import Session
from local import lifecycle
from tests.local.aws.waiting import until
from tests.local.conftest import SHORT, SPEED
from tests.local.release.interruptions import INTERRUPTIONS, MOMENTS, STRATEGIES, Model, holds_the_lock, interrupt
from tests.local.release.traffic import asking

#: Interruptions whose moment makes a difference.
TIMED = ("rollback", "second approval")
TABLE = [
    (strategy, interruption, moment)
    for strategy, interruption, moment in itertools.product(STRATEGIES, INTERRUPTIONS, MOMENTS)
    if interruption in TIMED or moment == "during"
]
#: One of each kind, for every run of the tests.
REPRESENTATIVE = [
    ("progressive", "rollback", "before"),
    ("progressive", "second approval", "during"),
    ("canary", "rollback", "during"),
    ("canary", "killed", "during"),
]


@pytest.fixture(scope="module")
def trained(stack, tmp_path_factory):
    """Makes the model of a strategy; all of its cases share it."""
    models: dict[str, Model] = {}

    def model(strategy: str) -> Model:
        if strategy not in models:
            models[strategy] = Model.trained(stack, f"t{uuid.uuid4().hex[:10]}", tmp_path_factory.mktemp(strategy), STRATEGIES[strategy])
        return models[strategy]

    return model


def cases():
    for case in TABLE:
        yield pytest.param(*case, id="-".join(case).replace(" ", "_"), marks=() if case in REPRESENTATIVE else pytest.mark.soak)


@pytest.mark.parametrize(("strategy", "interruption", "moment"), list(cases()))
def test_an_interrupted_release_ends_on_record_and_no_request_fails(trained, strategy, interruption, moment):
    interrupt(trained(strategy), interruption, moment)


@pytest.mark.soak
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_local_aws_that_ends_during_a_release_leaves_nothing_behind_and_starts_anew(stack, tmp_path, strategy):
    # The last ones of this file: what the tests before have on the local AWS is gone with it.
    name = f"t{uuid.uuid4().hex[:10]}"
    model = Model.trained(Session(), name, tmp_path, STRATEGIES[strategy])
    model.approve(2)
    until(lambda: holds_the_lock(model), 60)
    assert lifecycle.down() > 0
    lifecycle.up(SPEED, (SHORT,))
    deployed = subprocess.run([str(lifecycle.ROOT / "scripts" / "deploy.sh"), "local"], capture_output=True, text=True)
    assert deployed.returncode == 0, deployed.stderr
    assert ledger.read(Session(), name).releases == []
    again = Model.trained(Session(), name, tmp_path, STRATEGIES[strategy])
    with asking(again.stack, name, own="Received") as client:
        again.approve(2)
        until(lambda: len(again.record.releases) > 1, 60)
        again.settle()
    assert (again.champion(), client.failed) == (2, [])
