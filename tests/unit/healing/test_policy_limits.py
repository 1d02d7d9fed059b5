"""When exactly automatic retraining begins, waits, or asks a person."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from noria.healing import policy
from noria.spec.heal import HealSpec

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def decide(changed=None, **state):
    rule = policy.Policy.of(HealSpec(**(changed or {})).model_dump(mode="json"))
    return policy.decide(rule, policy.State(**{"now": NOW, "causes": ("quality",), "new_rows": 5000, **state}))


def attempt(ago: timedelta, outcome: str = "improved", seconds: float = 0.0) -> policy.Attempt:
    return policy.Attempt(NOW - ago, outcome, seconds)


def codes(decision) -> list[str]:
    return [reason.code for reason in decision.verdict.reasons]


def days(count: float) -> timedelta:
    return timedelta(days=count)


def test_each_cause_that_counts_is_a_reason():
    decision = decide({"on": ("quality", "drift")}, causes=("quality", "drift"))
    assert (codes(decision), [reason.observed for reason in decision.verdict.reasons]) == (["QualityCause", "DriftCause"], ["quality", "drift"])
    assert codes(decide(causes=("quality", "drift"))) == ["QualityCause"]


def test_what_is_ignored_says_what_would_count():
    (reason,) = decide(causes=("drift",)).verdict.reasons
    assert (reason.code, reason.observed, reason.limit) == ("NotACause", ["drift"], ["quality"])
    (reason,) = decide({"on": ("drift",), "drift_weight": 0.5}, causes=("drift",), weight=0.25).verdict.reasons
    assert (reason.observed, reason.limit, "25%" in reason.text, "50%" in reason.text) == (0.25, 0.5, True, True)


@pytest.mark.parametrize(
    ("new", "trained", "rule", "needed"),
    [
        (500, 0, {"min_rows": 500}, None),
        (499, 0, {"min_rows": 500}, 500),
        (1000, 10_000, {"min_rows": 500, "min_share": 0.1}, None),
        (999, 10_000, {"min_rows": 500, "min_share": 0.1}, 1000),
        (500, 10_000, {"min_rows": 500, "min_share": 0.01}, None),
        (499, 10_000, {"min_rows": 500, "min_share": 0.01}, 500),
    ],
)
def test_enough_rows_are_the_fewest_that_are_asked_and_a_share_of_those_trained_on(new, trained, rule, needed):
    decision = decide(rule, new_rows=new, trained_rows=trained)
    assert (decision.verdict.outcome == "defer", decision.until) == (needed is not None, None)
    if needed:
        (reason,) = decision.verdict.reasons
        assert (reason.code, reason.observed, reason.limit) == ("TooFewNewRows", new, needed)


def test_the_same_rows_as_last_time_are_one_reason_and_not_two():
    assert codes(decide(unchanged=True, new_rows=0)) == ["NothingNew"]


@pytest.mark.parametrize(
    ("outcomes", "times"), [(["improved"], 1), (["no_improvement"], 2), (["failed"], 2), (["no_improvement", "failed"], 4), (["no_improvement", "improved"], 1)]
)
def test_the_cooldown_ends_to_the_moment_and_doubles_with_each_healing_in_a_row_that_did_not_help(outcomes, times):
    span = days(7 * times)
    earlier = [attempt(days(100) - number * MOMENT, outcome) for number, outcome in enumerate(outcomes[:-1])]
    assert decide(attempts=[*earlier, attempt(span, outcomes[-1])]).verdict.outcome == "retrain"
    held = decide(attempts=[*earlier, attempt(span - MOMENT, outcomes[-1])])
    assert (codes(held), held.until) == (["Cooldown"], NOW + MOMENT)
    (reason,) = held.verdict.reasons
    assert (reason.observed, reason.limit) == ("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:01+00:00")
    assert f"the next one is {7 * times} days later" in reason.text


@pytest.mark.parametrize(("cooldown", "report"), [(1, "1 day"), (0.5, "12:00:00"), (1.5, "1.5 days")])
def test_a_cooldown_of_less_than_a_day_is_told_in_hours(cooldown, report):
    assert f"the next one is {report} later" in decide({"cooldown_days": cooldown, "a_day": 4}, attempts=[attempt(MOMENT)]).verdict.reasons[0].text


def test_a_person_is_asked_after_as_many_as_the_spec_says_until_the_longest_cooldown_is_over():
    useless = [attempt(days(40 - number), "no_improvement") for number in range(3)]
    request = decide(attempts=useless)
    (reason,) = request.verdict.reasons
    assert (request.verdict.outcome, reason.code, reason.observed, reason.limit) == ("escalate", "RetrainingDoesNotHelp", 3, 3)
    assert "has not helped 3 times in a row" in reason.text
    assert "the next one by itself is 56 days after the last" in reason.text
    assert decide({"give_up_after": 4}, attempts=useless).verdict.outcome == "defer"
    assert decide(attempts=[attempt(days(56) + number * MOMENT, "no_improvement") for number in (2, 1, 0)]).verdict.outcome == "retrain"


def test_what_was_useless_before_a_person_asked_for_a_training_counts_no_more():
    useless = [attempt(days(40 - number), "no_improvement") for number in range(3)]
    # The last one began at the very time, or after it.
    assert decide(attempts=useless, requested_at=NOW - days(38)).verdict.outcome == "retrain"
    assert decide(attempts=useless, requested_at=NOW - days(38) - MOMENT).verdict.outcome == "retrain"
    assert decide({"give_up_after": 1}, attempts=useless, requested_at=NOW - days(38) - MOMENT, now=NOW - days(30)).verdict.outcome == "escalate"
    assert decide({"give_up_after": 2}, attempts=useless, requested_at=NOW - days(38) - MOMENT, now=NOW - days(30)).verdict.outcome == "defer"


def test_a_healing_under_way_ends_the_row_of_useless_ones():
    row = [attempt(days(9), "no_improvement"), attempt(days(8), "no_improvement"), attempt(days(7), "running")]
    assert codes(decide({"give_up_after": 1}, attempts=row)) == ["HealingUnderWay"]


@pytest.mark.parametrize(
    ("rule", "ago", "code", "until"),
    [
        ({"a_day": 1}, [0.5], "Cap", 0.5),
        ({"a_day": 1}, [1], None, None),
        ({"a_day": 2}, [0.5], None, None),
        ({"a_day": 2}, [0.75, 0.5], "Cap", 0.25),
        ({"a_day": 4, "a_month": 4}, [29, 20, 10, 5], "Cap", 1),
        ({"a_day": 4, "a_month": 4}, [30, 20, 10, 5], None, None),
        ({"a_day": 4, "a_month": 4}, [29, 28, 20, 10, 5], "Cap", 2),
    ],
)
def test_a_cap_counts_the_healings_of_a_day_and_of_thirty_days_and_ends_with_the_one_that_makes_room(rule, ago, code, until):
    decision = decide({"cooldown_days": 0, **rule}, attempts=[attempt(days(one)) for one in ago])
    assert codes(decision) == ([code] if code else ["QualityCause"])
    assert decision.until == (NOW + days(until) if until else None)


def test_a_cap_says_how_many_there_were_and_how_many_are_allowed():
    decision = decide({"cooldown_days": 0, "a_day": 1, "a_month": 1}, attempts=[attempt(days(0.75)), attempt(days(0.5))])
    assert [(reason.observed, reason.limit) for reason in decision.verdict.reasons] == [(2, 1), (2, 1)]
    assert [reason.text for reason in decision.verdict.reasons] == [
        "2 healings in 1 day, heal.a_day allows 1",
        "2 healings in 30 days, heal.a_month allows 1",
    ]
    assert decision.until == NOW + days(29.5)


HOUR = 3600.0
BUDGET = {"cooldown_days": 0, "a_day": 10, "a_month": 10, "budget": {"a_month": 10, "per_hour": 2}}


@pytest.mark.parametrize(
    ("spent", "code", "until"),
    [
        ([(10, 2.5 * HOUR)], None, None),  # 5 and another 5 are the 10 that are allowed
        ([(10, 2.5 * HOUR + 1)], "Budget", 20),
        ([(20, HOUR), (10, 2 * HOUR)], None, None),  # 2 + 4 + 4
        ([(20, HOUR), (15, HOUR), (10, 2 * HOUR)], "Budget", 10),  # 2 + 2 + 4 + 4: room for one when the first is a month old
        ([(20, 0.5 * HOUR), (15, HOUR), (10, 2 * HOUR), (5, HOUR)], "Budget", 10),  # 1 + 2 + 4 + 2 + 2
        ([(20, 0.5 * HOUR), (15, HOUR), (10, HOUR), (5, 2 * HOUR)], "Budget", 15),  # 1 + 2 + 2 + 4 + 4: the first two must be a month old
        ([(30, 5 * HOUR), (10, 2.5 * HOUR)], None, None),  # a month ago is over
        ([(10, 6 * HOUR)], "Budget", 30),  # 12 and 12: nothing makes room for one that alone costs more
    ],
)
def test_a_budget_counts_what_was_billed_in_thirty_days_and_one_more_like_the_last(spent, code, until):
    decision = decide(BUDGET, attempts=[attempt(days(ago), "improved", seconds) for ago, seconds in spent])
    assert codes(decision) == ([code] if code else ["QualityCause"])
    assert decision.until == (NOW + days(until) if until else None)


def test_a_healing_whose_bill_is_not_known_does_not_count_as_the_last_one():
    known = [attempt(days(20), "improved", 2 * HOUR), attempt(days(10), "failed", 0.0)]
    assert codes(decide({**BUDGET, "budget": {"a_month": 7.9, "per_hour": 2}}, attempts=known)) == ["Budget"]
    assert codes(decide({**BUDGET, "budget": {"a_month": 8, "per_hour": 2}}, attempts=known)) == ["QualityCause"]


def test_a_budget_is_told_with_what_was_spent_what_one_more_costs_and_what_is_allowed():
    (reason,) = decide(BUDGET, attempts=[attempt(days(10), "improved", 4 * HOUR)]).verdict.reasons
    assert reason.text == "healings have cost 8.00 in 30 days, another one costs about 8.00; heal.budget.a_month is 10"
    assert (reason.observed, reason.limit) == (16.0, 10)


@pytest.mark.parametrize(
    ("window", "now", "until"),
    [
        ("11:00-13:00", "11:00", None),
        ("11:00-13:00", "12:59", None),
        ("11:00-13:00", "13:00", "2026-03-02T11:00:00+00:00"),
        ("11:00-13:00", "10:59", "2026-03-01T11:00:00+00:00"),
        ("22:15-06:00", "22:15", None),
        ("22:15-06:00", "05:59", None),
        ("22:15-06:00", "00:00", None),
        ("22:15-06:00", "06:00", "2026-03-01T22:15:00+00:00"),
        ("22:15-06:00", "22:14", "2026-03-01T22:15:00+00:00"),
        ("12:00-12:00", "12:00", "2026-03-02T12:00:00+00:00"),
    ],
)
def test_off_peak_hours_begin_and_end_to_the_minute_across_midnight_as_well(window, now, until):
    hour, minute = map(int, now.split(":"))
    at = NOW.replace(hour=hour, minute=minute, second=30, microsecond=5)
    decision = decide({"off_peak": window}, now=at)
    assert (decision.until.isoformat() if decision.until else None) == until
    if until:
        (reason,) = decision.verdict.reasons
        assert (reason.code, reason.observed, reason.limit) == ("OffPeak", now, window)


def test_off_peak_hours_are_in_utc():
    at = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=5)))
    assert decide({"off_peak": "07:00-08:00"}, now=at).verdict.outcome == "retrain"
    assert decide({"off_peak": "12:00-13:00"}, now=at).until == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_all_that_speaks_against_now_is_told_and_waiting_ends_with_the_last_of_it():
    decision = decide({"off_peak": "22:00-06:00", "a_day": 1}, attempts=[attempt(days(0.5))])
    assert codes(decision) == ["Cooldown", "Cap", "OffPeak"]
    assert decision.until == NOW + days(6.5)
    unknown = decide({"off_peak": "22:00-06:00"}, releasing=True)
    assert (codes(unknown), unknown.until) == (["ReleaseUnderWay", "OffPeak"], None)
