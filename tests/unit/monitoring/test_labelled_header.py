"""The file of labelled rows: which columns it names, and in which order."""

from types import SimpleNamespace

from noria.data.contract import Column, DataContract
from noria.monitoring import labelled

CONTRACT = DataContract("csv", "when", ("id",), {name: Column("number") for name in ("apple", "melon", "zebra")}, 0.0, 1)


def test_every_column_of_the_contract_is_named_and_the_target_last_wherever_it_stands():
    for target, rest in (("melon", ["apple", "zebra", "id", "when"]), ("apple", ["melon", "zebra", "id", "when"]), ("zebra", ["apple", "melon", "id", "when"])):
        header = labelled.header(SimpleNamespace(contract=CONTRACT, target=target))
        assert header == [*labelled.COLUMNS, *rest, target]
