"""A copy to correct: as it was uploaded, without its bad rows, or with columns renamed; every row that is good stays as it was."""

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.base.errors import CliError
from cli.data.quarantine_fix import fix, parsed
from cli.data.quarantine_release import release
from noria.kernel.errors import UnreadableDatasetError
from tests.local.small_model import data

ROWS = [(number, 99 if number % 3 == 0 else number % 10, number % 2) for number in range(90)]
GOOD = [row for row in ROWS if row[1] != 99]


def text(rows=ROWS, mark: str = ",") -> str:
    return "\n".join(mark.join(map(str, row)) for row in [("id", "x", "y"), *rows]) + "\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """The working directory of the command."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def quarantined(churn, upload_bytes):
    """The id of what is uploaded for `churn`."""
    churn()
    return upload_bytes


@pytest.mark.parametrize("name", ["rows.csv", "rows.tar.csv.gz", "größe ☃.parquet"])
def test_by_default_the_copy_is_the_file_as_it_was_uploaded(stack, quarantined, here, name):
    result = fix(stack, quarantined(name, b"\x00\xff any bytes"))
    (copy,) = here.iterdir()
    assert (copy.read_bytes(), copy.suffix, copy.name) == (b"\x00\xff any bytes", Path(name).suffix, result.path)
    assert result.next == f"noria quarantine release {result.dataset} {copy.name}"
    assert (result.rows, result.dropped) == (None, 0)


def test_the_rows_that_keep_the_contract_are_left_as_they_are_and_are_accepted(stack, quarantined, ingest):
    result = fix(stack, quarantined("rows.csv", text()), drop_bad=True)
    assert (result.path, result.rows, result.dropped) == ("corrected-rows.csv", 60, 30)
    assert Path(result.path).read_text() == text(GOOD)
    release(stack, result.dataset, Path(result.path))
    accepted = ingest("incoming/churn/corrected-rows.csv")
    assert stack.s3.head_object(Bucket="lake", Key=f"curated/churn/{accepted}/data.parquet")


def xlsx(path: Path) -> bytes:
    """A workbook with one sheet, as its format has it at the least."""
    cell = {str: '<c t="inlineStr"><is><t>{}</t></is></c>', int: "<c><v>{}</v></c>"}
    rows = "".join(f"<row>{''.join(cell[type(value)].format(value) for value in row)}</row>" for row in [("id", "x", "y"), *ROWS])
    office, main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/a.xml"/></Relationships>',
        "xl/worksheets/a.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, content in files.items():
            book.writestr(name, content)
    return path.read_bytes()


def parquet(path: Path) -> bytes:
    columns = list(zip(*ROWS, strict=True))
    pq.write_table(pa.table({"id": columns[0], "x": pa.array(columns[1], pa.float64()), "y": columns[2], "word": ["a", "b", "a"] * 30}), path)
    return path.read_bytes()


def jsonl(_: Path) -> bytes:
    records = [dict(zip(("id", "x", "y"), row, strict=True)) for row in ROWS]
    return "".join(json.dumps(record) + "\n" for record in [*records[:-1], {**records[-1], "late": "é"}]).encode()


@pytest.mark.parametrize(
    ("name", "make", "copy"),
    [
        ("rows.csv.gz", lambda _: gzip.compress(text().encode()), "corrected-rows.csv"),
        ("rows.tsv", lambda _: text(mark="\t").encode(), "corrected-rows.tsv"),
        ("rows.xlsx", xlsx, "corrected-rows.csv"),
        ("rows.jsonl", jsonl, "corrected-rows.csv"),
    ],
)
def test_good_rows_of_any_format_are_written_as_csv(stack, quarantined, tmp_path, name, make, copy):
    result = fix(stack, quarantined(name, make(tmp_path / "made")), drop_bad=True)
    assert (result.path, result.rows) == (copy, 60)
    header, first, *_ = Path(copy).read_text().splitlines()
    mark = "\t" if name.endswith("tsv") else ","
    assert (header.split(mark)[:3], first.split(mark)[:3]) == (["id", "x", "y"], ["1", "1", "1"])


