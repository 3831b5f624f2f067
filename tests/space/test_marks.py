"""Storage markers: what they say, alone and together, on an association and up its types."""

import re
from dataclasses import dataclass
from itertools import chain, combinations, product

import pytest

from deeplinks import Association, Deep, StorageMarker
from deeplinks.errors import DestroyedError


@dataclass
class Storage:
    name: str


def subsets(*marks: str) -> list[tuple[str, ...]]:
    return list(chain.from_iterable(combinations(marks, count) for count in range(len(marks) + 1)))


def says(own: tuple[str, ...], *types: tuple[str, ...]) -> bool:
    """The precedence, plainly: own false, own true, then the nearest with a typed mark; false wins on one type."""
    if "one_false" in own:
        return False
    if "one_true" in own:
        return True
    deciding = next((marks for marks in (own, *types) if {"typed_true", "typed_false"} & set(marks)), ())
    return "typed_true" in deciding and "typed_false" not in deciding


def test_every_combination_of_marks_on_self_and_three_types_says_what_the_precedence_says(deep: Deep) -> None:
    C = deep()
    B = C()
    A = B()
    x = A()
    typed = subsets("typed_true", "typed_false")
    for own, *types in product(subsets(*StorageMarker), typed, typed, typed):
        for one, marks in zip((C, B, A, x), (*reversed(types), own), strict=True):
            for marker in marks:
                one.store("s", marker)
        assert x.is_stored("s") is says(own, *types), (own, types)
        for one in (x, A, B, C):
            one.unstore("s")
        deep.space.ledger("s").take(100)


def test_own_marks_of_a_type_say_nothing_of_its_instances(deep: Deep) -> None:
    T = deep().store("s")
    U = deep().store("s", "typed_true").store("s", "one_false")

    assert not T().is_stored("s")
    assert U().is_stored("s")
    assert not U.is_stored("s")


def test_the_marker_left_out_is_one_true(deep: Deep) -> None:
    a = deep()

    assert a.store("s") is a
    assert a.storages("s") == [StorageMarker.one_true]
    assert a.storages() == {"s": [deep.storage_markers.one_true]}


def test_a_storage_is_meant_by_its_name_or_itself(deep: Deep) -> None:
    a = deep().store(Storage("s"))

    assert a.is_stored("s")
    assert a.is_stored(Storage("s"))
    assert a.unstore("s").is_stored(Storage("s")) is False


