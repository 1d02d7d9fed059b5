"""Why a version is not released, and why it is released all the same."""

import pytest

from noria.release.champion import Champion
from tests.samples import sample

VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def event(**differences):
    return {**sample("functions/release/plan_rollout.json"), **differences}


def approved_by(approver, **approve):
    request = event(approver=approver)
    request["spec"]["approve"] |= {"mode": "manual", **approve}
    return request


def serving(config):
    return event(endpoint={"EndpointName": "noria-bikeshare", "EndpointStatus": "InService", "EndpointConfigName": config})


PUBLISHER = "arn:aws:iam::123456789012:user/modeller"
REFUSED = [
    (event(metadata={"owner": "somebody"}), "NotRegisteredHere"),
    (event(status="Rejected"), "NotApproved"),
    (serving("by-hand"), "ChangedByHand"),
    (serving("noria-other-0123456789ab-try"), "ChangedByHand"),
    (approved_by("arn:x", approvers=["arn:y*"]), "NotAnApprover"),
    (approved_by(PUBLISHER, two_person=True), "SamePerson"),
    (event(package=f"{VERSION}0"), "OlderVersion"),
    ({**serving("noria-bikeshare-000000000001"), "package": f"{VERSION}1"}, "ServesAlready"),
    (event(approved_at="-1"), "Superseded"),
]
RELEASED = [
    event(),
    serving("noria-bikeshare-000000000001"),
    serving("noria-bikeshare-0123456789ab-try"),
    event(endpoint={"EndpointName": "noria-bikeshare", "EndpointStatus": "Deleting"}),
    approved_by("arn:y-person", approvers=["arn:y*"]),
    approved_by("arn:other", two_person=True),
    approved_by(None, two_person=True, approvers=["arn:y*"]),
    event(approver="arn:x"),
    event(package=f"{VERSION}0", champion=None),
    event(package=f"{VERSION}0", metadata={**event()["metadata"], "over": f"{VERSION}1"}),
    # The champion anew, where its endpoint is gone, has failed, or goes on sharing its traffic.
    event(package=f"{VERSION}1", endpoint=None),
    event(package=f"{VERSION}1", endpoint={"EndpointName": "noria-bikeshare", "EndpointStatus": "Failed"}),
    {**serving("noria-bikeshare-0123456789ab-try"), "package": f"{VERSION}1"},
]


@pytest.mark.parametrize(("request_", "code"), REFUSED, ids=[code for _, code in REFUSED])
def test_a_refused_version_has_one_reason_and_nothing_to_deploy(planned, request_, code):
    plan = planned(request_)
    assert (plan["outcome"], [reason["code"] for reason in plan["verdict"]["reasons"]]) == ("refused", [code])
    assert set(plan) == {"outcome", "verdict", "release", "endpoint", "config"}


@pytest.mark.parametrize("request_", RELEASED)
def test_any_other_version_is_released(planned, request_):
    assert planned(request_)["outcome"] == "planned"


def test_a_version_that_was_not_registered_here_is_told_what_it_lacks(planned):
    metadata = {**event()["metadata"]}
    del metadata["run"], metadata["schema"]
    (reason,) = planned({"metadata": metadata})["verdict"]["reasons"]
    assert (reason["limit"], "lacks run, schema" in reason["text"]) == (["run", "schema"], True)


def test_a_champion_is_read_out_of_the_ledger_s_item_and_is_nothing_without_one():
    item = event()["champion"]
    champion = Champion.of(item)
    assert (champion.package, champion.endpoint_model, champion.autoscale) == (f"{VERSION}1", "noria-bikeshare-000000000001", None)
    assert Champion.of({name: value for name, value in item.items() if name != "endpoint_model"}).endpoint_model == champion.config
    assert Champion.of(None) is None
    assert Champion.of({}) is None


@pytest.mark.parametrize(
    ("config", "shares"),
    [("noria-bikeshare-0123456789ab-try", True), ("noria-bikeshare-000000000001", False), ("noria-bike-0123456789ab-try", False), (None, False)],
)
def test_an_endpoint_is_shared_under_a_trial_of_the_same_endpoint(config, shares):
    assert Champion.of(event()["champion"]).shares({"EndpointConfigName": config} if config else {}) is shares
