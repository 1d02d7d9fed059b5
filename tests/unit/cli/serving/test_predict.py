"""Predictions: rows are checked by the spec of the version that serves, and each has an id."""

import io
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.base.errors import CliError
from cli.project.publish import publish
from cli.serving.predict import predict, predict_file
from tests.samples import ROOT

CONTRACT = {"format": "csv", "time": None, "key": [], "bad_rows": {"at_most": 0}, "min_rows": 1}
COLUMNS = {"x": {"type": "number", "between": [0, 9]}, "open": {"type": "boolean", "nullable": True}}


def serves(stack, spec):
    """The ledger's word that a version of a spec serves."""
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}}
    item["document"] = {"S": json.dumps({"endpoint": "e", "spec": spec})}
    stack.dynamodb.put_item(TableName="ledger", Item=item)


def test_a_misspelt_column_is_refused_and_never_taken_for_an_empty_one(stack):
    serves(stack, publish(stack, ROOT / "models" / "bikeshare").spec)
    with pytest.raises(CliError, match="row 1 has lag_wek, which the spec does not name"):
        predict(stack, "bikeshare", [{"hour": 8, "lag_wek": 468}])


def test_rows_are_read_by_the_spec_of_what_serves_and_not_by_the_newest(stack, tmp_path):
    serves(stack, publish(stack, ROOT / "models" / "bikeshare").spec)
    newer = tmp_path / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", newer)
    spec = newer / "model.yaml"
    spec.write_text(spec.read_text().replace("lag_week", "lag_month"))
    assert publish(stack, newer).changed
    with pytest.raises(CliError, match=r"row 1 has lag_month, .* expected: .*lag_week"):
        predict(stack, "bikeshare", [{"hour": 8, "lag_month": 468}])


@pytest.fixture
def served(stack, put):
    """The model `m`, whose endpoint answers what the test says and keeps the requests."""
    put("SPEC", {"id": "s", "data": {**CONTRACT, "columns": COLUMNS}, "target": "y"}, time="t")
    put("CHAMPION", {"endpoint": "noria-m", "spec": "s"}, time="t", sagemaker_model="sm")
    requests: list[dict] = []

    def answering(text: str = "1,0.9\n", error: Exception | None = None) -> list[dict]:
        def invoke_endpoint(**request):
            requests.append(request)
            if error:
                raise error
            return {"Body": io.BytesIO(text.encode()), "InvokedProductionVariant": "main"}

        stack.__dict__["runtime"] = SimpleNamespace(invoke_endpoint=invoke_endpoint)
        return requests

    return answering


def test_each_row_has_its_prediction_and_an_id_that_truth_is_joined_by(stack, served):
    requests = served("1,0.9\n0,0.2\n")
    result = predict(stack, "m", [{"x": 1, "open": True}, {"x": 2.5}], name="n")
    assert requests[0]["Body"] == "1,true\n2.5,\n"
    assert [(entry.prediction, entry.values, entry.id) for entry in result.predictions] == [("1", ["1", "0.9"], "n#0"), ("0", ["0", "0.2"], "n#1")]
    assert result.variant == "main"
    served()
    assert predict(stack, "m", [{"x": 1}], name="alone").predictions[0].id == "alone"


def test_a_key_always_reaches_the_same_version(stack, served):
    requests = served()
    variants = [{"VariantName": "main", "CurrentWeight": 0.5}, {"VariantName": "challenger", "CurrentWeight": 0.5}]
    stack.__dict__["sagemaker"] = SimpleNamespace(describe_endpoint=lambda **_: {"ProductionVariants": variants})
    for key in ("a", "b", "c", "d"):
        for _ in range(2):
            predict(stack, "m", [{"x": 1}], key=key)
    chosen = [request["TargetVariant"] for request in requests]
    assert chosen[::2] == chosen[1::2]
    assert set(chosen) <= {"main", "challenger"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows to predict"),
        ([{"open": True}], "row 1 lacks 'x'; expected: x, open"),
        ([{"x": 10}], r"row 1: x is '10' \(Range\); the contract asks"),
        ([{"x": 1}, {"x": 1}], "answered 1 lines for 2 rows"),
    ],
)
def test_rows_that_break_the_contract_are_refused(stack, served, rows, message):
    served()
    with pytest.raises(CliError, match=message):
        predict(stack, "m", rows)


