"""The rows that a model is retrained on: its last dataset, and the rows that were labelled since."""

from noria.adapters import objects
from noria.data.csv_text import to_csv
from noria.data.dataset_file import read_texts
from noria.healing.assemble_dataset import assemble_dataset
from tests.datasets import write_dataset
from tests.unit.monitoring.lake import Lake, new_spec, traffic, truths


def test_a_healing_is_trained_on_the_last_dataset_and_all_that_was_labelled_since(lake):
    traffic(lake, 100)
    lake.upload_truth("a.csv", truths(100))
    result = lake.run()
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": result["state"], "spec": lake.spec}
    output = assemble_dataset({**event, "recent_days": None, "backtest": False})
    assert (output["rows"], output["set_aside"], output["since"]) == (5476, 0, "2025-01-01T00:00:00")
    recent = assemble_dataset({**event, "recent_days": 28, "backtest": False})
    assert (recent["rows"], recent["since"]) == (100, "2025-12-01")
    assert rows_of("new")[0] == ["x", "kind", "at", "y"]
    tried = assemble_dataset({**event, "recent_days": 28, "backtest": True})
    assert (tried["rows"], tried["backtest"]["days"]) == (output["rows"], None)
    assert set(tried["backtest"]["losses"]) == {"all", "56", "28", "14"}


def rows_of(dataset: str) -> list[list[str]]:
    """The header and the rows of a dataset."""
    header, rows = read_texts(objects.ObjectSource("lake", f"curated/m/{dataset}/data.parquet"))
    return [header, *rows]


def assembled(lake: Lake, state: str, base: str = "d") -> list[list[str]]:
    """The rows of a healing's dataset; it is the next one's base under its own name."""
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": f"curated/m/{base}x/", "base": base, "state": state, "spec": lake.spec}
    result = assemble_dataset({**event, "recent_days": None, "backtest": False})
    _, *rows = rows_of(f"{base}x")
    assert result["rows"] == len(rows)
    return rows


def labelled(lake: Lake, months: list[str]) -> str:
    """A hundred labelled rows of each month, told one day after the other; the state that is left."""
    for day, month in enumerate(months, start=2):
        traffic(lake, 100, name=month, at=f"2026-01-0{day}T00:00:00Z")
        lake.upload_truth(f"{month}.csv", truths(100, name=month).replace("2025-12-", f"{month}-"))
        result = lake.run(f"2026-01-0{day}T02:00:00.000Z")
    return str(result["state"])


def test_a_healing_takes_the_newest_rows_where_there_are_more_than_a_dataset_may_have(lake, monkeypatch):
    state = labelled(lake, ["2025-12", "2025-11"])
    header, *rows = [",".join(row) for row in rows_of("d")]
    write_dataset("lake", "curated/m/backwards/", "\n".join([header, *reversed(rows), ""]), lake.spec)
    for base in ("d", "backwards"):
        taken = {}
        for most in (3_000, 6_000, 9_000):
            monkeypatch.setattr("noria.healing.assemble_dataset.MOST_ASSEMBLED", most)
            taken[most] = {row[2][:7] for row in assembled(lake, state, base)}
        assert taken == {3_000: {"2025-12"}, 6_000: {"2025-11", "2025-12"}, 9_000: {"2025-08", "2025-11", "2025-12"}}


def test_a_row_takes_its_room_once_however_many_healings_have_had_it(lake, monkeypatch):
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_ASSEMBLED", 9_000)
    state = labelled(lake, ["2025-11", "2025-12"])
    first = assembled(lake, state)
    assert len(first) > 200
    assert assembled(lake, state, "dx") == first


def test_without_times_what_came_last_is_the_newest(lake, monkeypatch):
    state = labelled(lake, ["2025-12", "2025-11"])
    timeless = new_spec()
    timeless["data"]["time"] = None
    timeless["data"]["columns"]["at"] = timeless["data"]["columns"]["kind"]
    lake.spec = timeless
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_ASSEMBLED", 3_000)
    assert {row[2][:7] for row in assembled(lake, state)} == {"2025-11"}


def test_what_is_written_is_no_larger_than_a_dataset_may_be(lake, monkeypatch):
    traffic(lake, 200, kind='"é""ü, ""ö"', name="odd")
    lake.upload_truth("odd.csv", truths(200, name="odd"))
    state = str(lake.run()["state"])
    monkeypatch.setattr("noria.healing.assemble_dataset.MOST_ASSEMBLED", 5_000)
    assembled(lake, state)
    text = to_csv(rows_of("dx"))
    assert (text.count('é""') > 50, len(text.encode()) < 5_050) == (True, True)


def test_rows_that_break_the_contract_are_set_aside_from_a_healing_and_stop_none(lake):
    lake.capture("n", ["0.5,a", "oops,a", "0.1,b"], ["1", "1", "0"])
    lake.upload_truth("a.csv", "prediction_id,at,y\nn#0,2026-01-01,1\nn#1,2026-01-01,1\nn#2,2026-01-01,0\n")
    state = lake.run()["state"]
    event = {"bucket": "lake", "model": "m", "dataset": "new", "folder": "curated/m/new/", "base": "d", "state": state, "spec": lake.spec}
    result = assemble_dataset({**event, "recent_days": 28, "backtest": True})
    assert (result["rows"], result["set_aside"]) == (5378, 1)
