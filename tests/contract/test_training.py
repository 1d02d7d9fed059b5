"""The training machines and the events of their context fit together."""

import json
import re

import pytest

from noria.data.events import DatasetAccepted
from noria.training import shapes
from noria.training.events import ModelRegistered, ModelRejected, TrainingFailed, TrainingRequested
from scripts.templates import machines

TRAIN = next(machine for name, machine, _ in machines() if name == "train.asl.yaml")
TEXT = json.dumps(TRAIN)
MONITOR = next(machine for name, machine, _ in machines() if name == "monitor.asl.yaml")


@pytest.mark.parametrize("event", [DatasetAccepted, TrainingRequested])
def test_what_a_run_reads_of_an_event_that_starts_it_is_a_field_of_it(event):
    read = set(re.findall(r"\$data\.(\w+)", TEXT))
    assert {"dataset", "location", "digest"} <= read <= set(event._fields)


@pytest.mark.parametrize("event", [ModelRegistered, ModelRejected, TrainingFailed])
def test_what_the_machine_fills_into_a_run_s_event_is_a_field_that_may_be_null(event):
    (filled,) = re.findall(r"\|Detail\.data\|\{'(\w+)': \$package\}\|", TEXT)
    assert event._defaults[filled] is None
    assert TRAIN["States"]["Claim run"]["Assign"]["package"] is None


def test_what_monitoring_reads_of_a_run_s_document_is_a_key_of_it():
    read = set(re.findall(r"\$run\.(\w+)", json.dumps(MONITOR)))
    assert {"quality_baseline", "dataset"} <= read <= shapes.RunDocument.__required_keys__
