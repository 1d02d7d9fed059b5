"""Names say what they hold: no identifier is a participle that could hold anything."""

from scripts import words


def test_no_identifier_is_one_of_the_forbidden_words():
    assert [f"{path}:{line}: {name}" for path, line, name in words.forbidden()] == []