def test_good_rows_of_parquet_keep_their_types(stack, quarantined, tmp_path):
    result = fix(stack, quarantined("rows.parquet", parquet(tmp_path / "made")), drop_bad=True, rename={"word": "name"})
    table = pq.read_table(result.path)
    assert (result.path, table.num_rows) == ("corrected-rows.parquet", 60)
    assert [str(field.type) for field in table.schema] == ["int64", "double", "int64", "string"]
    assert (table.column_names, table["id"].to_pylist()) == (["id", "x", "y", "name"], [row[0] for row in GOOD])


def test_rows_of_another_number_of_fields_are_dropped_and_quoted_cells_stay(stack, quarantined):
    rows = [f'{number},1,1,"a, ""b""\nc"\n' for number in range(60)]
    result = fix(stack, quarantined("rows.csv", "".join(["id,x,y,z\n", *rows[:30], "1,2\n" * 40, *rows[30:]])), drop_bad=True)
    assert Path(result.path).read_text() == "".join(["id,x,y,z\n", *rows])
    assert (result.rows, result.dropped) == (60, 40)


def test_a_copy_is_in_the_notation_that_the_contract_declares(stack, churn, upload_bytes):
    churn("  csv: {delimiter: ';', encoding: cp1252}\n")
    named = text(mark=";").replace("id;", "größe;id;").replace("\n", "\nä;").removesuffix("ä;")
    body = named.replace("ä;größe", "größe", 1)
    result = fix(stack, upload_bytes("rows.csv", body.encode("cp1252")), drop_bad=True)
    assert Path(result.path).read_text(encoding="cp1252").splitlines()[:2] == ["größe;id;x;y", "ä;1;1;1"]


def test_a_file_whose_encoding_shows_late_is_read_as_ingestion_read_it(stack, quarantined):
    rows = text([*(("9" * 60, row[1], row[2]) for row in ROWS * 60), *ROWS])
    body = rows.replace("id,x,y\n", "id,x,y,word\n").replace("\n", ",a\n").replace("word,a", "word").encode() + "1000,1,1,ü\n".encode("cp1252")
    result = fix(stack, quarantined("rows.csv", body), drop_bad=True)
    assert Path(result.path).read_text().splitlines()[-1] == "1000,1,1,ü"


def test_columns_are_renamed_and_no_row_is_lost(stack, quarantined, ingest):
    body = text(GOOD).replace("id,x,y", "ID,x_value,y") + "1,2\n"
    result = fix(stack, quarantined("rows.csv", body), rename={"ID": "id", "x_value": "x"})
    assert Path(result.path).read_text() == text(GOOD) + "1,2\n"
    assert (result.rows, result.dropped) == (61, 0)
    release(stack, result.dataset, Path(result.path))
    assert ingest("incoming/churn/corrected-rows.csv") != result.dataset


@pytest.mark.parametrize(
    ("rename", "message"),
    [({"z": "x"}, "has no column z to rename; it has: id, x, y"), ({"x": "y"}, "two columns would be named y; the file has: id, x, y")],
)
def test_a_rename_that_cannot_be_is_refused(stack, quarantined, here, rename, message):
    with pytest.raises(CliError, match=message):
        fix(stack, quarantined("rows.csv", text()), rename=rename)
    assert list(here.iterdir()) == []


def test_where_no_single_row_was_bad_none_can_be_dropped(stack, quarantined, here):
    with pytest.raises(CliError, match=r"no single row of \w+ was set aside, so none can be dropped: the header lacks 'x'"):
        fix(stack, quarantined("rows.csv", "id,y\n1,2\n"), drop_bad=True)
    assert list(here.iterdir()) == []


def test_a_copy_without_a_row_is_not_written(stack, quarantined, here):
    with pytest.raises(CliError, match=r"no row of .* keeps the contract"):
        fix(stack, quarantined("rows.csv", "id,x,y\n1,99,2\n"), drop_bad=True)
    assert list(here.iterdir()) == []


