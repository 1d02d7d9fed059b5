"""When a release begins: what a freeze defers, which lock is taken, and what is recorded and announced."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from noria.release.admission import plan_admission
from noria.release.freeze import freeze_ends
from tests.samples import sample

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def window(days=(), hours=None, since=None, until=None):
    return {"days": list(days), "hours": hours, "since": since, "until": until}


def planned(*windows, **changed):
    event = {**sample("functions/release/plan_admission.json"), **changed}
    event["spec"]["approve"]["freeze"] = list(windows)
    return plan_admission(event)


@pytest.mark.parametrize(
    ("hours", "ends"),
    [
        ("12:00-12:30", NOW + timedelta(minutes=30)),
        ("11:00-12:00", None),
        ("11:59-12:01", NOW + timedelta(minutes=1)),
        ("00:00-24:00", None),
    ],
)
def test_a_window_of_hours_holds_from_its_first_minute_to_before_its_last(hours, ends):
    if hours == "00:00-24:00":
        assert freeze_ends([window(["tue"], hours)], NOW) == datetime(2026, 11, 25, tzinfo=UTC)
    else:
        assert freeze_ends([window(hours=hours)], NOW) == ends


@pytest.mark.parametrize(
    ("since", "until", "ends"),
    [
        (NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=1)),
        (NOW + timedelta(seconds=1), NOW + timedelta(hours=1), None),
        (None, NOW, None),
        (None, NOW + timedelta(seconds=1), NOW + timedelta(seconds=1)),
    ],
)
def test_a_window_between_two_times_holds_at_the_first_and_not_at_the_last(since, until, ends):
    assert freeze_ends([window(since=since and since.isoformat(), until=until.isoformat())], NOW) == ends


def test_times_of_another_zone_are_the_same_moments():
    assert freeze_ends([window(hours="12:00-13:00")], datetime.fromisoformat("2026-11-24T14:30:00+02:00")) == NOW + timedelta(hours=1)


def test_windows_that_follow_each_other_are_one():
    chain = [window(hours="12:00-13:00"), window(hours="13:00-14:30"), window(until=(NOW + timedelta(hours=4)).isoformat())]
    assert freeze_ends(chain, NOW) == NOW + timedelta(hours=4)
    assert freeze_ends([window(["tue", "wed", "thu"])], NOW) == datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "seconds"), [(30, 1_800), (60 * 24, 86_400), (60 * 25, 86_400)])
def test_a_freeze_is_looked_at_again_when_it_ends_and_after_a_day_at_most(minutes, seconds):
    plan = planned(window(until=(NOW + timedelta(minutes=minutes)).isoformat()), now=NOW.isoformat())
    assert (plan["outcome"], plan["seconds"]) == ("frozen", seconds)


def test_a_freeze_that_ends_at_once_is_waited_for_a_second():
    assert planned(window(until=(NOW + timedelta(milliseconds=100)).isoformat()), now=NOW.isoformat())["seconds"] == 1


def test_a_deferred_release_says_from_when_it_can_begin():
    plan = planned(window(until=(NOW + timedelta(hours=1)).isoformat()), now=NOW.isoformat())
    (reason,) = plan["verdict"]["reasons"]
    assert (reason["code"], "before 2026-11-24T13:00+00:00" in reason["text"]) == ("Frozen", True)
    assert plan["entry"]["Detail"]["data"]["until"] == "2026-11-24T13:00:00+00:00"


def test_a_release_takes_the_lock_that_nobody_holds_or_that_has_run_out():
    plan = planned(now=NOW.isoformat())
    lock, note = plan["transaction"]["TransactItems"]
    values = lock["Update"]["ExpressionAttributeValues"]
    assert (plan["outcome"], plan["seconds"]) == ("go", 0)
    assert values[":now"] == {"N": str(int(NOW.timestamp()))}
    # Two days: longer than any release, and an end to one whose machine has died.
    assert values[":later"] == {"N": str(int(NOW.timestamp()) + 2 * 86_400)}
    assert values[":me"] == {"S": sample("functions/release/plan_admission.json")["owner"]}
    assert lock["Update"]["ConditionExpression"] == "attribute_not_exists(holder) OR holder = :me OR expires < :now"
    assert (note["Put"]["Item"]["status"], lock["Update"]["Key"]["sk"]) == ({"S": "running"}, {"S": "LOCK"})


def test_a_release_that_begins_is_recorded_with_what_it_is_to_serve():
    plan = planned()
    event = sample("functions/release/plan_admission.json")
    item = plan["transaction"]["TransactItems"][1]["Put"]["Item"]
    release = item["release"]["S"]
    assert item["sk"] == {"S": f"RELEASE#{release}"}
    assert item["config"] == item["endpoint_model"] == {"S": f"{event['prefix']}-{event['model']}-{release}"}
    assert (item["approved_at"], item["package"]) == ({"S": str(event["approved_at"])}, {"S": event["package"]})
    data = plan["entry"]["Detail"]["data"]
    assert (plan["entry"]["DetailType"], data["release"], data["strategy"]) == ("RolloutStarted", release, "progressive")
    assert json.loads(item["document"]["S"])["config"] == f"{event['prefix']}-{event['model']}-{release}"


def test_a_version_without_metadata_is_recorded_all_the_same():
    data = planned(metadata={})["entry"]["Detail"]["data"]
    assert (data["run"], data["spec"]) == ("unknown", "unknown")
