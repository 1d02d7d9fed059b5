"""Which candidates are registered: fixed gates, and the champion on the same rows."""

import pytest

from noria.training.gates import Gate, gates_of, monitored_metric
from noria.training.policy import judge


def evaluation(accuracy: float | None = 0.9, **more):
    return {"candidate": {"accuracy": accuracy, "mae": 1.0}, "champion": None, "bounds": {}, **more}


def against(bound: float, metric: str = "accuracy", **gate):
    """The verdict where the gain over the champion is at least `bound`."""
    result = {"candidate": {"accuracy": 0.9, "mae": 1.0}, "champion": {"accuracy": 0.85, "mae": 1.5}, "bounds": {metric: bound}}
    return judge(result, (Gate(metric=metric, against="champion", **gate),))


@pytest.mark.parametrize(
    ("gate", "outcome"),
    [
        ({"at_least": 0.9}, "registered"),
        ({"at_least": 0.9001}, "rejected"),
        ({"at_most": 0.9}, "registered"),
        ({"at_most": 0.8999}, "rejected"),
        ({"at_least": 0.0}, "registered"),
        ({"at_most": 0.0}, "rejected"),
    ],
)
def test_a_fixed_gate_is_reached_by_its_very_limit(gate, outcome):
    verdict = judge(evaluation(), (Gate(metric="accuracy", **gate),))
    assert verdict.outcome == outcome
    if outcome == "rejected":
        (reason,) = verdict.reasons
        assert (reason.code, reason.observed, reason.limit) == ("GateMissed", 0.9, next(iter(gate.values())))
        assert reason.text.startswith("accuracy is 0.9000, the gate asks at ")


def test_every_gate_that_is_missed_is_a_reason_in_their_order():
    verdict = judge(evaluation(0.5), (Gate("accuracy", at_least=0.8), Gate("mae", at_most=2.0), Gate("mae", at_most=0.5)))
    assert [reason.limit for reason in verdict.reasons] == [0.8, 0.5]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_metric_that_is_no_number_reaches_no_gate(value):
    (reason,) = judge(evaluation(value), (Gate("accuracy", at_least=0.1, at_most=0.2),)).reasons
    assert (reason.code, reason.observed, reason.limit) == ("GateMissed", str(value), "accuracy")


def test_a_gate_on_a_metric_that_was_not_measured_rejects():
    (reason,) = judge(evaluation(None), (Gate("accuracy", at_least=0.0),)).reasons
    assert (reason.code, reason.observed, reason.limit) == ("GateUnknown", None, "accuracy")


@pytest.mark.parametrize(
    ("bound", "gate", "outcome"),
    [
        (0.001, {}, "registered"),
        (0.0, {}, "rejected"),
        (-0.001, {}, "rejected"),
        (0.02, {"margin": 0.02}, "registered"),
        (0.019, {"margin": 0.02}, "rejected"),
        (-0.01, {"margin": -0.01}, "registered"),
        (-0.011, {"margin": -0.01}, "rejected"),
        (0.0, {"margin": -0.01}, "registered"),
    ],
)
def test_a_candidate_must_be_better_than_the_champion_beyond_chance_or_as_its_margin_says(bound, gate, outcome):
    verdict = against(bound, **gate)
    assert verdict.outcome == outcome
    if outcome == "rejected":
        (reason,) = verdict.reasons
        assert (reason.code, reason.observed, reason.limit) == ("NotBetterThanChampion", bound, gate.get("margin", 0.0))


def test_the_reason_says_which_direction_is_better_how_certain_it_is_and_what_is_asked():
    text = against(-0.01, confidence=0.9).reasons[0].text
    assert "accuracy is 0.9000, the champion's 0.8500 on the same rows (more is better): with 90% confidence the gain is at least -0.0100" in text
    assert "the gate asks for more than 0" in text
    assert "(less is better)" in against(-0.01, "mae").reasons[0].text
    assert "the gate asks for at least +0.02" in against(0.01, margin=0.02).reasons[0].text


def test_without_a_champion_there_is_nothing_to_be_better_than():
    assert judge(evaluation(), (Gate("accuracy", against="champion"),)).outcome == "registered"


def test_a_champion_does_not_matter_to_a_gate_that_is_not_against_it():
    result = {"candidate": {"accuracy": 0.9}, "champion": {"accuracy": 0.99}, "bounds": {"accuracy": -0.09}}
    assert judge(result, (Gate("accuracy", at_least=0.8),)).outcome == "registered"


def test_a_champion_of_another_schema_is_told_and_only_fixed_gates_count():
    passed = judge(evaluation(incomparable="other columns"), (Gate("accuracy", at_least=0.8),))
    assert (passed.outcome, [reason.code for reason in passed.reasons]) == ("registered", ["ChampionNotComparable"])
    assert passed.reasons[0].text == "other columns: only the fixed gates counted"
    missed = judge(evaluation(0.5, incomparable="other columns"), (Gate("accuracy", at_least=0.8),))
    assert (missed.outcome, [reason.code for reason in missed.reasons]) == ("rejected", ["GateMissed"])
    assert judge(evaluation(incomparable=None), (Gate("accuracy", at_least=0.8),)).reasons == ()


def block(*gates: dict) -> dict:
    given = {"metric": "accuracy", "at_least": None, "at_most": None, "against": None, "margin": 0.0, "confidence": 0.95}
    return {"gates": [{**given, **gate} for gate in gates]}


def test_the_first_metric_is_held_against_the_champion_where_no_gate_is():
    fixed = gates_of(block({"at_least": 0.8}, {"metric": "f1", "at_least": 0.7}))
    assert fixed[-1] == Gate(metric="accuracy", against="champion", margin=0.0, confidence=0.95)
    assert [gate.metric for gate in fixed] == ["accuracy", "f1", "accuracy"]
    own = gates_of(block({"at_least": 0.8}, {"metric": "f1", "against": "champion", "margin": 0.1}))
    assert [(gate.metric, gate.against, gate.margin) for gate in own] == [("accuracy", None, 0.0), ("f1", "champion", 0.1)]


def test_the_metric_that_is_watched_is_the_one_that_is_named_else_the_first_gates():
    spec = {"monitor": {"quality": {"metric": None}}, "evaluate": block({"metric": "recall"}, {"metric": "f1"})}
    assert monitored_metric(spec) == "recall"
    assert monitored_metric({**spec, "monitor": {"quality": {"metric": "precision"}}}) == "precision"
