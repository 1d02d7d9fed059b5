"""What editors are told about a `model.yaml` is what publishing it holds it to: types, limits, defaults and descriptions."""

import json

from noria.kernel.envelope import Envelope
from noria.spec import ModelSpec
from tests.samples import ROOT


def test_the_schema_for_editors_is_the_specs_own():
    assert json.loads((ROOT / "docs" / "model.schema.json").read_text()) == json.loads(json.dumps(ModelSpec.model_json_schema()))


def test_the_schema_of_the_envelope_is_its_own():
    assert json.loads((ROOT / "events" / "schemas" / "envelope.v1.json").read_text()) == json.loads(json.dumps(Envelope.model_json_schema()))
