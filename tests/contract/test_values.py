"""Values of the product do not change once they are there: what a decision was given, it still is when it is explained."""

import dataclasses
import importlib
import inspect

import pytest
from pydantic import BaseModel

from tests.contract.test_imports import MODULES

#: Records that gather something as it comes, and are no values: of a column, a dataset, a release, a replay, a file.
GATHERING = {"Moments", "Values", "ColumnProfile", "Order", "Profile", "Process", "Tally", "Serving", "Course", "Joined", "RowChecker"}
CLASSES = sorted(
    {one for name in MODULES for one in vars(importlib.import_module(name)).values() if inspect.isclass(one) and one.__module__ == name},
    key=lambda one: f"{one.__module__}.{one.__name__}",
)


@pytest.mark.parametrize("value", [one for one in CLASSES if dataclasses.is_dataclass(one)], ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_a_record_is_frozen_unless_it_gathers_something(value):
    assert value.__dataclass_params__.frozen is (value.__name__ not in GATHERING)


@pytest.mark.parametrize("block", [one for one in CLASSES if issubclass(one, BaseModel)], ids=lambda one: one.__name__)
def test_a_block_of_the_spec_is_frozen_and_knows_every_field_that_is_written(block):
    assert (block.model_config["frozen"], block.model_config["extra"], block.model_config["allow_inf_nan"]) == (True, "forbid", False)
