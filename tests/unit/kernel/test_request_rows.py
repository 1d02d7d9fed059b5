"""Requests to an endpoint: the same rows in every form, and what is not the model's columns is refused with what was expected."""

import pytest

from noria.kernel.request_rows import RefusedRequestError, parse

NAMES = ("age", "city", "open")
ROWS = [["59", "a,b", "true"], ["60.5", "", "false"]]
FORMS = {
    "csv": ("text/csv", '59,"a,b",true\n60.5,,false\n'),
    "csv of bytes, with parameters": ("Text/CSV; charset=utf-8", b'59,"a,b",true\r\n\r\n60.5,,false'),
    "objects": ("application/json", '[{"open": true, "age": 59, "city": "a,b"}, {"age": 60.5, "city": null, "open": false}]'),
    "lists": ("application/json", '[[59, "a,b", true], [60.5, null, false]]'),
    "instances": ("application/json; charset=utf-8", '{"instances": [[59, "a,b", true], [60.5, "", false]]}'),
    "lines": ("application/jsonlines", '{"open": true, "age": 59, "city": "a,b"}\n\n[60.5, null, false]\n'),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_are_read_in_every_form(form):
    kind, body = FORMS[form]
    assert parse(body, kind, NAMES) == ROWS


@pytest.mark.parametrize(("kind", "body"), [("application/json", '{"age": 1, "city": "c", "open": true}'), ("application/json", '[1, "c", true]')])
def test_a_row_may_stand_alone(kind, body):
    assert parse(body, kind, NAMES) == [["1", "c", "true"]]


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/csv", "1,c,true\n1,c,true,0\n", "row 2 has 4 values, expected 3, in this order: age, city, open"),
        ("text/csv", "1,c\n", "row 1 has 2 values, expected 3"),
        ("text/csv", "", "found no row, expected at least one of 3"),
        ("text/csv", b"\xff", "the body is no UTF-8"),
        ("application/json", "[1, 2", "the body is no JSON"),
        ("application/json", "[]", "found no row, expected at least one of 3"),
        ("application/json", "7", "row 1 is 7, expected a list or an object of 3"),
        ("application/json", '[{"age": 1, "town": "c"}]', "row 1 lacks city, open and has besides town; expected 3, in this order: age, city, open"),
        ("application/json", '[["a", "c", {}]]', "row 1 holds {}, expected a text, a number, a boolean or null"),
        ("application/json", '[[1, 2, 3], "x"]', 'row 2 is "x", expected a list or an object'),
        ("application/jsonlines", "[1, 2, 3]\n{", "line 2 is no JSON"),
        ("application/x-npy", b"", "found the content type application/x-npy, expected text/csv"),
    ],
)
def test_what_is_not_the_columns_is_refused_with_what_was_found_and_expected(kind, body, reason):
    with pytest.raises(RefusedRequestError, match=reason):
        parse(body, kind, NAMES)
