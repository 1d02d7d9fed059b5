"""A spec that was published before a field existed is read with the field's default."""

import copy

from noria.kernel.spec_defaults import FIELD_DEFAULTS, with_defaults
from tests.samples import sample

#: Fields as a later version may add them: to a block, to a block within one, and a block of its own.
LATER = {("serve",): {"warm_pool": 0}, ("approve", "policy"): {"quorum": 1}, ("audit",): {"days": 30}}


def test_a_field_that_came_later_has_its_default():
    spec = with_defaults({"serve": {"count": 1}, "approve": {"policy": {"allow": None}}}, LATER)
    assert spec == {"serve": {"count": 1, "warm_pool": 0}, "approve": {"policy": {"allow": None, "quorum": 1}}, "audit": {"days": 30}}


def test_what_a_spec_says_is_kept_and_the_spec_itself_left_alone():
    spec = sample("functions/release/plan_admission.json")["spec"]
    assert with_defaults(spec) == spec
    before = {"serve": {"warm_pool": 5}}
    retained = copy.deepcopy(before)
    assert with_defaults(before, LATER)["serve"] == {"warm_pool": 5}
    assert before == retained


def test_the_samples_have_every_field_of_the_present_version():
    spec = sample("functions/training/plan_run.json")["spec"]
    for path, fields in FIELD_DEFAULTS.items():
        block = spec
        for name in path:
            block = block[name]
        assert set(fields) <= set(block)
