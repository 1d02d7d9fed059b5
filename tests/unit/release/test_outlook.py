"""What is said of a release beforehand: how long it may take, and what its traffic lets it find out."""

import pytest

from noria.release.outlook import Traffic, duration, forecast
from noria.spec.rollout import RolloutSpec


def rollout(**block):
    return RolloutSpec(**block).model_dump(mode="json")


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({}, "progressive looks at both versions every 60 s until the evidence decides, 60 minutes at most"),
        ({}, "without any request, rollout.idle says promote after 5 minutes"),
        ({"strategy": "shadow", "minutes": 90, "idle": "wait"}, "shadow looks at both versions every 60 s until the evidence decides, 90 minutes at most"),
        ({"strategy": "canary", "bake_minutes": 7}, "canary bakes 3 times for 7 minutes"),
        ({"strategy": "linear", "steps": [0.25]}, "linear bakes 5 times for 5 minutes"),
        ({"strategy": "rolling", "steps": [0.5]}, "rolling bakes 2 times for 5 minutes"),
        ({"strategy": "all_at_once"}, "all_at_once is one update of the endpoint"),
    ],
)
def test_what_a_release_waits_for_is_said_with_its_bounds(block, text):
    assert text in duration(rollout(**block), first=False)


def test_the_first_version_waits_for_nothing_and_a_release_that_only_waits_names_no_shortcut():
    assert duration(rollout(strategy="canary"), first=True).startswith("the first version takes all of the traffic")
    assert "idle" not in duration(rollout(idle="wait"), first=False)


def test_a_quiet_model_hears_that_its_release_ends_when_time_is_up():
    text = forecast(rollout(), Traffic(0.1, 0.0))
    assert text.startswith("at 0.1 requests a second, the mean of the last days, progressive promotes 0% of the versions that are as good on evidence")
    assert text.endswith("when its 60 minutes are up, rollout.undecided says promote")
    assert "a release sees some 36 requests, too few to decide anything" in forecast(rollout(), Traffic(0.01, 0.0))


def test_a_busy_model_hears_that_evidence_decides():
    assert forecast(rollout(), Traffic(50.0, 0.0)).endswith("progressive promotes 100% of the versions that are as good on evidence")


def test_a_second_fleet_hears_how_few_requests_it_will_answer():
    text = forecast(rollout(strategy="canary", bake_minutes=5), Traffic(2.0, 0.0))
    assert "canary gives the new fleet 10% of them for 5 minutes, some 60, then more" in text
    assert "all of them in one update" in forecast(rollout(strategy="all_at_once"), Traffic(2.0, 0.0))


def test_where_nobody_asked_the_outlook_is_the_duration():
    assert forecast(rollout(), None) == f"no request came in the last days: {duration(rollout(), first=False)}"
