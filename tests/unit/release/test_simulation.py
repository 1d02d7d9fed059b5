"""Simulated releases: how often the guard is wrong, and how soon it is right."""

import pytest

from noria.release.comparison import GuardMetric
from noria.release.guard import Guard
from noria.release.simulation import TrafficScenario, simulate


@pytest.mark.parametrize("burst", [0.0, 0.4])
def test_an_equal_challenger_is_hardly_ever_undone(burst):
    watching = Guard((GuardMetric("errors", margin=1.001),), 0.98, (0.1,), 10**6, 180, "hold")
    report, _ = simulate(watching, TrafficScenario(0.02, 0.02, 50, burst=burst), 20, 300, seed=3)
    assert report["undone"] <= 0.03


def test_a_challenger_with_four_times_the_errors_is_always_undone_soon():
    watching = Guard((GuardMetric("errors"),), 0.98, (0.1,), 10**6, 360, "hold")
    report, _ = simulate(watching, TrafficScenario(0.02, 0.08, 50), 10, 200)
    assert report["undone"] == 1
    assert report["exposed_median"] <= 200
