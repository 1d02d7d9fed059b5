"""Rows, files and requests of ingestion and preparation at the edges of what is accepted."""

import csv
import io

import pytest

from noria.adapters import objects
from noria.data import csv_text, read_upload, shuffle, split
from noria.data.column_check import fault_of
from noria.data.contract import Column, DataContract, is_model_name
from noria.data.judge_dataset import judge_dataset
from noria.kernel import values
from noria.kernel.errors import ContractError
from noria.preprocessing.prepare import prepare_dataset
from tests.datasets import inspected
from tests.samples import sample

HEADER = "id,at,size,kind,count,y\n"
GOOD = "1,2024-01-01,1.5,a,3,0\n"


def profile(contract: DataContract, text: str) -> dict:
    return inspected(text, contract)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        (Column("number", between=(0, 10)), "0", None),
        (Column("number", between=(0, 10)), "10", None),
        (Column("number", between=(0, 10)), "10.001", "Range"),
        (Column("number", between=(0, None)), "1e300", None),
        (Column("number", between=(None, 0)), "-1e300", None),
        (Column("number", between=(None, 0)), "0.1", "Range"),
        (Column("number"), "1e300", None),
        (Column("number"), "nan ", "Null"),
        (Column("integer"), "3.0", None),
        (Column("integer"), "3.1", "Type"),
        (Column("boolean"), "TRUE", None),
        (Column("boolean"), "yes", "Type"),
        (Column("timestamp"), "2024-01-01", None),
        (Column("timestamp"), "soon", "Type"),
        (Column("string"), "soon", None),
        (Column("string", values=("a", "b")), "a", None),
        (Column("string", values=("a", "b")), "c", "Value"),
        (Column("integer", values=("1",)), "2", "Value"),
        (Column("string"), "", "Null"),
        (Column("string", nullable=True), "NA", None),
    ],
)
def test_a_value_keeps_its_column_or_says_how_it_does_not(column, value, fault):
    assert fault_of(column, value) == fault


def test_a_verdict_shows_the_first_ten_bad_rows_with_their_line_and_value(contract):
    bad = "".join(f"{number},2024-01-01,{number},a,3,0\n" for number in range(11, 25))
    result = profile(contract, HEADER + GOOD + bad)
    assert (result["rows"], result["bad_rows"], result["faults"]) == (15, 14, {"size": {"Range": 14}})
    assert len(result["examples"]) == 10
    assert result["examples"][0] == {"row": 3, "column": "size", "code": "Range", "observed": "11", "expected": "a number from 0 to 10"}


def test_a_long_value_is_shown_by_its_first_eighty_characters(contract):
    result = profile(contract, HEADER + f"1,2024-01-01,{'x' * 200},a,3,0\n")
    assert result["examples"][0]["observed"] == "x" * 80


def test_a_row_of_another_length_says_how_many_fields_it_has(contract):
    (example,) = profile(contract, HEADER + "1,2\n")["examples"]
    assert (example["code"], example["observed"], example["expected"]) == ("Shape", "2 fields", "6 fields")


def test_keys_of_several_columns_are_told_apart_whatever_they_hold():
    block = {"format": "csv", "time": None, "key": ["a", "b"], "columns": {"x": {"type": "number"}}, "bad_rows": {"at_most": 1}, "min_rows": 1}
    contract = DataContract.of(block)
    result = inspected("a,b,x,y\n1,12,0,0\n11,2,0,0\n1,12,0,0\n", contract)
    assert (result["bad_rows"], result["examples"][0]["observed"], result["examples"][0]["column"]) == (1, "1,12", "a,b")


def test_a_file_that_lacks_a_column_is_not_read_any_further(contract):
    result = profile(contract, "id,at\n1,2\n")
    assert (result["header"], result["rows"], result["problem"]) == (["id", "at"], 0, None)


@pytest.mark.parametrize(("text", "seconds"), [("2024-01-01T00:00:00z", 1_704_067_200.0), ("2024-01-01T02:00:00+02:00", 1_704_067_200.0), ("1e3", 1_000.0)])
def test_a_time_is_seconds_since_the_epoch(text, seconds):
    assert values.parse_timestamp(text) == seconds
    assert values.to_datetime(text).timestamp() == seconds


@pytest.mark.parametrize(
    ("name", "right"), [("a", True), ("a-1", True), ("a" * 24, True), ("a" * 25, False), ("a-", False), ("1a", False), ("A", False), ("", False), (None, False)]
)
def test_a_model_has_a_name_that_fits_into_those_of_its_resources(name, right):
    assert is_model_name(name) is right


