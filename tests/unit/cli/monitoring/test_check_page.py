"""The page of a check, as its reader needs it."""

import random

import pytest

from cli.base import report
from cli.monitoring import check_page, inputs, view
from cli.monitoring.check import compare
from tests.unit.cli.reading import Page

MOST_BYTES = 1_000_000
SPEC = "name: shop\ntask: binary\ntarget: y\ndata: {{{time}columns: {{{columns}}}}}\nevaluate: {{split: {{by: random, test: 0.2}}, gates: [{{metric: accuracy, at_least: 0.5}}]}}\n"


@pytest.fixture
def checked(tmp_path):
    """Checks a file against another: rows are (day, level, colour), an hour each."""
    drawn = random.Random(1)

    def write(name, days, level, colour, first=0):
        lines = [
            f"2024-{1 + d // 28:02}-{1 + d % 28:02}T{h:02}:00:00,{drawn.gauss(level, 1):.3f},{drawn.choice(colour)},{h % 2}"
            for d in range(first, first + days)
            for h in range(24)
        ]
        (tmp_path / name).write_text("\n".join(["ts,level,colour,y", *lines, ""]))
        return tmp_path / name

    def run(days, level, colour, time="time: ts, "):
        (tmp_path / "model.yaml").write_text(SPEC.format(time=time, columns="level: {type: number}, colour: {type: string}, y: {type: integer, drift: ignore}"))
        return compare(tmp_path, write("old.csv", 168, 0, ["red", "blue"]), write("new.csv", days, level, colour, 168))

    return run


def text_of(comparison):
    return Page(report.render(check_page.check_page(comparison))).text


def test_a_page_says_what_was_compared_then_the_verdict_with_its_two_numbers_then_what_moved_most(checked):
    comparison = checked(28, 1.5, ["red", "blue"])
    shown = Page(report.render(check_page.check_page(comparison)))
    column = comparison.result["columns"]["level"]
    parts = [
        "new.csv against old.csv model shop, which predicts y",
        "reference old.csv: 4,032 rows, 2024-01-01 to 2024-06-28 23:00 UTC",
        "current new.csv: 672 rows, 2024-07-01 to 2024-07-28 23:00 UTC",
        "of the reference, 28 days each",
        f"drift 1 of 3 columns has moved, level most: distance of the distributions {column['effect']:.3f}; a difference counts from {column['limit']:.3f} on.",
        "What moved",
        "column verdict effect limit × limit p-value of what KS PSI JS Wasserstein χ²/df level moved",
        "colour not moved",
        "Column by column level number moved",
    ]
    assert shown.missing(parts) == []


def test_where_nothing_moved_the_nearest_column_is_named_with_its_limit(checked):
    comparison = checked(28, 0, ["red", "blue"])
    assert comparison.result["verdict"] == "ok"
    text = text_of(comparison)
    assert "no drift None of 3 columns has moved. Nearest to its limit is" in text
    assert "; a difference counts from" in text


def test_both_distributions_have_names_and_units(checked):
    text = text_of(checked(28, 3, ["red", "green"]))
    assert text.count("share of values") == 3
    assert text.count("reference current") >= 3
    assert "green" in text


def test_one_block_is_singular_and_a_reference_without_blocks_says_why(checked, tmp_path):
    text = text_of(checked(168, 3, ["red", "blue"]))
    assert "the reference has 2 blocks of time as long as this one; a verdict needs 4" in text
    from noria.monitoring import drift

    comparison = checked(28, 3, ["red", "blue"])
    for blocks, words in ((1, "the reference has 1 block of time as long as this one"), (0, "of the reference no blocks of time are known")):
        verdict = drift.check(comparison.before, comparison.now, [comparison.before] * blocks, ["ts"])
        assert verdict["reasons"][0]["text"].startswith(words)
    few = drift.check(comparison.before, type(comparison.now)(rows=1), None)
    assert few["reasons"][0]["text"].startswith("1 row against 4,032 of the reference tells nothing")


def test_a_broken_feed_is_the_verdict_and_not_a_reason_again(checked):
    text = text_of(checked(28, 0, [""]))
    assert "broken feed The feed is broken: colour is empty in all of 672 rows; in the reference 100% are filled." in text
    assert text.count("colour is empty in all") == 1


def test_without_a_time_the_page_says_that_nothing_usual_is_known(checked):
    assert "usual variation unknown: the spec names no time (data.time)" in text_of(checked(28, 0, ["red", "blue"], time=""))


def test_the_page_of_many_columns_is_bounded_and_names_are_names(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(inputs, "MOST_ROWS", 100)
    drawn = random.Random(1)
    names = ["<script>", *(f"{'long ' * 8}{number}" for number in range(119))]
    for file, level in (("old.csv", 0), ("new.csv", 5)):
        rows = [",".join(f"{drawn.gauss(level, 1):.3f}" for _ in names) for _ in range(60)]
        (tmp_path / file).write_text("\n".join([",".join(names), *rows, ""]))
    columns = ", ".join(f'"{name}": {{type: number}}' for name in names)
    (tmp_path / "model.yaml").write_text(
        SPEC.format(time="", columns=columns)
        .replace("target: y", 'target: "<script>"')
        .replace("binary", "regression")
        .replace("accuracy, at_least", "mae, at_most")
    )
    comparison = compare(tmp_path, tmp_path / "old.csv", tmp_path / "new.csv")
    body = report.render(check_page.check_page(comparison))
    page = Page(body)
    assert len(body) < MOST_BYTES
    assert page.elements["script"] == 0
    assert "<script> (target)" in page.text
    assert "The 40 columns that moved most, of 120; the table has the others." in page.text
    assert "The table has the 100 columns that moved most, of 120; noria check --json has all." in page.text
    assert "and 100 more reasons" in page.text
    view.check(comparison.result)
    assert max(map(len, capsys.readouterr().out.splitlines())) < 300
