"""Charts: blocks for a terminal, a PNG for a page."""

from cli.base import charts, plot


def test_a_series_is_drawn_from_its_least_to_its_largest_value_and_a_gap_stays_blank():
    lines = charts.spark({"managed": [0.0, None, 1.0], "frozen": [0.5]}).plain.splitlines()
    assert [line[25:] for line in lines] == ["▁ █", "▄", "from 0.000 to 1.000"]
    assert charts.spark({"managed": [None]}).plain == "no window has enough rows"


def test_a_long_series_fits_into_a_line():
    assert len(charts.spark({"": [float(i) for i in range(1_000)]}).plain.splitlines()[0]) <= 25 + charts.WIDTH


def test_shares_are_drawn_against_a_whole():
    assert charts.bars([0.0, 0.5, 1.0], 1.0) == " ▄█"


def test_a_plot_marks_trainings_and_alarms():
    marks = [("2026-01-01", plot.RETRAINED), ("2026-01-02", plot.NO_IMPROVEMENT), ("2026-01-02", "a feed broke"), ("2026-01-02", "again")]
    courses = {"managed": [0.9, None], "frozen": [0.8, 0.7], "every window": [0.9, 0.9]}
    assert plot.series(["2026-01-01", "2026-01-02"], courses, "accuracy", marks).startswith(b"\x89PNG")
