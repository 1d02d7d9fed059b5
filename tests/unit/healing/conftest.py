"""The lake of a served model."""

import pytest

from tests.unit.monitoring.lake import open_lake


@pytest.fixture
def lake(monkeypatch):
    with open_lake(monkeypatch) as lake:
        yield lake
