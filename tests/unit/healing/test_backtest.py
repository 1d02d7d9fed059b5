"""How far back a training should reach: tried on the newest rows, and the longest window where none is clearly better."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from noria.data.contract import DataContract
from noria.healing import backtest
from noria.spec.data import DataSpec

COLUMNS = {"x": {"type": "number", "nullable": True}, "kind": {"type": "string"}, "at": {"type": "timestamp"}}
CONTRACT = DataContract.of(DataSpec.model_validate({"time": "at", "columns": COLUMNS}).model_dump(mode="json"))
HEADER = ["at", "kind", "x", "y"]
DAYS = 400


def rows(changed: int | None, task: str, count: int = 6_000) -> list[list[str]]:
    """Fifteen rows a day; so many days before the end, the other half of the x becomes what is high."""
    drawn, result = random.Random(0), []
    for number in range(count):
        day = number * DAYS / count
        x, sign = drawn.random(), -1 if changed is not None and day >= DAYS - changed else 1
        high = sign * (x - 0.5) + drawn.gauss(0, 0.2)
        at = (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)).isoformat()
        result.append([at, "ab"[number % 2], "" if number % 50 == 0 else f"{x:.4f}", f"{high:.4f}" if task == "regression" else ["no", "yes"][high > 0]])
    return result


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_world_that_has_changed_is_learnt_from_its_own_rows_alone(task):
    result = backtest.choose(CONTRACT, "y", task, HEADER, rows(130, task), 200)
    assert result.days == 100
    assert result.losses["100"] < result.losses["200"] < result.losses["all"]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_world_that_stays_as_it_is_is_learnt_from_all_that_is_known(task):
    assert backtest.choose(CONTRACT, "y", task, HEADER, rows(None, task), 200).days is None


def test_a_window_of_too_few_rows_is_not_tried_and_too_few_rows_choose_nothing():
    result = backtest.choose(CONTRACT, "y", "binary", HEADER, rows(130, "binary", 3_000), 40)
    assert set(result.losses) == {"all", "80", "40"}
    assert backtest.choose(CONTRACT, "y", "binary", HEADER, rows(None, "binary", 300), 200) == backtest.Choice(200, {})
    assert backtest.choose(CONTRACT, "y", "binary", HEADER, [], 200) == backtest.Choice(200, {})


def test_columns_that_are_empty_constant_or_infinite_do_not_stop_it():
    odd = [[at, "same", ["", "inf", "1e308"][number % 3], y] for number, (at, _, _, y) in enumerate(rows(None, "binary"))]
    assert backtest.choose(CONTRACT, "y", "binary", HEADER, odd, 200).losses


def test_a_window_that_makes_no_dataset_is_not_tried():
    least = DataContract.of(DataSpec.model_validate({"time": "at", "columns": COLUMNS, "min_rows": 2_500}).model_dump(mode="json"))
    result = backtest.choose(least, "y", "binary", HEADER, rows(130, "binary"), 200)
    assert set(result.losses) == {"all", "400", "200"}


def test_a_target_that_is_no_number_is_left_out():
    odd = rows(None, "regression")
    for number, value in enumerate(("inf", "unknown", "nan", "1e999")):
        odd[number * 100][3] = value
    assert all(loss < 10 for loss in backtest.choose(CONTRACT, "y", "regression", HEADER, odd, 200).losses.values())


def test_a_world_that_turned_over_weeks_ago_is_learnt_from_the_weeks_since():
    turned = backtest.choose(CONTRACT, "y", "binary", HEADER, rows(60, "binary", 24_000), 365)
    assert turned.days is not None
    assert turned.days <= 45.625


def test_a_world_that_turned_over_last_is_seen_though_most_of_what_is_asked_about_is_older():
    turned = backtest.choose(CONTRACT, "y", "binary", HEADER, rows(10, "binary", 24_000), 365)
    assert turned.days is not None
    assert turned.days <= 11.40625


def test_a_gain_that_a_few_days_make_is_none():
    result = rows(None, "binary", 24_000)
    for number in range(23_500, 23_600):
        result[number][3] = {"no": "yes", "yes": "no"}[result[number][3]]
    assert backtest.choose(CONTRACT, "y", "binary", HEADER, result, 365).days is None
