"""What comes from a storage: applied with its origin, kept by id where it is not here, and not sent back."""

from typing import Any

import pytest

from deeplinks import Association, Change, Deep, FunctionSource
from deeplinks.ids import new_id
from deeplinks.space.fields import FIELDS, FROM, TO, TYPE, Field
from deeplinks.space.values import NOTHING
from tests.space.dumping import Ear

FOUR = pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)


def back(association: Association, field: Field) -> list[Association]:
    return list(getattr(association, {"in": "in_"}.get(field.back_name, field.back_name)))


def waits(deep: Deep, name: str) -> list[tuple[Association, dict[str, object]]]:
    return [(entry.association, entry.old) for entry in deep.space.ledger(name).take(100)[0]]


def test_what_is_placed_has_its_id_and_is_stored_there(deep: Deep) -> None:
    id = new_id()
    a = deep.space.place(id, "s")

    assert deep[id] is a
    assert (a.type, a.from_, a.to, a.value, a.data) == (None, None, None, None, None)
    assert a.storages() == {"s": ["one_true"]}
    assert waits(deep, "s") == []


@FOUR
def test_an_id_that_is_not_here_is_kept_and_reads_none(deep: Deep, field: Field) -> None:
    a, id = deep(), new_id()
    deep.space.point(a, field, id, "s")

    assert getattr(a, field.attribute) is None
    assert getattr(a, f"{field.name}_id") == id


@FOUR
def test_it_heals_when_its_target_comes_in_the_order_of_arrival(deep: Deep, field: Field) -> None:
    a, b, id = deep(), deep(), new_id()
    deep.space.point(b, field, id, "s")
    deep.space.point(a, field, id, "s")
    target = deep.space.place(id, "s")

    assert getattr(a, field.attribute) is getattr(b, field.attribute) is target
    assert back(target, field) == [b, a]
    assert deep.space.unresolved == {}


@FOUR
def test_what_is_removed_leaves_its_id_behind_and_reads_none(deep: Deep, field: Field) -> None:
    a, gone = deep(), deep()
    deep.space.point(a, field, gone.id, "s")
    deep.space.remove(gone, "s")

    assert gone.destroyed
    assert getattr(a, field.attribute) is None
    assert getattr(a, f"{field.name}_id") == gone.id


def test_what_is_removed_goes_alone(deep: Deep) -> None:
    T = deep()
    x = T()
    deep.space.remove(T, "s")

    assert x in deep
    assert (x.type, x.type_id) == (None, T.id)
    assert x.type_chain == []


def test_what_is_removed_and_comes_again_is_pointed_at_again(deep: Deep) -> None:
    gone = deep()
    a, b = deep(to=gone), deep(to=gone)
    deep.space.remove(gone, "s")
    again = deep.space.place(gone.id, "s")

    assert again is not gone
    assert list(again.in_) == [a, b]


def test_nothing_waits_for_an_id_any_more_when_nobody_points_at_it(deep: Deep) -> None:
    a, b, id = deep(), deep(), new_id()
    for one in (a, b):
        deep.space.point(one, TO, id, "s")
    deep.space.point(a, TO, None, "s")
    b.to = a
    assert deep.space.unresolved == {}

    deep.space.point(a, FROM, id, "s")
    a.destroy()
    assert deep.space.unresolved == {}


def test_an_id_that_is_not_here_can_be_cleared_by_hand(deep: Deep) -> None:
    a = deep()
    deep.space.point(a, TO, new_id(), "s")
    a.to = None

    assert a.to_id is None


def test_a_removed_association_that_points_at_itself_leaves_nothing(deep: Deep) -> None:
    a = deep()
    a.to = a
    deep.space.remove(a, "s")

    assert deep.space.unresolved == {}
    assert list(deep) == [deep]


def test_the_root_and_built_ins_stay_whatever_a_storage_says(deep: Deep) -> None:
    deep.space.remove(deep, "s")
    deep.space.remove(deep.String, "s")

    assert not deep.destroyed
    assert deep.String in deep


