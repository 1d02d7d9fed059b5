"""Where exactly an upload keeps its contract and where it no longer does, and what its owner reads."""

from dataclasses import replace
from typing import Any

import pytest

from noria.data import policy
from noria.data.contract import DataContract

HEADER = ["id", "at", "size", "kind", "count", "y"]
PROFILE = {"bytes": 10, "problem": None, "header": HEADER, "rows": 100, "bad_rows": 0, "faults": {}, "nulls": {}, "last": None}


def judged(contract: DataContract, **changed: Any) -> policy.Verdict:
    return policy.judge({**PROFILE, **changed}, contract, "y")


def test_an_empty_file_is_told_what_to_upload(contract):
    (reason,) = judged(contract, bytes=0).reasons
    assert (reason.observed, reason.limit) == (0, "at least one row")
    assert judged(contract, bytes=1).outcome == "accepted"


def test_a_file_of_5_gib_is_taken_and_a_larger_one_is_told_its_size(contract):
    assert judged(contract, bytes=5 * 2**30).outcome == "accepted"
    (reason,) = judged(contract, bytes=10 * 2**30).reasons
    assert (reason.observed, reason.limit) == (10 * 2**30, 5 * 2**30)
    assert "the file has 10.0 GiB, more than 5" in reason.text
    assert judged(contract, bytes=5 * 2**30 + 1).outcome == "quarantined"


# The contract of these tests takes a quarter of bad rows, and three good ones at least.
@pytest.mark.parametrize(("rows", "bad", "codes"), [(100, 0, []), (100, 25, ["RowsSetAside"]), (100, 26, ["TooManyBadRows"]), (4, 1, ["RowsSetAside"])])
def test_bad_rows_are_set_aside_up_to_the_share_that_the_contract_takes(contract, rows, bad, codes):
    verdict = judged(contract, rows=rows, bad_rows=bad, faults={"size": {"Range": bad}} if bad else {})
    assert [reason.code for reason in verdict.reasons] == codes
    assert verdict.outcome == ("quarantined" if "TooManyBadRows" in codes else "accepted")


def test_too_many_bad_rows_are_told_as_a_share_with_where_they_are(contract):
    (reason,) = judged(contract, rows=300, bad_rows=100, faults={"size": {"Range": 60, "Null": 10}, "": {"Shape": 30}}).reasons
    assert (reason.observed, reason.limit) == (0.333333, 0.25)
    assert reason.text == "100 of 300 rows break the contract (33.3%, at most 25.0%): size Range × 60, size Null × 10, row Shape × 30"


def test_rows_that_are_set_aside_are_counted_in_the_verdict(contract):
    (reason,) = judged(contract, bad_rows=2, faults={"kind": {"Value": 2}}).reasons
    assert (reason.observed, reason.limit, reason.text) == (2, 0, "2 of 100 rows were set aside: kind Value × 2")


@pytest.mark.parametrize(("rows", "bad", "good"), [(2, 0, 2), (3, 1, 2), (0, 0, 0)])
def test_only_good_rows_count_for_the_fewest_that_a_contract_asks(contract, rows, bad, good):
    reason = judged(contract, rows=rows, bad_rows=bad, faults={"size": {"Range": bad}}).reasons[-1]
    assert (reason.code, reason.observed, reason.limit) == ("TooFewRows", good, 3)
    assert reason.text == f"{good} good rows, fewer than data.min_rows = 3"
    assert judged(contract, rows=3).outcome == "accepted"


def test_too_many_bad_rows_and_too_few_good_ones_are_two_reasons(contract):
    verdict = judged(contract, rows=4, bad_rows=2, faults={"size": {"Range": 2}})
    assert [reason.code for reason in verdict.reasons] == ["TooManyBadRows", "TooFewRows"]


