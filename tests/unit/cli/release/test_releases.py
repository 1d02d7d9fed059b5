"""Releases of a model, and the way back to an earlier one."""

import json
from types import SimpleNamespace

import pytest

WHY = [{"code": "Why", "text": "because"}]


@pytest.fixture
def bus(stack, put):
    """A bus on which a requested rollback has its result at once: the status that the test says."""
    sent: list[dict] = []

    def answering(status: str | None) -> list[dict]:
        def put_events(Entries):
            sent.extend(Entries)
            if status:
                put("ROLLBACK#e", {"request": {"by": "me"}, "reasons": WHY}, status=status, time="t")
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}

        stack.outputs["EventBus"] = "bus"
        stack.__dict__["events"] = SimpleNamespace(put_events=put_events)
        return sent

    return answering


@pytest.mark.parametrize(("status", "code"), [("rolled_back", 0), ("undone", 0), ("refused", 1), ("rollback_failed", 1)])
def test_a_rollback_waits_for_its_result_and_fails_where_nothing_was_restored(noria, bus, status, code):
    sent = bus(status)
    result = noria("rollback", "m", "--reason", "wrong prices")
    assert (result.exit_code, status in result.stdout, "because" in result.stdout) == (code, True, True)
    data = json.loads(sent[0]["Detail"])["data"]
    assert (data["to"], data["reason"], data["by"].startswith("arn:aws:")) == (None, "wrong prices", True)


def test_a_rollback_without_a_result_gives_up_and_says_where_to_look(noria, bus):
    bus(None)
    assert "nothing came of the rollback within 0 s; see: noria events m" in str(noria("rollback", "m", "--timeout", 0).exception)


def test_a_release_that_was_gone_back_from_says_so_and_no_longer_that_it_serves(noria, put):
    served = [{"code": "Serves", "text": "noria-m serves c"}]
    why = [{"code": "Restore", "text": "noria-m goes back from arn/2 to arn/1: wrong prices"}]
    document = {"release": "l", "model_package_arn": "arn/2", "strategy": "canary", "reasons": served}
    put("RELEASE#l", document, status="rolled_back", time="2026-01-01T00:00:00", reasons=json.dumps(why))
    text = noria("releases", "m").stdout
    assert ("noria-m serves c" in text, "wrong prices" in text) == (False, True)


def test_releases_and_rollbacks_are_listed_newest_first_with_their_reasons(noria, put):
    for name, time in (("old", "2026-01-01T00:00:00"), ("new", "2026-01-02T00:00:00")):
        put(f"RELEASE#{name}", {"release": name, "model_package_arn": f"arn/{name}", "strategy": "canary", "reasons": WHY}, status="completed", time=time)
    put("ROLLBACK#b", {"request": {"by": "alarm noria/m/errors"}, "reasons": []}, status="restored", time="2026-01-03")
    put("CHAMPION", {"model_package_arn": "arn/new"}, time="t", sagemaker_model="sm")
    put("LOCK", package="arn/next", began="t", holder="h")
    text = noria("releases", "m").stdout
    assert text.splitlines()[:2] == ["m serves arn/new", "  under way: arn/next"]
    assert text.index("arn/new  canary") < text.index("arn/old  canary") < text.index("alarm noria/m/errors")
    document = json.loads(noria("releases", "m", "--json").stdout)
    assert (document["serves"], document["under_way"], [release["release"] for release in document["releases"]]) == ("arn/new", "arn/next", ["new", "old"])
