"""Storage markers of people's own, and a storage's name that ends."""

import pytest

from deeplinks import Deep, Event
from deeplinks.errors import InvalidError, WrongTypeError


def test_a_marker_of_ones_own_stores_and_is_asked_for(deep: Deep) -> None:
    marker, other = deep.StorageMarker(), deep.StorageMarker()
    a = deep().store("s", marker)

    assert a.is_stored("s")
    assert a.is_stored("s", marker)
    assert not a.is_stored("s", other)
    assert not a.is_stored("s", "one_true")
    assert a.storages() == {"s": [marker]}
    assert deep.space.ledger("s").waits == 1


def test_unstoring_a_marker_of_ones_own_leaves_the_others(deep: Deep) -> None:
    marker, other = deep.StorageMarker(), deep.StorageMarker()
    a = deep().store("s", marker).store("s", other).store("s")
    a.unstore("s", marker)
    assert a.storages("s") == ["one_true", other]
    a.unstore("s", "one_true")
    assert a.storages("s") == [other]
    assert a.is_stored("s")
    a.unstore("s", other)
    assert a.storages() == {}
    assert not a.is_stored("s")


def test_one_true_beside_a_marker_of_ones_own_outlasts_it(deep: Deep) -> None:
    marker = deep.StorageMarker()
    before, after = deep().store("s").store("s", marker), deep().store("s", marker).store("s")
    for one in (before, after):
        one.unstore("s", marker)

        assert one.storages("s") == ["one_true"]
        assert one.is_stored("s")


def test_one_false_wins_over_a_marker_of_ones_own(deep: Deep) -> None:
    assert not deep().store("s", deep.StorageMarker()).store("s", "one_false").is_stored("s")


def test_events_carry_the_marker_of_ones_own(deep: Deep) -> None:
    marker = deep.StorageMarker()
    heard: list[Event] = []
    deep.on("store_added", heard.append)
    deep.on("store_removed", heard.append)
    deep().store("s", marker).store("s", marker).unstore("s")

    assert [(event.old, event.new) for event in heard] == [(None, ("s", marker)), (("s", marker), None)]


def test_with_a_marker_that_is_destroyed_its_marks_are_gone(deep: Deep) -> None:
    marker = deep.StorageMarker()
    a, b = deep().store("s", marker), deep().store("s", marker).store("s")
    heard: list[Event] = []
    deep.on("store_removed", heard.append)
    marker.destroy()

    assert not a.is_stored("s")
    assert b.storages("s") == ["one_true"]
    assert [(event.source, event.old) for event in heard] == [(a, ("s", marker)), (b, ("s", marker))]


def test_destroying_what_carries_a_marker_of_ones_own_leaves_nothing_of_it(deep: Deep) -> None:
    a = deep().store("s", deep.StorageMarker()).store("s")
    a.destroy()

    assert deep.space.ledger("s").custom == {}
    assert deep.space.ledger("s").marked() == []


def test_what_is_undone_leaves_the_marks_as_they_were(deep: Deep) -> None:
    marker, other = deep.StorageMarker(), deep.StorageMarker()
    a, b = deep().store("s", marker), deep().store("s").store("s", marker)
    with pytest.raises(ZeroDivisionError), deep.together():
        a.store("s").unstore("s", marker).store("s", other)
        b.unstore("s").store("s", other).unstore("s", other)
        marker.destroy()
        raise ZeroDivisionError

    assert a.storages("s") == [marker]
    assert b.storages("s") == ["one_true", marker]
    assert a.unstore("s").is_stored("s") is False


def test_only_an_instance_of_storage_marker_marks(deep: Deep) -> None:
    a = deep()
    for wrong in (deep(), deep.StorageMarker, Deep().StorageMarker(), "two_true", 5):
        with pytest.raises(WrongTypeError, match="or an instance of"):
            a.store("s", wrong)  # pyright: ignore[reportArgumentType]
    assert a.storages() == {}


def test_an_instance_of_a_kind_of_storage_marker_marks_too(deep: Deep) -> None:
    Kind = deep.StorageMarker()

    assert deep().store("s", Kind()).is_stored("s")


def test_a_space_as_values_tells_markers_of_ones_own(deep: Deep) -> None:
    a = deep()
    marker = deep.StorageMarker()
    a.store("s", marker).store("t").store("t", marker)
    again = Deep.from_dict(deep.to_dict())

    assert again[a.id].storages() == {"s": [again[marker.id]], "t": ["one_true", again[marker.id]]}
    assert again[a.id].is_stored("s")


def test_values_with_a_marker_that_is_none_are_refused(deep: Deep) -> None:
    a = deep().store("s", deep.StorageMarker())
    told = deep.to_dict()
    told["associations"][1]["marks"] = {"s": [a.id]}  # pyright: ignore
    with pytest.raises(InvalidError, match="marks of"):
        Deep.from_dict(told)


# a storage's name that ends


def test_a_storage_that_is_forgotten_takes_its_marks_from_everyone(deep: Deep) -> None:
    marker = deep.StorageMarker()
    T = deep().store("s", "typed_true")
    a = T().store("s").store("t").store("s", marker)
    heard: list[Event] = []
    deep.on("store_removed", heard.append)
    deep.forget_storage("s")

    assert not a.is_stored("s")
    assert T.storages("s") == []
    assert a.storages() == {"t": ["one_true"]}
    assert [(event.source, event.old) for event in heard] == [
        (T, ("s", "typed_true")),
        (a, ("s", "one_true")),
        (a, ("s", marker)),
    ]
    assert "s" not in a.sync


def test_a_name_that_was_forgotten_begins_anew(deep: Deep) -> None:
    a = deep().store("s")
    deep.forget_storage("s")
    assert deep.space.ledger("s").waits == 0
    a.store("s")
    assert deep.space.ledger("s").waits == 1
    deep.forget_storage("nobody knows it")


def test_a_storage_is_not_forgotten_inside_together(deep: Deep) -> None:
    a = deep().store("s")
    with pytest.raises(InvalidError, match="together"), deep.together():
        deep.forget_storage("s")

    assert a.is_stored("s")