def test_nothing_that_is_there_is_overwritten(stack, quarantined, here):
    dataset = quarantined("rows.csv", text())
    for name, out in (("corrected-rows.csv", None), ("mine.csv", Path("mine.csv"))):
        (here / name).write_text("mine")
        with pytest.raises(CliError, match=r"there is a file corrected-rows\.csv already|--out is mine\.csv, which is there already"):
            fix(stack, dataset, out)
        assert (here / name).read_text() == "mine"
    with pytest.raises(CliError, match="there is no folder nowhere"):
        fix(stack, dataset, Path("nowhere/rows.csv"))


def test_a_place_that_cannot_be_written_is_told(stack, quarantined, here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cli.data.corrected_file.csv.writer", full)
    with pytest.raises(CliError, match=r"cannot write a copy to .*here: No space left on device; name a place that has room"):
        fix(stack, quarantined("rows.csv", text()), drop_bad=True)
    assert list(here.iterdir()) == []


def test_the_next_command_can_be_pasted_into_a_shell(stack, quarantined):
    result = fix(stack, quarantined("rows.csv", text()), Path("my rows.csv"))
    assert result.next == f"noria quarantine release {result.dataset} 'my rows.csv'"


def test_a_name_that_promises_another_format_is_refused(stack, quarantined, here):
    with pytest.raises(CliError, match=r"--out is rows\.parquet, and the copy is csv: name a file that ends in \.csv"):
        fix(stack, quarantined("rows.csv", text()), Path("rows.parquet"), drop_bad=True)
    assert list(here.iterdir()) == []


def test_a_copy_that_the_contract_would_refuse_for_its_format_is_not_written(stack, churn, upload_bytes, tmp_path, here):
    churn("  format: jsonl\n")
    with pytest.raises(CliError, match=r"the copy would be csv, and data\.format of churn asks for jsonl"):
        fix(stack, upload_bytes("rows.jsonl", jsonl(tmp_path)), drop_bad=True)
    assert list(here.iterdir()) == []


def test_the_columns_of_what_is_no_table_cannot_be_renamed(stack, quarantined):
    with pytest.raises(UnreadableDatasetError, match="the file is an image"):
        fix(stack, quarantined("rows.csv", b"\x89PNG\r\n"), rename={"a": "b"})


def test_bad_rows_that_somebody_deleted_are_told(stack, quarantined):
    dataset = quarantined("rows.csv", text())
    stack.s3.delete_object(Bucket="lake", Key=f"quarantine/churn/{dataset}/set-aside.csv")
    with pytest.raises(CliError, match=r"set-aside\.csv is gone"):
        fix(stack, dataset, drop_bad=True)


@pytest.mark.parametrize(("texts", "message"), [(["a"], "expected OLD=NEW"), (["=b"], "expected OLD=NEW"), (["a=b", "a=c"], "column a twice")])
def test_a_rename_is_two_names(texts, message):
    with pytest.raises(CliError, match=message):
        parsed(texts)


def test_the_command_says_what_it_wrote_and_what_to_run_next(noria, quarantined, tmp_path):
    dataset = quarantined("rows.csv", data(tmp_path, bad=60))
    assert noria("quarantine", "fix", dataset[:8]).stdout.splitlines() == [
        "wrote corrected-rows.csv: as it was uploaded",
        f"release it when it is corrected: noria quarantine release {dataset} corrected-rows.csv",
    ]
    assert noria("quarantine", "fix", dataset, "--drop-bad", "--rename", "y=z", "--out", "b.csv").stdout.splitlines() == [
        "wrote b.csv: 140 rows, without 60 bad rows",
        f"release it: noria quarantine release {dataset} b.csv",
    ]
    answer = json.loads(noria("quarantine", "fix", dataset, "--out", "c.csv", "--json").stdout)
    assert answer == {"dataset": dataset, "model": "churn", "path": "c.csv", "rows": None, "dropped": 0, "next": f"noria quarantine release {dataset} c.csv"}
