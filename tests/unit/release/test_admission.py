"""When a release may begin."""

import json

import pytest

from noria.release.admission import plan_admission
from tests.samples import sample


def admitted(**differences):
    return plan_admission({**sample("functions/release/plan_admission.json"), **differences})


def frozen(**window):
    event = sample("functions/release/plan_admission.json")
    event["spec"]["approve"]["freeze"] = [{"days": [], "hours": None, "since": None, "until": None, **window}]
    return plan_admission(event)


def test_a_frozen_release_says_until_when_and_is_only_noted():
    event = sample("functions/release/plan_admission.json")
    event["spec"]["approve"]["freeze"] = [{"days": [], "hours": "08:00-09:00", "since": None, "until": None}]
    plan = plan_admission(event)
    assert (plan["outcome"], plan["seconds"], plan["record"]["Item"]["status"]) == ("frozen", 2995, {"S": "waiting"})
    assert "approve.freeze" in plan["record"]["Item"]["document"]["S"]
    assert plan["entry"]["DetailType"] == "RolloutDeferred"
    assert plan["entry"]["Detail"]["data"]["until"] == "2026-11-24T09:00:00+00:00"
    assert plan["transaction"] is None


def test_a_long_freeze_is_checked_again_after_a_day_and_a_short_one_after_a_second_at_least():
    assert frozen(until="2027-01-01T00:00:00Z")["seconds"] == 86_400
    assert frozen(until="2026-11-24T08:10:05.200Z")["seconds"] == 1


def test_each_end_of_a_freeze_is_an_event_of_its_own_and_a_repeated_one_is_the_same():
    once, again, longer = frozen(until="2026-12-01T00:00:00Z"), frozen(until="2026-12-01T00:00:00Z"), frozen(until="2026-12-02T00:00:00Z")
    ids = [plan["entry"]["Detail"]["metadata"]["id"] for plan in (once, again, longer)]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)


def test_outside_a_freeze_the_lock_is_taken_where_it_is_free_or_expired_and_the_release_recorded_in_one_transaction():
    event = sample("functions/release/plan_admission.json")
    plan = plan_admission(event)
    assert (plan["outcome"], plan["seconds"], plan["record"]) == ("go", 0, None)
    lock, record = plan["transaction"]["TransactItems"]
    assert lock["Update"]["Key"] == {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "LOCK"}}
    values = lock["Update"]["ExpressionAttributeValues"]
    assert (values[":me"], values[":package"], values[":approved"], values[":began"]) == tuple(
        {"S": event[name]} for name in ("owner", "package", "approved_at", "now")
    )
    assert int(values[":later"]["N"]) - int(values[":now"]["N"]) == 172_800
    assert "attribute_not_exists(holder) OR holder = :me OR expires < :now" in lock["Update"]["ConditionExpression"]
    assert "REMOVE stop_request, wait_request" in lock["Update"]["UpdateExpression"]
    item = record["Put"]["Item"]
    release = plan["entry"]["Detail"]["data"]["release"]
    assert (item["sk"], item["status"], item["release"]) == ({"S": f"RELEASE#{release}"}, {"S": "running"}, {"S": release})
    assert (item["config"], item["endpoint_model"]) == ({"S": f"noria-bikeshare-{release}"},) * 2
    assert json.loads(item["document"]["S"]) == plan["entry"]["Detail"]["data"]
    assert json.loads(item["autoscale"]["S"]) == event["spec"]["serve"]["autoscale"]


def test_the_start_is_announced_with_what_is_to_serve():
    entry = admitted()["entry"]
    assert (entry["DetailType"], entry["Source"]) == ("RolloutStarted", "noria.release")
    data = entry["Detail"]["data"]
    assert (data["strategy"], data["run"], data["spec"]) == ("progressive", "a4e33cbea049", "7af65b23fb0d")
    assert data["reasons"][0]["text"] == f"noria-bikeshare is to serve {data['config']}"


def test_a_version_that_was_not_registered_here_is_unknown_in_the_ledger():
    plan = admitted(metadata={})
    item = plan["transaction"]["TransactItems"][1]["Put"]["Item"]
    assert [item[name]["S"] for name in ("run", "spec", "sagemaker_model", "schema")] == ["unknown"] * 4


@pytest.mark.parametrize("approved_at", ["1764060000000", 1764060000000])
def test_the_time_of_an_approval_is_kept_as_text(approved_at):
    lock, record = admitted(approved_at=approved_at)["transaction"]["TransactItems"]
    assert lock["Update"]["ExpressionAttributeValues"][":approved"] == record["Put"]["Item"]["approved_at"] == {"S": "1764060000000"}