def test_events_carry_the_origin(deep: Deep) -> None:
    a, b = deep(), deep()
    ear = Ear.on(deep, a=a, b=b)
    deep.space.point(a, TO, b.id, "s")
    deep.space.point(a, TO, None, "s")
    deep.space.remove(a, "s")

    assert ear.log == ["a:to_set", "b:in_added", "a:to_deleted", "b:in_deleted", "a:destroyed"]
    assert {event.origin for event in ear.events} == {"s"}


def test_placing_tells_constructed_and_healing_with_the_origin(deep: Deep) -> None:
    a, id = deep(), new_id()
    deep.space.point(a, TO, id, "s")
    ear = Ear.on(deep, a=a)
    constructed = Ear()
    deep.on("constructed", constructed)
    target = deep.space.place(id, "s")

    assert [(event.source, event.origin) for event in constructed.events] == [(target, "s")]
    assert [(event.kind, event.old, event.new, event.origin) for event in ear.events] == [("to_set", None, target, "s")]


def test_an_id_that_is_not_here_tells_no_target(deep: Deep) -> None:
    a, b = deep(), deep()
    deep.space.point(a, TO, new_id(), "s")
    ear = Ear.on(deep, a=a, b=b)
    deep.space.point(a, TO, new_id(), "s")
    assert ear.log == []
    a.to = b
    assert [(event.kind, event.old, event.new) for event in ear.events] == [
        ("to_set", None, b),
        ("in_added", None, None),
    ]


def test_changed_tells_ids_also_of_what_is_not_here(deep: Deep) -> None:
    a, id, told = deep(), new_id(), []

    def hear(sender: Deep, changes: tuple[Change, ...]) -> None:
        told.extend(changes)

    deep.signals.changed.connect(hear)
    deep.space.point(a, TO, id, "s")

    assert told == [Change(a.id, "to", None, id, "s")]


def test_the_same_again_is_no_change(deep: Deep) -> None:
    text, id = deep.String("a"), new_id()
    deep.space.point(text, TO, id, "s")
    ear = Ear.on(deep, text=text)
    updated = text.updated_at
    deep.space.point(text, TO, id, "s")
    deep.space.point(text, TYPE, deep.String.id, "s")
    deep.space.put(text, "a", "s")

    assert ear.log == []
    assert text.updated_at == updated


@pytest.mark.parametrize("data", ["b", 5, FunctionSource("python", "f", ""), NOTHING])
def test_data_is_put_as_it_is_and_told_with_the_origin(deep: Deep, data: Any) -> None:
    text = deep.String("a")
    ear = Ear.on(deep, text=text)
    deep.space.put(text, data, "s")

    assert text.data == (None if data is NOTHING else data)
    assert [(event.kind, event.old, event.new, event.origin) for event in ear.events] == [
        ("data_set", "a", None if data is NOTHING else data, "s")
    ]


def test_nothing_is_noted_for_the_storage_it_came_from(deep: Deep) -> None:
    a, text = deep().store("s"), deep.String("a").store("s")
    waits(deep, "s")
    deep.space.point(a, TO, text.id, "s")
    deep.space.put(text, "b", "s")
    deep.space.remove(a, "s")

    assert waits(deep, "s") == []


def test_it_is_noted_for_another_storage(deep: Deep) -> None:
    a, text = deep().store("other"), deep.String("a").store("other")
    waits(deep, "other")
    deep.space.point(a, TO, text.id, "s")
    deep.space.put(text, "b", "s")

    assert waits(deep, "other") == [(a, {"to": None}), (text, {"data": "a"})]


def test_what_it_points_at_comes_along_into_another_storage(deep: Deep) -> None:
    a, b, id = deep().store("other"), deep(), new_id()
    deep.space.point(a, TO, b.id, "s")
    assert b.is_stored("other")
    deep.space.point(a, FROM, id, "s")
    healed = deep.space.place(id, "s")

    assert healed.is_stored("other")


def test_what_is_removed_is_deleted_from_another_storage(deep: Deep) -> None:
    a = deep().store("s").store("other")
    for name in ("s", "other"):
        ledger = deep.space.ledger(name)
        ledger.known.update(entry.association for entry in ledger.take(10)[0])
    deep.space.remove(a, "s")

    (entry,) = deep.space.ledger("other").take(10)[0]
    assert (entry.association, entry.destroyed) == (a, True)
    assert deep.space.ledger("s").waits == 0


