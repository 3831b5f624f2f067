"""Counterexamples that were found in associations in memory; each stays."""

from deeplinks import Association, Deep, Reason
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


def test_a_long_chain_of_types_ends_being_stored_by_a_type_that_keeps_it_out() -> None:
    deep = Deep()
    T, out = deep().store("s", "typed_true"), deep().store("s", "typed_false")
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = T
    base.type = out

    assert not leaf.is_stored("s")
    assert deep.space.ledger("s").waits == 3


def test_a_long_chain_of_types_that_is_marked_is_destroyed_with_all_below() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.store("s", "typed_true")
    base.destroy(cascade=True)

    assert leaf.destroyed
    assert deep.space.ledger("s").waits == 0


def test_a_long_circle_of_types_that_is_marked_is_destroyed_with_all_below() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = leaf
    base.store("s", "typed_true")
    assert leaf.is_stored("s")
    base.destroy(cascade=True)

    assert len(deep) == 1


def test_a_long_chain_below_an_alive_type_is_destroyed_with_all_below() -> None:
    deep = Deep()
    told: list[Association] = []
    base = deep.alive(lambda one, _: told.append(one))
    leaf = chain(deep, "type", base)
    base.destroy(cascade=True)

    assert leaf.destroyed
    assert len(told) == LONG


def test_what_a_function_changes_while_much_is_destroyed_counts_for_those_that_come_after() -> None:
    deep = Deep()

    def let_go(one: Association, reason: Reason) -> None:
        if reason is Reason.destruction and one is low:
            top.store("s", "typed_false")

    top = deep.alive(let_go).store("s", "typed_true")
    middle = top()
    low = middle()
    deep.space.ledger("s").known.update(entry.association for entry in deep.space.ledger("s").take(10)[0])
    middle.destroy(cascade=True)
    entries, _ = deep.space.ledger("s").take(10)

    assert [entry.association for entry in entries if entry.destroyed] == []


def test_a_long_circle_of_types_that_is_marked_is_told_as_values() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = leaf
    base.store("s", "typed_true")
    again = Deep.from_dict(deep.to_dict())

    assert again[leaf.id].is_stored("s")
    assert again.space.ledger("s").waits == LONG + 2


def test_data_under_types_that_were_made_after_it_is_copied() -> None:
    deep = Deep()
    text, Name = deep(), deep()
    Name.type = deep.String
    text.type = deep()
    text.type.type = Name
    text.data = "x"

    (copy,) = [one for one in deep.copy([text, Name, text.type]).values() if one.data == "x"]
    assert copy is not text


def test_a_long_chain_of_values_is_stored_told_and_copied() -> None:
    deep = Deep()
    text = deep.String("x")
    first = chain(deep, "value", text)
    first.store("s")
    again = Deep.from_dict(deep.to_dict())
    copies = deep.copy(one for one in deep if one is not deep)

    assert text.is_stored("s")
    assert again[first.id].data == copies[first].data == "x"


def test_a_long_chain_of_values_tells_each_above() -> None:
    deep = Deep()
    text = deep.String("x")
    first = chain(deep, "value", text)
    heard: list[object] = []
    deep.on("data_changed", heard.append)
    first.data = "y"

    assert len(heard) == LONG


def test_a_path_of_names_may_be_long() -> None:
    deep = Deep()
    last = top = deep()
    deep["top"] = top
    for _ in range(5_000):
        last["x"] = last = deep()
    deep["top"].store("s")

    assert last is deep["top" + "/x" * 5_000]
