"""Specs that were published by an earlier version are read as that version meant them."""

import copy

from noria.kernel.spec_defaults import FIELD_DEFAULTS, with_defaults
from noria.release.admission import plan_admission
from noria.release.approval import decide_approval
from noria.release.rollout import plan_rollout
from noria.training.conclude_run import conclude_run
from noria.training.plan_run import plan_evaluation
from tests.samples import sample


def older(spec: dict) -> dict:
    """As it was before any of the later fields."""
    made = copy.deepcopy(spec)
    for path, fields in FIELD_DEFAULTS.items():
        block = made
        for name in path:
            block = block.get(name, {})
        for name in fields:
            block.pop(name, None)
    del made["monitor"], made["heal"]
    made["serve"]["instance"] = made["serve"]["instance"][0]
    return made


def aged(name: str) -> dict:
    event = sample(f"functions/{name}.json")
    return {**event, "spec": older(event["spec"])}


def test_every_decision_takes_an_older_spec():
    assert plan_evaluation(aged("plan_evaluation"))["transforms"][0]["request"]["TransformResources"]["InstanceType"] == "ml.m5.large"
    assert conclude_run(aged("conclude_run"))["outcome"] == "registered"
    assert decide_approval(aged("decide_approval"))["outcome"] == "approved"
    turn = plan_admission(aged("plan_turn"))
    plan = plan_rollout({**sample("functions/release/plan_rollout.json"), "spec": turn["spec"]})
    assert (turn["outcome"], plan["outcome"], plan["observe"]["answers"]) == ("go", "planned", None)
    assert plan["last"]["config"]["ProductionVariants"][0]["InstanceType"] == "ml.m5.large"


def test_what_a_spec_says_is_kept_and_the_spec_itself_left_alone():
    spec = sample("functions/release/plan_admission.json")["spec"]
    assert with_defaults(spec) == spec
    before = older(spec)
    kept = copy.deepcopy(before)
    with_defaults(before)
    assert before == kept