@pytest.mark.parametrize("apart", [False, True])
def test_what_waits_for_the_storage_is_forgotten_when_it_says_it_is_gone(deep: Deep, apart: bool) -> None:
    a = deep().store("s")
    if apart:
        with deep.together():
            deep.space.remove(a, "s")
    else:
        deep.space.remove(a, "s")

    assert deep.space.ledger("s").waits == 0


def test_an_incoming_type_stores_what_is_below_it_here(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    U = deep.space.place(new_id(), "s")
    deep.space.point(U, TYPE, deep.id, "s")
    u = U()
    waits(deep, "s")
    deep.space.point(U, TYPE, T.id, "s")

    assert u.is_stored("s")
    assert [one for one, _ in waits(deep, "s")] == [u]


def test_an_incoming_typed_mark_stores_what_is_made_here(deep: Deep) -> None:
    T, before = deep.space.place(new_id(), "s"), deep()
    ledger = deep.space.ledger("s")
    before.type = T
    ledger.place_mark(T.id, deep.storage_markers.typed_true, new_id())
    x = T()

    assert [one.is_stored("s") for one in (T, before, x)] == [True] * 3
    assert waits(deep, "s") == [(before, {}), (x, {})]


def test_a_typed_mark_waits_for_its_type(deep: Deep) -> None:
    ledger, id = deep.space.ledger("s"), new_id()
    ledger.place_mark(id, deep.storage_markers.typed_true, new_id())
    T = deep.space.place(id, "s")

    assert T.is_stored("s", "typed_true")
    assert ledger.unplaced == {}


def test_a_typed_mark_that_goes_before_its_type_comes_is_gone(deep: Deep) -> None:
    ledger, id, mark = deep.space.ledger("s"), new_id(), new_id()
    ledger.place_mark(id, deep.storage_markers.typed_true, mark)
    assert ledger.remove_mark(mark)
    T = deep.space.place(id, "s")

    assert not T.is_stored("s", "typed_true")


def test_a_typed_mark_that_goes_ends_storing_instances(deep: Deep) -> None:
    ledger, mark = deep.space.ledger("s"), new_id()
    T = deep.space.place(new_id(), "s")
    ledger.place_mark(T.id, deep.storage_markers.typed_true, mark)
    x = T()
    assert ledger.remove_mark(mark)
    assert not ledger.remove_mark(mark)

    assert (T.is_stored("s"), x.is_stored("s")) == (True, False)


def test_times_of_a_storage_are_taken_over_and_the_later_counts(deep: Deep) -> None:
    a = deep.space.place(new_id(), "s")
    a.restore_times("2020-01-01T00:00:00+00:00", "2021-01-01T00:00:00.5+00:00")
    a.touch("2021-01-01T00:00:00+00:00")

    assert a.created_at.year == 2020
    assert a.updated_at.microsecond == 500_000


def test_what_a_removed_type_had_stored_ends_and_is_written_as_it_was(deep: Deep) -> None:
    T = deep.space.place(new_id(), "s").store("s", "typed_true")
    x = T()
    deep.space.remove(T, "s")
    x.to = x
    entries, _ = deep.space.ledger("s").take(10)

    assert not x.is_stored("s")
    assert [(entry.association, (entry.final or {})["to"]) for entry in entries] == [(x, None)]


def test_what_waited_for_a_stored_type_is_stored_when_it_comes(deep: Deep) -> None:
    ledger, id, x = deep.space.ledger("s"), new_id(), deep()
    deep.space.point(x, TYPE, id, "s")
    ledger.place_mark(id, deep.storage_markers.typed_true, new_id())
    deep.space.place(id, "s")

    assert x.is_stored("s")
    assert [one for one, _ in waits(deep, "s")] == [x]


def test_a_reference_that_heals_is_no_change_for_another_storage(deep: Deep) -> None:
    x, id = deep().store("other"), new_id()
    deep.space.point(x, TO, id, "s")
    waits(deep, "other")
    healed = deep.space.place(id, "s")

    assert [one for one, _ in waits(deep, "other")] == [healed]
