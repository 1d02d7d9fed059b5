"""What editors and consumers are told is what the code holds them to: types, limits, defaults and descriptions."""

import json

import pytest

from noria.spec import ModelSpec
from scripts import shapes
from tests.samples import EVENTS, ROOT


def test_the_schema_for_editors_is_the_specs_own():
    assert json.loads((ROOT / "docs" / "model.schema.json").read_text()) == json.loads(json.dumps(ModelSpec.model_json_schema()))


@pytest.mark.parametrize(("path", "schema"), list(shapes.schemas()), ids=str)
def test_the_schema_of_an_event_is_its_class_own(path, schema):
    assert json.loads((EVENTS / "schemas" / path).read_text()) == json.loads(json.dumps(schema))
