"""Counterexamples that were found in associations in memory; each stays."""

from deeplinks import Deep
from tests.space.test_growth import LONG, chain


def test_a_long_chain_of_types_comes_along_where_some_type_is_marked() -> None:
    deep = Deep()
    deep().store("s", "typed_true")
    base = deep()
    leaf = chain(deep, "type", base)
    leaf.store("s")

    assert base.is_stored("s")
    assert deep.space.ledger("s").waits == LONG + 3


def test_a_long_chain_of_types_begins_and_ends_being_stored_by_one_type() -> None:
    deep = Deep()
    T = deep().store("s", "typed_true")
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = T
    assert leaf.is_stored("s")
    base.type = deep
    assert not leaf.is_stored("s")
