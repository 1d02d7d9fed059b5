"""Outcomes of a monitoring run: `ok`, `undecided`, and the causes for concern."""

from typing import Final

OK: Final = "ok"
#: Too few rows, or too short a reference, for a verdict on drift.
UNDECIDED: Final = "undecided"
#: The metric is worse than its limit.
DEGRADED: Final = "degraded"
#: The metric keeps its own limit, and an earlier version of the model was better.
BELOW_BEST: Final = "below_best"
#: Inputs have drifted.
DRIFT: Final = "drift"
#: A feed is broken: a column is missing, empty, constant or of another type.
INCIDENT: Final = "incident"
#: More requests break the data contract than it allows.
CONTRACT: Final = "contract"
#: No requests, or no ground truth, for `monitor.silent_days`: health is unknown.
NO_TRAFFIC: Final = "no_traffic"
NO_TRUTH: Final = "no_truth"

#: All of them, worst first: the worst one is the outcome.
BY_SEVERITY = (DEGRADED, INCIDENT, CONTRACT, DRIFT, NO_TRAFFIC, NO_TRUTH, BELOW_BEST, UNDECIDED, OK)