def test_asking_for_a_marker_asks_for_that_very_mark(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T()

    assert x.is_stored("s")
    assert not x.is_stored("s", "typed_true")
    assert T.is_stored("s", "typed_true")
    assert not T.is_stored("s", "one_true")


def test_two_storages_are_independent(deep: Deep) -> None:
    a = deep().store("one").store("two", "one_false")

    assert (a.is_stored("one"), a.is_stored("two"), a.is_stored("three")) == (True, False, False)
    a.unstore("one")
    assert a.storages() == {"two": ["one_false"]}


def test_unstoring_one_mark_leaves_the_others(deep: Deep) -> None:
    a = deep().store("s").store("s", "typed_false")
    a.unstore("s", "typed_false")
    assert a.storages("s") == ["one_true"]
    a.unstore("s", "typed_true")
    assert a.storages("s") == ["one_true"]
    a.unstore("s")
    assert a.storages() == {}


def waiting(deep: Deep, name: str = "s") -> dict[Association, str]:
    """What waits, by association: made, changed or gone; and takes it."""
    entries, _ = deep.space.ledger(name).take(1000)
    ledger = deep.space.ledger(name)
    ledger.known.update(entry.association for entry in entries if not entry.destroyed)
    return {
        entry.association: "gone" if entry.destroyed else "made" if entry.created else ",".join(entry.old)
        for entry in entries
    }


def test_a_typed_mark_stores_the_instances_that_are_there_and_those_that_come(deep: Deep) -> None:
    T = deep()
    early = T()
    T.store("s", "typed_true")
    late = T()
    below = late()

    assert waiting(deep) == dict.fromkeys((T, early, late, below), "made")


def test_an_instance_that_is_excluded_is_not_stored(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    out = T().store("s", "one_false")
    T()

    assert not out.is_stored("s")


def test_an_excluded_type_keeps_what_is_below_out(deep: Deep) -> None:
    A = deep().store("s", "typed_true")
    B = A().store("s", "typed_false")

    assert A().is_stored("s")
    assert not B().is_stored("s")
    assert B().store("s").is_stored("s")


def test_typed_marks_are_told_to_the_storage_and_taken_back(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    ledger = deep.space.ledger("s")
    _, (mark,) = ledger.take(10)
    assert (mark.kind, mark.type, mark.set) == ("TypedTrue", T, True)
    T.unstore("s", "typed_true")
    _, (end,) = ledger.take(10)
    assert (end.id, end.set) == (mark.id, False)


def test_a_typed_mark_that_was_never_told_leaves_no_trace(deep: Deep) -> None:
    T = deep()
    ledger = deep.space.ledger("s")
    T.store("s", "typed_false").unstore("s")
    with deep.together():
        T.store("s", "typed_false").unstore("s")
    with deep.together():
        T.store("s", "typed_false")
        with deep.together():
            T.unstore("s")

    assert ledger.take(10) == ([], [])


def test_typed_marks_are_hidden_from_ids_and_links(deep: Deep) -> None:
    T = deep().store("s", "typed_true")

    assert len(deep) == 2
    assert len(T.out) == len(T.in_) == len(deep.TypedTrue.typed) == 0


def test_retyping_into_a_stored_type_stores_with_everything_below(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    U = deep()
    u = U()
    waiting(deep)
    U.type = T

    assert U.is_stored("s")
    assert u.is_stored("s")
    assert waiting(deep) == {U: "made", u: "made"}


def test_retyping_out_of_a_stored_type_writes_that_change_and_no_more(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T()
    below = x()
    waiting(deep)
    x.type = deep
    x.to = x
    below.to = x
    entries, _ = deep.space.ledger("s").take(10)

    assert not x.is_stored("s")
    assert not below.is_stored("s")
    assert [(entry.association, entry.old, entry.final and entry.final["type"]) for entry in entries] == [
        (x, {"type": T.id}, deep.id)
    ]


def test_an_own_mark_outlasts_another_type(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T().store("s")
    x.type = deep

    assert x.is_stored("s")


def test_another_type_high_in_the_chain_counts_for_all_below(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    top = deep()
    low = top()()()
    assert not low.is_stored("s")
    top.type = T
    assert low.is_stored("s")
    top.type = deep
    assert not low.is_stored("s")


def test_a_circle_of_types_that_loses_its_mark_ends_being_stored(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    a = T()
    b = a()
    waiting(deep)
    a.type = b
    b.to = b
    (entry,) = deep.space.ledger("s").take(10)[0]

    assert not a.is_stored("s")
    assert entry.association is a
    assert entry.final is not None


def test_unstoring_leaves_the_row_and_writes_what_came_before(deep: Deep) -> None:
    text = deep.String("one").store("s")
    waiting(deep)
    text.data = "two"
    text.unstore("s")
    text.data = "three"
    (entry,) = deep.space.ledger("s").take(10)[0]

    assert entry.final is not None
    assert entry.final["data"] == "two"
    assert not entry.destroyed


def test_storing_again_writes_all_of_it(deep: Deep) -> None:
    a = deep().store("s")
    waiting(deep)
    a.unstore("s")
    a.to = a
    assert waiting(deep) == {}
    a.store("s")
    (entry,) = deep.space.ledger("s").take(10)[0]

    assert (entry.created, entry.final) == (True, None)


def test_a_type_that_is_no_longer_stored_ends_for_its_instances(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x, y = T(), T().store("s")
    T.unstore("s")

    assert not x.is_stored("s")
    assert y.is_stored("s")


def test_a_purge_deletes_the_row_and_its_id_is_never_stored_again(deep: Deep) -> None:
    a = deep().store("s").store("s", "typed_false")
    waiting(deep)
    a.unstore("s", purge=True)

    assert waiting(deep) == {a: "gone"}
    assert a.storages() == {}
    with pytest.raises(DestroyedError, match=re.escape(a.described())):
        a.store("s")
    assert a.store("other").is_stored("other")
    assert a in deep


def test_what_was_never_written_needs_no_delete(deep: Deep) -> None:
    a = deep().store("s")
    a.unstore("s", purge=True)

    assert waiting(deep) == {}


def test_a_purged_instance_is_not_stored_by_its_type(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T()
    waiting(deep)
    x.unstore("s", purge=True)
    assert waiting(deep) == {x: "gone"}
    x.to = T
    T.store("s", "typed_false").unstore("s", "typed_false")

    assert not x.is_stored("s")
    assert x not in waiting(deep)


def test_a_purge_takes_every_mark_even_if_one_is_named(deep: Deep) -> None:
    a = deep().store("s").store("s", "typed_true")
    a.unstore("s", "one_true", purge=True)

    assert a.storages() == {}


def test_all_marks_are_taken_away_at_once(deep: Deep) -> None:
    a = deep().store("s", "one_false").store("s", "typed_true")
    deep.space.ledger("s").take(10)
    a.unstore("s")

    assert waiting(deep) == {}


def test_a_purge_that_was_made_before_is_not_undone_with_a_second_one(deep: Deep) -> None:
    a = deep().store("s")
    a.unstore("s", purge=True)
    with pytest.raises(ZeroDivisionError), deep.together():
        a.unstore("s", purge=True)
        raise ZeroDivisionError

    with pytest.raises(DestroyedError):
        a.store("s")


def test_a_type_that_becomes_its_own_ends_being_stored(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T()
    x.type = x
    x.destroy()
    entries, _ = deep.space.ledger("s").take(10)

    assert [(entry.final or {}).get("type") for entry in entries if entry.association is x] == [x.id]


def test_a_type_that_ends_being_stored_by_its_own_new_instance_comes_along_again(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x = T().store("s")
    below = x()
    x.type = below

    assert below.storages("s") == ["one_true"]
