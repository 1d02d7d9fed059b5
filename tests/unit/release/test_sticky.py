"""Sticky assignment of users to variants."""

import pytest

from noria.release import sticky


def test_a_key_is_always_answered_by_the_same_version_and_a_growing_challenger_keeps_its_keys():
    keys = [f"user-{number}" for number in range(2000)]
    before, after = ([sticky.variant_for(key, {"main": 1 - share, "challenger": share}) for key in keys] for share in (0.1, 0.25))
    assert 0.08 < before.count("challenger") / len(keys) < 0.12
    assert all(later == "challenger" for earlier, later in zip(before, after, strict=True) if earlier == "challenger")
    with pytest.raises(ValueError, match="no variant"):
        sticky.variant_for("k", {"main": 0.0})
