"""Which candidates are registered."""

import pytest

from noria.training import policy
from noria.training.gates import Gate, comparisons, gates_of, monitored_metric

EVALUATION = {"candidate": {"accuracy": 0.9, "f1": 0.8}, "champion": {"accuracy": 0.88, "f1": 0.8}, "bounds": {"accuracy": 0.01}}


def test_a_candidate_that_reaches_every_gate_passes():
    assert policy.judge(EVALUATION, (Gate(metric="accuracy", at_least=0.9), Gate(metric="accuracy", against="champion"))).outcome == "registered"


def test_a_missed_gate_is_told_with_what_it_got_and_what_it_asked():
    verdict = policy.judge(EVALUATION, (Gate(metric="f1", at_least=0.85),))
    assert verdict.outcome == "rejected"
    assert (verdict.reasons[0].observed, verdict.reasons[0].limit) == (0.8, 0.85)


@pytest.mark.parametrize(
    ("bound", "margin", "outcome"), [(0.0, 0.0, "rejected"), (0.001, 0.0, "registered"), (0.01, 0.02, "rejected"), (-0.01, -0.02, "registered")]
)
def test_the_champion_must_be_beaten_by_the_margin(bound, margin, outcome):
    evaluation = {**EVALUATION, "bounds": {"accuracy": bound}}
    assert policy.judge(evaluation, (Gate(metric="accuracy", against="champion", margin=margin),)).outcome == outcome


def test_without_a_champion_only_fixed_limits_count():
    assert policy.judge({**EVALUATION, "champion": None, "bounds": {}}, (Gate(metric="accuracy", against="champion"),)).outcome == "registered"


def test_the_first_metric_is_held_against_the_champion_where_no_gate_is():
    gates = gates_of({"gates": [{"metric": "f1", "at_least": 0.5}]})
    assert [(gate.metric, gate.against) for gate in gates] == [("f1", None), ("f1", "champion")]


def test_a_metric_that_is_no_number_passes_no_gate():
    for gate in (Gate(metric="mae", at_most=1), Gate(metric="mae", at_least=0)):
        assert policy.judge({"candidate": {"mae": float("nan")}, "champion": None, "bounds": {}}, (gate,)).outcome == "rejected"


def test_the_champion_is_compared_on_the_metrics_of_the_gates_against_it():
    block = [{"metric": "f1", "at_least": 0.5}, {"metric": "recall", "against": "champion", "confidence": 0.9}]
    assert comparisons(gates_of({"gates": block})) == [{"metric": "recall", "confidence": 0.9}]


def test_monitoring_follows_the_spec_s_own_metric_or_else_the_first_gate_s():
    spec = {"evaluate": {"gates": [{"metric": "f1"}]}, "monitor": {"quality": {"metric": None}}}
    assert monitored_metric(spec) == "f1"
    spec["monitor"]["quality"]["metric"] = "recall"
    assert monitored_metric(spec) == "recall"
