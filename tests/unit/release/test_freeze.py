"""When a freeze ends."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from noria.release.freeze import freeze_ends
from noria.spec.approve import FreezeSpec

#: A Tuesday.
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def windows(*declared: dict) -> list[dict]:
    return [FreezeSpec.model_validate(window).model_dump(mode="json") for window in declared]


@pytest.mark.parametrize(
    ("declared", "ends"),
    [
        ([], None),
        ([{"days": ["sat", "sun"]}], None),
        ([{"days": ["tue"]}], datetime(2026, 11, 25, tzinfo=UTC)),
        ([{"hours": "11:30-14:00"}], datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ([{"hours": "12:01-14:00"}], None),
        ([{"days": ["tue"], "hours": "10:00-24:00"}], datetime(2026, 11, 25, tzinfo=UTC)),
        # One that follows at once prolongs it, also over midnight.
        ([{"hours": "10:00-24:00"}, {"days": ["wed"], "hours": "00:00-06:00"}], datetime(2026, 11, 25, 6, tzinfo=UTC)),
        ([{"since": "2026-11-20T00:00:00Z", "until": "2026-12-01T00:00:00Z"}], datetime(2026, 12, 1, tzinfo=UTC)),
        ([{"since": "2026-11-25T00:00:00Z", "until": "2026-12-01T00:00:00Z"}], None),
        ([{"until": "2026-11-24T12:30:00+01:00"}], None),
        ([{"days": ["mon", "tue", "wed", "thu"], "until": "2026-11-26T05:00:00Z"}], datetime(2026, 11, 26, 5, tzinfo=UTC)),
    ],
)
def test_a_freeze_ends_when_no_window_holds_any_longer(declared, ends):
    assert freeze_ends(windows(*declared), NOON) == ends


def test_windows_that_leave_no_minute_are_looked_at_again_and_do_not_hang():
    assert freeze_ends(windows({"hours": "00:00-12:30"}, {"hours": "12:30-24:00"}), NOON) > NOON


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
        {"hours": "14:00-12:00"},
        {"since": "2026-12-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"},
    ],
)
def test_a_window_that_never_ends_or_never_begins_is_no_window(wrong):
    with pytest.raises(ValidationError):
        FreezeSpec.model_validate(wrong)
