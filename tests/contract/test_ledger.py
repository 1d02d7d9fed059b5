"""The state machines spell the keys of the ledger as `noria.kernel.ledger` does."""

import inspect
import re

import pytest

from noria.kernel import ledger
from scripts.templates import ROOT, machines, mappings

#: Every key of the ledger with `*` for what is in it: `("MODEL#*", "SPEC#*")`.
KEYS = {
    (key["pk"]["S"], key["sk"]["S"])
    for _, function in inspect.getmembers(ledger, inspect.isfunction)
    if function.__annotations__.get("return") == ledger.Item and set(function.__annotations__.values()) == {str, ledger.Item} and function is not ledger.key
    for key in [function(*["*"] * len(inspect.signature(function).parameters))]
}
#: A partition, or the beginning of one, that a query names.
PARTITIONS = {pk for pk, _ in KEYS}


def spelt(value):
    """A key's part in a machine as a pattern: `'SPEC#' & $id` is `SPEC#*`."""
    text = value["S"] if isinstance(value, dict) else value
    match = re.fullmatch(r"\{% '([A-Z]+#)' & .* %\}", text)
    return f"{match[1]}*" if match else text


def keys(definition):
    """Every literal key of a machine; the key of an item that was read is the item's own."""
    spelt_out = [(spelt(node["pk"]), spelt(node["sk"])) for node in mappings(definition) if {"pk", "sk"} <= set(node)]
    return {key for key in spelt_out if not key[0].endswith(".pk %}")}


def words(node):
    """Every text of a machine."""
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from words(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize(("name", "machine"), [(name, machine) for name, machine, _ in machines()], ids=lambda value: value if isinstance(value, str) else "")
def test_a_machine_s_literal_keys_are_the_ledger_s(name, machine):
    assert keys(machine["States"]) <= KEYS


@pytest.mark.parametrize(("name", "machine"), [(name, machine) for name, machine, _ in machines()], ids=lambda value: value if isinstance(value, str) else "")
def test_a_prefix_in_an_expression_is_one_of_the_ledger_s(name, machine):
    prefixes = {part.split("#")[0] for key in KEYS for part in key}
    spelt_out = {prefix for text in words(machine["States"]) for prefix in re.findall(r"'([A-Z]+)#'", text)}
    assert spelt_out <= prefixes


def test_no_other_module_spells_a_key():
    modules = [path for folder in ("layers/core/noria", "cli", "functions") for path in (ROOT / folder).rglob("*.py")]
    spelling = [path for path in modules if re.search(r"[\"'{](MODEL|SPEC|DATASET|RUN|RELEASE|ROLLBACK|APPROVAL|CLAIM|ENDPOINT|WAIT|TURN)#", path.read_text())]
    assert spelling == [ROOT / "layers/core/noria/kernel/ledger.py"]