def test_a_contract_lists_every_column_once_and_what_the_endpoint_is_sent():
    columns = {"a": {"type": "number"}, "y": {"type": "number"}}
    block = {"format": "csv", "time": "t", "key": ["k", "a"], "columns": columns, "bad_rows": {"at_most": 0.5}, "min_rows": 7}
    contract = DataContract.of(block)
    assert contract.required("y") == ("a", "y", "k", "t")
    assert contract.features("y") == ("a",)
    assert (contract.bad_rows, contract.min_rows) == (0.5, 7)


def judged(**changed):
    return judge_dataset({**sample("functions/data/judge_dataset.json"), **changed})


def test_an_accepted_upload_goes_to_the_curated_folder_with_its_verdict_beside_it():
    answer = judged()
    folder = f"curated/bikeshare/{answer['dataset']}/"
    assert [copy["Key"] for copy in answer["copies"]] == [f"{folder}{name}" for name in ("data.parquet", "data.profile", "blocks.profile")]
    assert (answer["report"]["Key"], answer["entry"]["DetailType"]) == (f"{folder}verdict.json", "DatasetAccepted")
    data = answer["entry"]["Detail"]["data"]
    assert (data["location"], data["rows"], data["set_aside"], data["train"]) == (f"{folder}data.parquet", 8760, 0, True)


def test_rows_that_are_set_aside_do_not_count_as_rows():
    event = sample("functions/data/judge_dataset.json")
    data = judged(profile={**event["profile"], "bad_rows": 60, "faults": {"pn": {"Range": 60}}})["entry"]["Detail"]["data"]
    assert (data["rows"], data["set_aside"]) == (8700, 60)


def test_a_quarantined_upload_keeps_its_name():
    event = sample("functions/data/judge_dataset.json")
    answer = judged(profile={**event["profile"], "rows": 1})
    folder = f"quarantine/bikeshare/{answer['dataset']}/"
    assert (answer["copies"][-1]["Key"], answer["entry"]["DetailType"]) == (f"{folder}2011.csv", "DatasetQuarantined")
    assert answer["record"]["Item"]["status"] == {"S": "quarantined"}


@pytest.mark.parametrize(("length", "remaining"), [(400, 400), (401, 400)])
def test_a_name_is_cut_from_its_front(length, remaining):
    event = sample("functions/data/judge_dataset.json")
    name = "".join(chr(97 + number % 26) for number in range(length))
    key = judged(upload={**event["upload"], "key": f"incoming/bikeshare/{name}"}, spec=None)["copies"][-1]["Key"]
    assert key.rsplit("/", 1)[1] == name[-remaining:]


@pytest.mark.parametrize(("size", "looked_at"), [(5 * 2**30, True), (5 * 2**30 + 1, False)])
def test_rows_of_an_object_that_is_too_large_are_not_looked_at(monkeypatch, size, looked_at):
    monkeypatch.setattr(objects, "chunks", lambda bucket, key, version: iter([b"a,y\n1,1\n"]))
    monkeypatch.setattr(objects, "put", lambda bucket, key, content, kind: None)
    spec = {
        "data": {"format": "csv", "time": None, "key": [], "columns": {}, "bad_rows": {"at_most": 0}, "min_rows": 1},
        "target": "y",
        "preprocess": {"script": None},
    }
    result = read_upload.inspect_upload({"bucket": "b", "key": "k", "version": "v", "size": size, "spec": spec, "folder": "staging/u/"})
    assert (result["rows"] == 1) is looked_at


