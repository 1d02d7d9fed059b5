"""The pictures of columns that have moved: bars of numbers, and shares of words."""

import pyarrow as pa

from noria.monitoring.charts import pictures
from noria.profile import batches
from noria.profile.dataset import Profile


def of(**columns) -> Profile:
    output = Profile()
    batches.add(output, pa.record_batch({name: pa.array(values) for name, values in columns.items()}))
    return output


def judged(**effects: float) -> dict:
    return {"columns": {name: {"drifted": effect > 0, "effect": effect, "limit": 0.1} for name, effect in effects.items()}}


def test_a_picture_of_numbers_has_twelve_bars_from_the_least_to_the_most():
    output = pictures(judged(x=0.5), of(x=[0.0, 6.0, 12.0]), of(x=[6.0, 24.0]))["x"]
    assert (output["from"], output["to"], len(output["before"]), len(output["now"])) == (0, 24, 12, 12)
    # Two hours a bar: 0 is where the first one begins, 6 ends the third, 12 the sixth, 24 the last.
    assert output["before"] == [0.3333 if number in (0, 2, 5) else 0 for number in range(12)]
    assert output["now"] == [0.5 if number in (2, 11) else 0 for number in range(12)]


def test_a_picture_of_words_has_the_share_of_each():
    output = pictures(judged(x=0.5), of(x=["a", "a", "b", "b"]), of(x=["a", "c", "c", "c"]))["x"]
    assert output == {"values": ["a", "b", "c"], "before": [0.5, 0.5, 0], "now": [0.25, 0, 0.75]}
    wide = [f"w{number:02}" for number in range(20)]
    assert len(pictures(judged(x=0.5), of(x=wide), of(x=wide))["x"]["values"]) == 12


def test_only_columns_that_have_drifted_are_drawn_and_six_of_them():
    effects = {f"c{number}": 0.1 + number / 100 for number in range(8)}
    profile = of(**{name: [1.0, 2.0] for name in effects})
    assert list(pictures(judged(**effects), profile, profile)) == [f"c{number}" for number in (7, 6, 5, 4, 3, 2)]
    assert pictures(judged(c0=0.0), profile, profile) == {}
