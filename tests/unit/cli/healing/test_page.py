"""The page of a replay, as its reader needs it."""

import pytest

from cli.base import report
from cli.healing import page, view
from tests.unit.cli.reading import Page

EVENTS = [{"time": "2026-01-15T00:00:00+00:00", "what": "retrained"}, {"time": "2026-02-15T00:00:00+00:00", "what": "accuracy fell since <i>"}]


def course(mean, retrainings, events=()):
    waited = [{"reason": "Cooldown", "windows": 1, "last": "the last healing was yesterday"}] if events else []
    return {
        "mean": mean,
        "series": [mean, None, mean],
        "retrainings": retrainings,
        "alarms": 1,
        "train_seconds": 0.0 if not retrainings else 90.0,
        "events": list(events),
        "waited": waited,
    }


def replayed(metric="accuracy", managed=0.9, frozen=0.8, policies=("spec",)):
    first = course(managed, 1, EVENTS)
    return {
        "metric": metric,
        "windows": ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"],
        "managed": first,
        "frozen": course(frozen, 0),
        "every_window": course(0.95, 2),
        "policies": dict.fromkeys(policies, first),
        "rows": 1_000,
        "set_aside": 3,
    }


def read(result):
    return Page(report.render(page.page(result, "m", "history.csv")))


def test_a_page_says_what_was_replayed_then_the_verdict_with_its_two_numbers_then_the_course():
    shown = read(replayed())
    parts = [
        "m: replay of history.csv model m history history.csv: 1,000 rows, 3 set aside as bad windows 3 of 31 days, beginning 2026-01-01 to 2026-03-01",
        "policy as in the spec",
        "better than frozen Managed, with 1 retraining, the mean accuracy over 3 windows is 0.900; frozen it is 0.800.",
        "beginning of the window (UTC)",
        "accuracy (more is better)",
        "course mean accuracy retrainings alarms training time managed 0.900 1 1 1.5 minutes",
        "frozen 0.800 0 1 none",
        "What happened: managed",
        "Nothing was trained after 1 window with a cause, the last time: the last healing was yesterday.",
        "2026-01-15 retrained 2026-02-15 accuracy fell since <i>",
    ]
    assert shown.missing(parts) == []


@pytest.mark.parametrize(
    ("metric", "managed", "outcome"), [("mae", 0.7, "better than frozen"), ("mae", 0.9, "no better than frozen"), ("accuracy", 0.8, "no better than frozen")]
)
def test_better_is_less_or_more_as_the_metric_has_it(metric, managed, outcome):
    result = page.page(replayed(metric, managed), "m", "history.csv")
    assert (result.outcome, result.tone) == (outcome, report.GOOD if outcome.startswith("better") else report.UNSURE)


def test_several_policies_have_a_row_and_a_section_each_and_none_is_markup():
    shown = read(replayed(policies=("spec", "on=<b>")))
    assert "managed 1 as in the spec managed 2 on=<b>" in shown.text
    assert "What happened: managed 2 (on=<b>)" in shown.text
    assert shown.elements["b"] == shown.elements["i"] == 0


def test_one_window_is_singular_on_a_terminal(capsys):
    result = replayed()
    view.replay({**result, "windows": result["windows"][:1], "rows": 1})
    text = capsys.readouterr().out
    assert text.startswith("1 row in 1 window from 2026-01-01; 3 set aside\n")
    assert "nothing trained after 1 window with a cause, the last time: the last healing was yesterday" in text
