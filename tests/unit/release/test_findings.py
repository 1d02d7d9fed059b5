"""Findings of the guard in words."""

import pytest

from noria.release import findings
from noria.release.comparison import GuardMetric
from noria.release.guard import Guard

GUARD = Guard((GuardMetric("errors", harm=1.2, margin=1.5),), 0.98, (0.1,), 3, 60, "undo")


def finding(challenger=(100.0, 2.0), champion=(900.0, 9.0), low=0.5, high=2.0, harmful=False, harmless=False):
    sides = [{"requests": requests, "hits": hits} for requests, hits in (challenger, champion)]
    return {"metric": "errors", "challenger": sides[0], "champion": sides[1], "low": low, "high": high, "harmful": harmful, "harmless": harmless}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (finding(), "errors: 2.00% of 100 against 1.00% of 900, 0.50 to 2.00 times the champion's: not decided"),
        (finding(harmful=True), "errors: 2.00% of 100 against 1.00% of 900, 0.50 to 2.00 times the champion's: harm"),
        (finding(high=None, harmless=True), "errors: 2.00% of 100 against 1.00% of 900, 0.50 to any number of times the champion's: no worse"),
        (finding(challenger=(0.0, 0.0)), "errors: no request against 1.00% of 900, 0.50 to 2.00 times the champion's: not decided"),
        (finding(challenger=(0.0, 0.0), champion=(0.0, 0.0)), "errors: none was counted yet: not decided"),
        (finding(challenger=(12_345.0, 1.0)), "errors: 0.01% of 12,345 against 1.00% of 900, 0.50 to 2.00 times the champion's: not decided"),
    ],
)
def test_a_finding_names_both_rates_the_interval_and_the_conclusion(entry, text):
    assert findings.text(entry) == text


@pytest.mark.parametrize(("entry", "code"), [(finding(harmful=True), "Harm"), (finding(harmless=True), "NoWorse"), (finding(), "NotDecided")])
def test_a_reason_has_the_interval_and_the_metric_s_limits(entry, code):
    (reason,) = findings.verdict(GUARD, [entry], "wait", 1, 0.1).reasons
    assert (reason.code, reason.observed, reason.limit) == (code, [0.5, 2.0], [1.2, 1.5])


def test_a_shift_says_the_new_share():
    reason = findings.verdict(GUARD, [finding()], "shift", 4, 0.25).reasons[0]
    assert (reason.code, reason.observed, reason.limit, "25% of the traffic" in reason.text) == ("NoHarmSoFar", 4, 0.25, True)


@pytest.mark.parametrize(
    ("entry", "look", "undecided"), [(finding(), 60, True), (finding(), 59, False), (finding(harmful=True), 60, False), (finding(harmless=True), 60, False)]
)
def test_evidence_that_decides_neither_way_until_the_end_is_said(entry, look, undecided):
    codes = [reason.code for reason in findings.verdict(GUARD, [entry], "undo", look, 0.0).reasons]
    assert ("Undecided" in codes) is undecided


def test_a_dry_run_that_found_harm_says_so_first():
    dry = Guard(GUARD.metrics, 0.98, (0.1,), 3, 60, "undo", dry_run=True)
    codes = [reason.code for reason in findings.verdict(dry, [finding(harmful=True)], "shift", 4, 0.25).reasons]
    assert codes == ["DryRun", "NoHarmSoFar", "Harm"]
    assert [reason.code for reason in findings.verdict(dry, [finding()], "wait", 4, 0.1).reasons] == ["NotDecided"]
