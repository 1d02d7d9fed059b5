"""The importance of columns: what each share is, and when none is known."""

from noria.training import importance


def test_importance_is_the_share_of_each_column_in_what_moves_the_answers():
    answers = [["1", "0.9"], ["0", "0.2"]]
    again = [["1", "0.8"], ["0", "0.2"], ["0", "0.4"], ["0", "0.4"]]
    # x moves a probability by 0.1; y changes a label and moves probabilities by 0.5 and 0.2.
    assert importance.importance("binary", ["x", "y"], answers, again) == {"x": round(0.1 / 1.8, 4), "y": round(1.7 / 1.8, 4)}
    numbers = importance.importance("regression", ["x", "y"], [["1", "7"], ["2", "7"]], [["2", "0"], ["2", "0"], ["1", "0"], ["5", "0"]])
    assert numbers == {"x": 0.25, "y": 0.75}
    words = importance.importance("multiclass", ["x", "y"], [["a"], ["b"]], [["a"], ["c"], ["b"], ["a"]])
    assert words == {"x": round(1 / 3, 4), "y": round(2 / 3, 4)}


def test_importance_is_not_known_where_nothing_moves_or_the_answers_do_not_fit():
    answers = [["1", "0.9"]]
    for again in ([["1", "0.9"]], [], [["1", "0.9"]] * 2, [["1", "inf"]]):
        assert importance.importance("binary", ["x"], answers, again) is None
    assert importance.importance("binary", ["x"], [], []) is None
