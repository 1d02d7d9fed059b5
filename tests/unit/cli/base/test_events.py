"""Events that a person's command publishes."""

import json
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.base.events import publish_event
from noria.monitoring.events import MonitoringRequested
from noria.release.events import RollbackRequested


def bus(failed: int = 0) -> SimpleNamespace:
    """A session whose bus keeps what it is given."""
    entries: list[dict] = []

    def put_events(Entries):
        entries.extend(Entries)
        return {"FailedEntryCount": failed, "Entries": [{"ErrorMessage": "too large"} if failed else {"EventId": "e"}]}

    return SimpleNamespace(prefix="acme", outputs={"EventBus": "bus"}, events=SimpleNamespace(put_events=put_events), entries=entries)


def test_an_event_carries_the_stack_s_prefix_and_begins_its_own_story():
    session = bus()
    event = publish_event(session, MonitoringRequested(), "m")
    (entry,) = session.entries
    detail = json.loads(entry["Detail"])
    metadata = detail["metadata"]
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == ("noria.monitoring", "MonitoringRequested", "bus")
    assert (metadata["stage"], metadata["model"], detail["data"]) == ("acme", "m", {})
    assert {metadata["id"], metadata["correlation_id"], metadata["causation_id"]} == {event.id}
    assert event.entry_id == "e"


def test_an_event_that_the_bus_refuses_is_an_error_with_its_reason():
    with pytest.raises(CliError, match="the bus refused the event: too large"):
        publish_event(bus(failed=1), RollbackRequested(to=None, by="me", reason="why"), "m")


def test_an_event_of_a_class_has_its_name_its_context_and_its_fields():
    session = bus()
    publish_event(session, RollbackRequested(to="arn/2", by="me", reason="why"), "m")
    (entry,) = session.entries
    assert (entry["Source"], entry["DetailType"]) == ("noria.release", "RollbackRequested")
    assert json.loads(entry["Detail"])["data"] == {"to": "arn/2", "by": "me", "reason": "why"}