def test_a_model_that_fails_is_an_error_with_its_own_words_and_a_refused_call_is_aws_s(stack, served):
    served(error=ClientError({"Error": {"Code": "ModelError", "Message": "Received server error (500)"}}, "InvokeEndpoint"))
    with pytest.raises(CliError, match=r"the model behind noria-m failed: Received server error \(500\)"):
        predict(stack, "m", [{"x": 1}])
    served(error=ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "InvokeEndpoint"))
    with pytest.raises(ClientError):
        predict(stack, "m", [{"x": 1}])


SAME_ROWS = {
    "CSV with a header": "x,open\n1,true\n2,\n",
    "CSV in another order, with a byte order mark": "\ufeffopen,x\r\ntrue,1\r\n,2\r\n",
    "JSON Lines": '{"x": 1, "open": true}\n\n{"x": 2}\n',
    "a JSON list": '[{"x": 1, "open": true},\n {"x": 2, "open": null}]',
}


@pytest.mark.parametrize("form", SAME_ROWS)
@pytest.mark.parametrize("way", ["file", "standard input", "pipe"])
def test_the_same_rows_are_asked_for_in_whatever_form_and_way_they_come(served, noria, stack, tmp_path, monkeypatch, form, way):
    requests, text = served("1,0.9\n0,0.2\n"), SAME_ROWS[form]
    path = tmp_path / "rows"
    if way == "file":
        path.write_text(text)
    elif way == "standard input":
        path = "-"
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
    else:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        path = f"/dev/fd/{reading}"
    predicted = predict_file(stack, "m", Path(path), name="n")
    assert [request["Body"] for request in requests] == ["1,true\n2,\n"]
    assert [(each.prediction, each.id) for each in predicted.predictions] == [("1", "n#0"), ("0", "n#1")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty, expected rows to predict: CSV with a header, JSON Lines, or a JSON list of objects"),
        ("x,open\n", "has one line, 'x,open': CSV needs a header"),
        ("x,open\n1\n", "row 1 has 1 values, the header names 2: x, open"),
        ("x,x\n1,2\n", "names x more than once in its first line"),
        ('{"x": 1}\n{', ":2: is no JSON object"),
        ("[1]", "row 1: found int, expected an object"),
        ("[", "begins as a JSON list and is none"),
    ],
)
def test_rows_that_cannot_be_read_say_where_and_what_was_expected(served, stack, tmp_path, text, message):
    requests = served()
    (tmp_path / "rows").write_text(text)
    with pytest.raises(CliError) as raised:
        predict_file(stack, "m", tmp_path / "rows")
    assert message in str(raised.value)
    assert requests == []


def test_without_rows_the_command_says_what_it_takes(served, noria, tmp_path):
    served()
    assert "found no rows, expected a file or -" in str(noria("predict", "m").exception)
    assert f"there is no file {tmp_path / 'none'}" in str(noria("predict", "m", tmp_path / "none").exception)


def test_a_snippet_is_a_client_that_runs(served, noria, stack, monkeypatch):
    requests = served("1\n")
    code = noria("predict", "m", "--snippet", "python").stdout
    monkeypatch.setattr("boto3.client", lambda service, **_: stack.runtime)
    exec(compile(code, "snippet", "exec"), {})
    assert (requests[0]["EndpointName"], requests[0]["Body"]) == ("noria-m", "4.5,true\n")
    curl = noria("predict", "m", "--snippet", "curl").stdout
    assert "/endpoints/noria-m/invocations" in curl
    assert "--data-binary 4.5,true" in curl


def test_the_command_reads_a_row_a_line(served, noria, tmp_path):
    served()
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"x": 1}\n\n')
    assert noria("predict", "m", rows, "--id", "n").stdout == '1 0.9 {"x": 1} id n\n'
    document = json.loads(noria("predict", "m", rows, "--id", "n", "--json").stdout)
    assert document["predictions"] == [{"row": {"x": 1}, "prediction": "1", "values": ["1", "0.9"], "id": "n"}]
    assert (document["endpoint"], document["variant"], document["request"]) == ("noria-m", "main", "1,\n")
