"""The theme of every page: it needs nothing but itself, and takes no text for markup."""

import subprocess
import sys
from datetime import UTC, datetime

from cli.base import distributions, report
from cli.base.distributions import Axis, Pair
from cli.base.report import Card, Cell, Figure, Reason, Report, Section, Table
from tests.unit.cli.reading import Page

EVIL = "<script>alert('1')</script>\"&"
WRITTEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def page(text: str) -> bytes:
    """A page that has one text in every place that takes one."""
    table = Table((text,), [[Cell(text, card="c1")]], frozenset({text}), text)
    figures = [
        Figure(distributions.histogram("f1", Axis(text), [0, 1, 2], [1, 2]), distributions.bars("f2", text, [(text, 2.0)]), text),
        Figure(distributions.paired_bars("f3", text, [text], Pair([0.5], [1.0], (text, text)))),
        Figure(distributions.overlay("f4", Axis(text), [0, 1, 2], Pair([0.5, 0.5], [0.1, 0.9], (text, text)))),
    ]
    card = Card("c1", text, text, [Cell(text)], figures[0], [(text, text)], [(text, table)])
    section = Section(text, [text], figures, [table], [card], [(text, table)])
    return report.render(Report(text, [(text, text)], text, report.GOOD, text, [Reason(text, text)], [section]), WRITTEN)


def test_every_text_is_shown_as_it_is_and_none_becomes_an_element():
    plain, read = Page(page("plain")), Page(page(EVIL))
    assert read.elements == plain.elements
    assert read.elements["script"] == 0
    # In each place; names along an axis are shortened.
    assert read.text.count(EVIL) > 20
    assert len(read.attributes) == len(plain.attributes)


def test_a_page_needs_nothing_but_itself():
    body = page("plain").decode()
    assert "http" not in body.replace("http-equiv", "")
    assert "@import" not in body
    assert "url(" not in body.replace("url(#", "")
    read = Page(body.encode())
    assert not {"script", "link", "img", "iframe"} & set(read.elements)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in read.attributes


def test_a_page_fits_a_phone_and_follows_the_readers_colours():
    body = page("plain").decode()
    assert 'name="viewport" content="width=device-width' in body
    assert "prefers-color-scheme:dark" in body
    # Plots have the colours of the theme, none of their own.
    svg = body[body.index("<svg") :]
    assert "var(--ink)" in svg
    assert ": #" not in svg


def test_a_formula_in_a_name_is_a_name():
    assert "$a_1$ costs $" in distributions.bars("f", "x", [("$a_1$ costs $", 1.0)])


def test_links_lead_to_places_of_the_page_and_no_two_plots_share_the_names_of_their_parts():
    read = Page(page("plain"))
    assert read.links == {"#c1"} <= read.places
    # One plot stands here twice.
    parts = [value for name, value in read.attributes if name == "id" and value.startswith(("p", "m"))]
    assert len(set(parts)) == 4


def test_a_page_says_when_it_was_written_and_by_which_version():
    assert Page(page("plain")).text.endswith("Written by Noria 0.1.0, 2026-01-02 03:04 UTC.")


def test_the_command_loads_neither_the_template_engine_nor_the_plots_before_it_draws():
    script = "import sys, cli.app; print(*({'jinja2', 'matplotlib', 'numpy', 'pyarrow'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_values_of_any_size_have_an_axis():
    for edges in ([-1e300, 0, 1e300], [0, 1e-300, 2e-300], [5e15, 6e15, 7e15], [10_000, 20_000, 30_000]):
        assert "<svg" in distributions.histogram("f", Axis("x"), edges, [1, 10**7])
    for edges in ([-1e12, 0, 1e12], [1e9, 1e9 + 1, 1e9 + 2], [-1e17, 0, 1e17]):
        assert "<svg" in distributions.histogram("f", Axis("x", distributions.TIMES), edges, [1, 1])
