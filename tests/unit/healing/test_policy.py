"""When a model is trained again by itself, and when not."""

from datetime import UTC, datetime, timedelta

import pytest

from noria.healing import policy
from noria.spec.monitoring import HealSpec

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rule(**changed):
    return policy.Policy.of(HealSpec(**changed).model_dump(mode="json"))


def attempts(*outcomes, days=30):
    """One every so many days, the last one so many days ago."""
    return [policy.Attempt(NOW - timedelta(days=days * (len(outcomes) - i)), outcome) for i, outcome in enumerate(outcomes)]


def decide(changed=None, **state):
    return policy.decide(rule(**(changed or {})), policy.State(**{"now": NOW, "causes": ("quality",), "new_rows": 5000, **state}))


def codes(decision):
    return [reason.code for reason in decision.verdict.reasons]


def test_a_model_that_got_worse_is_trained_again():
    assert decide().verdict.outcome == "retrain"


def test_what_is_no_cause_starts_nothing():
    assert decide(causes=("drift",)).verdict.outcome == "ignore"
    assert decide({"on": ("quality", "drift")}, causes=("drift",)).verdict.outcome == "retrain"
    assert decide({"on": ()}).verdict.outcome == "ignore"


def test_drift_in_columns_that_matter_little_to_the_model_starts_nothing():
    watching = {"on": ("quality", "drift"), "drift_weight": 0.2}
    assert codes(decide(watching, causes=("drift",), weight=0.19)) == ["DriftMattersLittle"]
    assert decide(watching, causes=("drift",), weight=0.2).verdict.outcome == "retrain"
    assert decide(watching, causes=("drift",)).verdict.outcome == "retrain"
    assert decide(watching, causes=("quality", "drift"), weight=0.0).verdict.outcome == "retrain"


def spent(*seconds):
    """Healings ten days apart, the last one ten days ago, and what each was billed for."""
    return [policy.Attempt(NOW - timedelta(days=10 * (len(seconds) - i)), "improved", float(item)) for i, item in enumerate(seconds)]


def test_a_training_that_would_exceed_the_budget_waits_until_enough_is_free_again():
    budget = {"budget": {"a_month": 10, "per_hour": 2}}
    assert decide(budget, training_seconds=5 * 3600).verdict.outcome == "retrain"
    assert codes(decide(budget, training_seconds=5 * 3600 + 1)) == ["Budget"]
    assert decide(budget, attempts=spent(3600, 3600)).verdict.outcome == "retrain"
    held = decide(budget, attempts=spent(2 * 3600, 2 * 3600, 2 * 3600)[1:] + spent(2 * 3600))
    assert (held.verdict.outcome, codes(held)) == ("defer", ["Budget"])
    assert held.until == NOW - timedelta(days=10) + policy.MONTH
    assert "healings have cost 12.00 in 30 days, another one costs about 4.00" in held.verdict.reasons[0].text


@pytest.mark.parametrize(
    ("code", "changed", "state"),
    [
        ("ReleaseUnderWay", {}, {"releasing": True}),
        ("HealingUnderWay", {}, {"attempts": attempts("running")}),
        ("TooFewNewRows", {}, {"new_rows": 499}),
        ("NothingNew", {}, {"unchanged": True}),
        ("Cooldown", {"cooldown_days": 31}, {"attempts": attempts("improved")}),
        ("Cap", {"a_month": 2}, {"attempts": attempts("improved", "improved", days=9)}),
        ("OffPeak", {"off_peak": "22:00-06:00"}, {}),
    ],
)
def test_each_reason_to_wait_is_told(code, changed, state):
    decision = decide(changed, **state)
    assert (decision.verdict.outcome, codes(decision)) == ("defer", [code])


def test_when_waiting_ends_is_told_where_it_is_known():
    assert decide({"cooldown_days": 31}, attempts=attempts("improved")).until == NOW + timedelta(days=1)
    assert decide({"off_peak": "22:00-06:00"}).until == datetime(2026, 3, 1, 22, tzinfo=UTC)
    assert decide(new_rows=1).until is None
    assert decide({"off_peak": "11:00-13:00"}).verdict.outcome == "retrain"


def test_each_retraining_without_improvement_doubles_the_cooldown():
    assert decide({"cooldown_days": 7}, attempts=attempts("no_improvement", days=13)).verdict.outcome == "defer"
    assert decide({"cooldown_days": 7}, attempts=attempts("no_improvement", days=15)).verdict.outcome == "retrain"


def test_a_person_is_asked_after_several_that_did_not_help_and_a_later_try_is_made_all_the_same():
    stuck = attempts("improved", "no_improvement", "failed", "no_improvement")
    assert decide(attempts=stuck).verdict.outcome == "escalate"
    assert decide(attempts=stuck, requested_at=NOW).verdict.outcome == "retrain"
    assert decide(attempts=attempts("no_improvement", "no_improvement", "no_improvement", days=57)).verdict.outcome == "retrain"
