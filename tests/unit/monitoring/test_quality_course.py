"""The course of a model's quality, as a monitoring run records it."""

from noria.monitoring import judge_window

LEVEL = {"metric": "accuracy", "value": 0.925, "limit": 0.912, "design_effect": 1.0, "cap": 0}


def test_the_course_of_quality_is_told_by_day_and_of_a_long_time_by_several_days():
    days = {f"{2020 + number // 336}-{1 + number % 336 // 28:02}-{1 + number % 28:02}": {"tp": 3.0, "fp": 1.0} for number in range(240)}
    by_day = judge_window.series(LEVEL, dict(list(days.items())[:120]))
    assert (len(by_day), by_day[0]) == (120, {"from": "2020-01-01", "value": 0.75, "rows": 4})
    by_two = judge_window.series(LEVEL, dict(list(days.items())[:121]))
    assert (len(by_two), by_two[1], by_two[-1]["rows"]) == (61, {"from": "2020-01-03", "value": 0.75, "rows": 8}, 4)
    assert len(judge_window.series(LEVEL, days)) == 120
    assert judge_window.series(None, days) == []
    assert judge_window.series(LEVEL, {}) == []


def test_the_course_of_quality_is_in_the_order_of_time_whatever_came_first():
    report = judge_window.series(LEVEL, {"2026-01-02": {"tp": 1}, "2026-01-01": {"fp": 1}})
    assert [(part["from"], part["value"]) for part in report] == [("2026-01-01", 0.0), ("2026-01-02", 1.0)]
