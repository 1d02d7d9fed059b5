"""The way back: to which release, and when not."""

import json

import pytest

from noria.release.plan_rollback import plan_rollback
from tests.samples import sample

VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def planned(items=None, **request):
    event = sample("functions/release/plan_rollback.json")
    event["request"] |= request
    return plan_rollback({**event, "items": event["items"] if items is None else items})


def test_the_release_before_is_restored_by_naming_its_configuration():
    plan = planned()
    assert plan["outcome"] == "restore"
    assert plan["deploy"]["update"]["EndpointConfigName"] == "noria-bikeshare-000000000001"
    assert plan["deploy"]["config"] is None


def test_a_version_that_was_taken_back_is_not_what_a_rollback_goes_to():
    items = sample("functions/release/plan_rollback.json")["items"]
    items[0]["status"]["S"] = "rolled_back"
    assert planned(items)["verdict"]["reasons"][0]["code"] == "NoSuchRelease"


@pytest.mark.parametrize(("to", "code"), [(f"{VERSION}9", "NoSuchRelease"), (f"{VERSION}2", "ServesAlready")])
def test_a_version_that_cannot_be_gone_back_to_is_told(to, code):
    plan = planned(to=to)
    assert (plan["outcome"], plan["verdict"]["reasons"][0]["code"]) == ("refused", code)


def test_where_nothing_serves_there_is_no_way_back():
    assert planned([])["verdict"]["reasons"][0]["code"] == "NothingServes"


LOCK = {"sk": {"S": "LOCK"}, "holder": {"S": "x"}, "expires": {"N": "9999999999"}}


def after(status, **request):
    """The plan once a release has ended that was under way when the rollback was asked for."""
    event = sample("functions/release/plan_rollback.json")
    later = {**event["items"][1], "sk": {"S": "RELEASE#3"}, "release": {"S": "3"}, "package": {"S": f"{VERSION}3"}, "status": {"S": status}}
    later |= {"time": {"S": "2026-11-24T09:00:00.000Z"}, "config": {"S": "noria-bikeshare-3"}}
    event["request"] |= request
    return plan_rollback({**event, "items": [*event["items"], later]})


@pytest.mark.parametrize(("expires", "outcome"), [("9999999999", "yield"), ("1", "restore")])
def test_a_release_under_way_is_waited_for_and_a_dead_one_is_not(expires, outcome):
    items = [{**LOCK, "expires": {"N": expires}}, *sample("functions/release/plan_rollback.json")["items"]]
    assert planned(items)["outcome"] == outcome


def test_only_a_person_asks_a_release_under_way_to_end_for_an_alarm_is_about_what_served_before():
    items = [LOCK, *sample("functions/release/plan_rollback.json")["items"]]
    assert planned(items)["requests_stop"] is False
    assert planned(items, by="arn:aws:iam::123456789012:user/owner")["requests_stop"] is True


def test_after_a_release_that_undid_itself_a_person_has_what_was_asked_for():
    assert after("rolled_back", by="arn:aws:iam::123456789012:user/owner")["outcome"] == "undone"


def test_after_a_release_that_completed_all_the_same_a_person_gets_the_one_before():
    plan = after("completed", by="arn:aws:iam::123456789012:user/owner")
    assert (plan["outcome"], plan["target"]["package"]) == ("restore", f"{VERSION}2")


def test_an_alarm_on_a_champion_that_was_replaced_meanwhile_is_settled_and_one_that_still_serves_is_taken_back():
    assert after("completed")["verdict"]["reasons"][0]["code"] == "AnotherServes"
    plan = after("rolled_back")
    assert (plan["outcome"], plan["current"]["package"], plan["target"]["package"]) == ("restore", f"{VERSION}2", f"{VERSION}1")


@pytest.mark.parametrize("status", ["held", "by_hand"])
def test_where_the_endpoint_serves_something_else_than_the_champion_the_champion_alone_is_restored(status):
    plan = after(status, by="arn:aws:iam::123456789012:user/owner")
    assert (plan["outcome"], plan["current"]["package"], plan["target"]["package"]) == ("restore", f"{VERSION}3", f"{VERSION}2")


def test_after_an_interrupted_release_the_champion_alone_is_restored():
    plan = after("running", by="noria", reason="the release was interrupted (aborted)")
    assert (plan["outcome"], plan["current"]["package"], plan["target"]["package"]) == ("restore", f"{VERSION}3", f"{VERSION}2")


def test_one_that_failed_before_it_took_traffic_settles_nothing_that_an_interrupted_one_left():
    event = sample("functions/release/plan_rollback.json")
    left, failed = (
        {**event["items"][1], "sk": {"S": f"RELEASE#{number}"}, "status": {"S": status}, "time": {"S": f"2026-11-24T09:0{number}:00.000Z"}}
        for number, status in ((3, "unfinished"), (4, "failed"))
    )
    plan = planned([*event["items"], left, failed], by="noria", reason="interrupted")
    assert (plan["outcome"], plan["target"]["release"]) == ("restore", "000000000002")


def test_where_the_champion_serves_alone_since_nothing_is_taken_back():
    plan = planned(by="noria", reason="the release was interrupted (aborted)")
    assert (plan["outcome"], plan["verdict"]["reasons"][0]["code"]) == ("refused", "SettledMeanwhile")


def test_what_is_restored_scales_as_it_did_when_it_was_released():
    items = sample("functions/release/plan_rollback.json")["items"]
    items[0]["autoscale"] = {"S": json.dumps({"min": 1, "max": 4, "requests": 600, "out_seconds": 60, "in_seconds": 300})}
    deploy = planned(items)["deploy"]
    assert [request["ResourceId"].rsplit("/", 1)[1] for request in deploy["pause"]] == ["main", "challenger"]
    assert deploy["resume"][0]["register"]["MaxCapacity"] == 4
    assert planned()["deploy"]["resume"] == []


def test_a_release_that_waits_out_a_freeze_has_changed_nothing():
    assert after("waiting") == planned()
