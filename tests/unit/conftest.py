"""A contract, as the policies get it."""

import pytest

from noria.data.contract import DataContract
from noria.spec.data import DataSpec


@pytest.fixture
def contract() -> DataContract:
    return DataContract.of(
        DataSpec.model_validate(
            {
                "time": "at",
                "key": ["id"],
                "columns": {
                    "size": {"type": "number", "between": [0, 10]},
                    "kind": {"type": "string", "values": ["a", "b"], "nullable": True},
                    "count": {"type": "integer"},
                },
                "min_rows": 3,
                "bad_rows": {"at_most": 0.25},
            }
        ).model_dump()
    )
