"""A simulation of the guard: what a setting would do."""

import json

import pytest
from typer.testing import CliRunner

from cli import app


def noria(*arguments):
    return CliRunner().invoke(app.app, ["guard", "simulate", "--runs", "40", "--minutes", "30", *arguments])


def test_a_bad_challenger_is_undone_and_the_plot_says_when():
    lines = noria("--challenger-errors", "0.5").stdout.splitlines()
    assert lines[0] == "undone 100.0%   promoted 0.0%   undecided 0.0%"
    assert "█" * 50 in lines[2]
    assert len(lines) == 15


def test_the_shares_of_the_outcomes_add_up_to_one():
    document = json.loads(noria("--challenger-errors", "0.02", "--json").stdout)
    assert document["undone"] + document["promoted"] + document["undecided"] == pytest.approx(1)
    assert document["undone"] < 0.2


@pytest.mark.parametrize("option", ["--share", "--confidence", "--champion-errors"])
def test_a_number_out_of_its_range_is_refused(option):
    assert f"{option} is 1, expected a number between" in str(noria(option, "1").exception)