@pytest.mark.parametrize(
    ("rows_", "columns", "size"), [(1_000, 5, 200), (100, 5, 100), (1_000, 100, 100), (1_000, 20_000, 1), (1_000, 0, 200), (1_000, 50, 200), (1_000, 51, 196)]
)
def test_a_sample_of_a_holdout_is_small_enough_for_all_columns(rows_, columns, size):
    chosen = shuffle.sample(rows_, columns)
    assert len(chosen) == size
    assert chosen == sorted({number * rows_ // size for number in range(size)})


def test_each_column_is_dealt_out_anew_in_turn_and_the_others_stay():
    holdout = [[f"a{number}", f"b{number}", "c"] for number in range(10)]
    output = shuffle.shuffled(holdout)
    assert len(output) == 30
    first, second, third = output[:10], output[10:20], output[20:]
    assert [row[1:] for row in first] == [row[1:] for row in holdout]
    assert sorted(row[0] for row in first) == sorted(row[0] for row in holdout)
    assert [row[0] for row in first] != [row[0] for row in holdout]
    assert [[row[0], row[2]] for row in second] == [[row[0], row[2]] for row in holdout]
    assert third == holdout
    assert shuffle.shuffled([]) == []


def test_a_split_keeps_at_least_one_row_on_either_side():
    block = {"format": "csv", "time": "t", "key": [], "columns": {"t": {"type": "timestamp"}}, "bad_rows": {"at_most": 0}, "min_rows": 1}
    contract = DataContract.of(block)
    for test, held in ((0.01, 1), (0.5, 5), (0.89, 9)):
        output = split.split(["t", "y"], [[str(number), "0"] for number in range(10)], contract, "y", {"by": "time", "test": test, "group": []})
        assert (output.facts["holdout"], output.facts["train"], len(output.train)) == (held, 10 - held, 10 - held)


def test_the_share_of_a_random_holdout_is_about_what_was_asked():
    block = {"format": "csv", "time": None, "key": [], "columns": {"x": {"type": "number"}}, "bad_rows": {"at_most": 0}, "min_rows": 1}
    table = [[str(number), "0"] for number in range(4_000)]
    for by, group in (("random", []), ("group", ["x"])):
        facts = split.split(["x", "y"], table, DataContract.of(block), "y", {"by": by, "test": 0.3, "group": group}).facts
        assert facts["holdout"] / 4_000 == pytest.approx(0.3, abs=0.03)
        assert "first" not in facts


@pytest.mark.parametrize("row", [["a", "b"], ["a,b", "c"], ['say "x"', "c"], ["line\nend", "x"], ["", ""], ["é", "数"], ['"']])
def test_the_size_of_a_row_is_no_less_than_it_has_in_a_file(row):
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(row)
    actual = len(written.getvalue().encode())
    assert actual <= csv_text.csv_size(row) <= actual + 2 * len(row)
    if row[0] == "a":
        assert csv_text.csv_size(row) == actual


DATA = {"format": "csv", "time": None, "key": [], "columns": {"x": {"type": "number"}}, "bad_rows": {"at_most": 0}, "min_rows": 3}


@pytest.fixture
def lake(monkeypatch):
    """Objects by key."""
    held: dict[str, bytes] = {}
    monkeypatch.setattr(objects, "keys", lambda bucket, prefix, after: sorted(key for key in held if key.startswith(prefix) and key > after))
    monkeypatch.setattr(objects, "chunks", lambda bucket, key, version: iter([held[key]]))
    monkeypatch.setattr(objects, "write", lambda bucket, key, body, kind: held.__setitem__(key, body))
    monkeypatch.setattr(objects, "put", lambda bucket, key, path, kind: held.__setitem__(key, path.read_bytes()))
    return held


def prepared(processed="p/"):
    event = {"source": {"bucket": "b", "key": "data.csv"}, "processed": processed, "artifacts": "a", "folder": "runs/", "data": DATA, "target": "y"}
    return prepare_dataset({**event, "split": {"by": "random", "group": [], "test": 0.4}, "preprocess": {"columns": {}, "lags": []}})


def test_all_files_of_a_script_are_trained_on_together(lake):
    lake |= {"p/1.csv": b"x,y\n1,0\n2,1\n", "p/2.csv": b"x,y\n3,0\n", "p/notes.txt": b"no rows"}
    assert prepared()["facts"]["rows"] == 3
    assert lake["runs/train/train.csv"].startswith(b"x,y\n")
    assert set(lake) >= {f"runs/{name}" for name in ("holdout/holdout.csv", "holdout/shuffled.csv", "truth/truth.csv", "smoke/smoke.csv")}


@pytest.mark.parametrize(
    ("files", "report"),
    [
        ({}, "left no .csv and no .parquet"),
        ({"p/notes.txt": b"x"}, "left no .csv and no .parquet"),
        ({"p/1.csv": b"x,y\n1,0\n2,0\n"}, "left 2 rows, expected at least data.min_rows: 3"),
        ({"p/1.csv": b"x,y\n1,0\n", "p/2.csv": b"y,x\n1,0\n"}, "files of different columns: 2.csv has y, x"),
        ({"p/1.csv": b"z,y\n1,0\n"}, "wrote 1.csv without the column x; expected x, y"),
        ({"p/1.csv": b"x,y\n1,0\nmuch,0\n"}, r"wrote 1.csv, row 3, x: 'much' breaks the contract \(Type: expected a number\)"),
    ],
)
def test_what_a_script_left_that_cannot_be_trained_on_is_told_by_file_and_line(lake, files, report):
    lake |= files
    with pytest.raises(ContractError, match=report):
        prepared()


def test_without_a_script_the_dataset_itself_is_prepared(lake):
    lake["data.csv"] = b"x,y\n" + b"".join(b"%d,0\n" % number for number in range(20))
    assert prepared(None)["facts"]["rows"] == 20
