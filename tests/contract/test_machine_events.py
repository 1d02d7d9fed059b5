"""Events that a state machine spells out itself have the shape of their class."""

import json
import re

import pytest

from scripts import shapes
from scripts.templates import literal_entries, machines

CLASSES = {kind.__name__: kind for kind in shapes.event_classes()}
#: Contexts whose events have classes.
CONTEXTS = {kind.event_source() for kind in shapes.event_classes()}


LITERAL = [(machine.name, entry) for machine in machines() for entry in literal_entries(machine.definition)]


def test_machines_spell_out_some_events():
    assert ("recover.asl.yaml", "RollbackRequested") in {(machine, entry["DetailType"]) for machine, entry in LITERAL}


@pytest.mark.parametrize(("machine", "entry"), LITERAL, ids=lambda value: value if isinstance(value, str) else value["DetailType"])
def test_a_literal_entry_has_the_source_the_metadata_and_the_fields_of_its_class(machine, entry):
    kind = CLASSES[entry["DetailType"]]
    metadata, data = entry["Detail"]["metadata"], entry["Detail"]["data"]
    assert entry["Source"] == kind.event_source()
    assert (metadata["name"], metadata["version"]) == (kind.__name__, kind.version)
    assert set(metadata) == set(shapes.Metadata.model_fields)
    assert set(data) == set(kind._fields)


def published_to(machine):
    """The classes of the events that start a machine, of those on Noria's own bus."""
    for rule in machine.resource.properties.get("Events", {}).values():
        pattern = rule["Properties"].get("Pattern", {})
        if set(pattern.get("source", ())) & CONTEXTS:
            yield from (CLASSES[name] for name in pattern["detail-type"])


STARTED = [(machine.name, kind, json.dumps(machine.definition)) for machine in machines() for kind in published_to(machine)]


def fields_read(text):
    """What a machine reads of the data of the event that starts it."""
    names = {"states\\.input\\.detail", *re.findall(r'"(\w+)": "\{% \$states\.input\.detail %\}"', text)}
    return {field for name in names for field in re.findall(rf"\${name}\.data\.(\w+)", text)}


@pytest.mark.parametrize(("machine", "kind", "text"), STARTED, ids=lambda value: value.__name__ if isinstance(value, type) else value.split(".")[0])
def test_what_a_machine_reads_of_its_event_is_a_field_of_the_event_s_class(machine, kind, text):
    assert fields_read(text) <= set(kind._fields)


def test_a_machine_s_reading_of_its_event_is_seen():
    read = {machine: fields_read(text) for machine, _, text in STARTED}
    assert read["put_alarms.asl.yaml"] == {"release", "endpoint"}
