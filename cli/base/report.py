"""Reports that are shown to others: one theme for every page, of HTML that needs nothing but itself.

A page says first what was compared, then the verdict with the numbers that it rests on, then tables and plots. Every text that is
put into a report is escaped; plots are SVG of `cli.base.plot`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cli.base import wording

#: Tones of a verdict or of a note.
GOOD, BAD, UNSURE = "good", "bad", "unsure"
TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True)
class Cell:
    """A text of a table, with the tone that marks it, and the card of the page that it leads to."""

    text: str
    tone: str = ""
    card: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        words: heads of the columns that hold words and stand on the left; the others are numbers.
        note: what the heads mean.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A plot: one that fits a phone, and where it has many points one for wide pages."""

    narrow: str
    wide: str = ""
    note: str = ""


@dataclass(frozen=True)
class Card:
    """One column: its name, what stands out, its plot, facts, and tables that a reader may open.

    Attributes:
        place: the name by which cells of a table lead here.
    """

    place: str
    name: str
    kind: str
    notes: Sequence[Cell] = ()
    figure: Figure | None = None
    facts: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, Table]] = ()


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading."""

    heading: str
    texts: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    cards: Sequence[Card] = ()
    details: Sequence[tuple[str, Table]] = ()


@dataclass(frozen=True)
class Reason:
    """A reason of a verdict, and the column that it is about; its name may run from right to left."""

    text: str
    name: str = ""


@dataclass(frozen=True)
class Report:
    """A page.

    Attributes:
        compared: what was compared, by name.
        outcome: the verdict in a word or two; `verdict`: in a sentence, with the numbers that it rests on.
    """

    title: str
    compared: Sequence[tuple[str, str]]
    outcome: str
    tone: str
    verdict: str
    reasons: Sequence[Reason] = ()
    sections: Sequence[Section] = field(default_factory=tuple)


def words(*texts: str) -> list[Cell]:
    """A row of a table, without marks."""
    return [Cell(text) for text in texts]


def render(report: Report, written: datetime | None = None) -> bytes:
    """The page.

    Args:
        written: the time that the page bears; by default now.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text())
    time = wording.moment((written or datetime.now(UTC)).timestamp(), wording.MINUTE)
    return template.render(report=report, written=time, version=version("noria")).encode()