@pytest.mark.parametrize(("count", "more"), [(19, None), (20, None), (21, "and 1 more"), (30, "and 10 more")])
def test_no_more_than_twenty_kinds_of_faults_are_named(contract, count, more):
    faults = {f"c{number}": {"Range": 1} for number in range(count)}
    text = judged(contract, rows=200, bad_rows=count, faults=faults).reasons[0].text
    assert text.count("Range × 1") == min(count, 20)
    assert text.endswith(more or "× 1")


@pytest.mark.parametrize("missing", [1, 20, 21, 25])
def test_no_more_than_twenty_missing_columns_are_named_and_the_rest_counted(missing):
    columns = {f"c{number}": {"type": "number", "nullable": False, "between": None, "values": None, "drift": "watch"} for number in range(missing)}
    contract = DataContract.of({"format": "csv", "time": None, "key": [], "columns": columns, "bad_rows": {"at_most": 0}, "min_rows": 1})
    verdict = policy.judge({**PROFILE, "header": ["y", "z"]}, contract, "y")
    named = [reason for reason in verdict.reasons if reason.text.startswith("the header lacks 'c")]
    assert [reason.limit for reason in named] == [f"c{number}" for number in range(min(missing, 20))]
    assert len(verdict.reasons) == min(missing, 20) + (missing > 20)
    assert missing <= 20 or str(missing - 20) in verdict.reasons[-1].text


def test_a_file_of_a_single_column_lacks_the_others(contract):
    assert {reason.limit for reason in judged(contract, header=["y"]).reasons} == set(HEADER) - {"y"}


@pytest.mark.parametrize(
    ("target", "result", "hint"),
    [("abc", "abcdefghijkl", True), ("ab", "abcdefghijkl", False), ("abcdefghijkl", "jkl", True), ("abcdefghijkl", "kl", False), ("colour", "color", True)],
)
def test_a_name_that_resembles_the_missing_one_or_shares_three_letters_with_it_as_a_part_is_a_hint(contract, target, result, hint):
    (reason,) = policy.judge({**PROFILE, "header": [*HEADER, result]}, contract, target).reasons
    assert (reason.limit, reason.observed) == (target, result if hint else None)
    assert (f"is it renamed to {result!r}?" in reason.text) == hint


def test_a_column_that_the_contract_asks_for_as_well_is_no_renamed_one(contract):
    (reason,) = judged(contract, header=["id", "at", "size", "count", "y", "counts"]).reasons
    assert (reason.limit, reason.observed) == ("kind", None)


def test_a_model_that_nobody_published_is_named_with_what_to_run():
    verdict = policy.unknown_model("g" * 100)
    (reason,) = verdict.reasons
    assert (verdict.outcome, reason.code, reason.observed) == ("quarantined", "UnknownModel", "g" * 60)
    assert "noria publish models/<name>" in reason.text


@pytest.mark.parametrize("name", ["SIZE", '"size"', " Size ", "s_i-z e"])
def test_a_name_that_differs_in_case_quotes_or_blanks_is_a_hint(contract, name):
    header = [{"size": name}.get(item, item) for item in HEADER]
    assert judged(contract, header=header).reasons[0].observed == name


def test_a_contract_limits_rows_nulls_age_and_other_columns(contract):
    limited = replace(
        contract, max_rows=99, fresh=3600.0, extra_columns="reject", columns={**contract.columns, "kind": replace(contract.columns["kind"], nulls=0.1)}
    )
    assert policy.judge(PROFILE, replace(limited, max_rows=100), "y", 10_000.0).outcome == "accepted"
    reasons = policy.judge({**PROFILE, "header": [*HEADER, "more"], "nulls": {"kind": 11}, "last": 6_000.0}, limited, "y", 10_000.0).reasons
    assert [reason.code for reason in reasons] == ["ExtraColumn", "TooManyRows", "TooManyNulls", "Stale"]
    assert policy.judge({**PROFILE, "nulls": {"kind": 10}, "last": 6_400.0}, replace(limited, max_rows=100), "y", 10_000.0).outcome == "accepted"
