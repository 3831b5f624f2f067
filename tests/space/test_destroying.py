"""Destroying: references cleared as ordinary changes, instances typed root, nothing left behind."""

import re

import pytest

from deeplinks import Deep
from deeplinks.errors import BuiltInError
from tests.space.dumping import Ear, dump


def test_what_is_destroyed_is_not_in_the_space(deep: Deep) -> None:
    b = deep()
    a = deep(from_=b, to=b, value=b)
    a.destroy()

    assert a.destroyed
    assert a not in deep
    assert a.id not in deep.ids
    assert deep.get(a.id) is None
    assert a not in deep.typed
    assert len(b.out) == len(b.in_) == len(b.valued) == 0


def test_references_to_it_are_cleared_with_their_events(deep: Deep) -> None:
    a = deep()
    one = deep(from_=a, to=a)
    two = deep(value=a)
    ear = Ear.on(deep, one=one, two=two)
    a.destroy()

    assert (one.from_id, one.to_id, two.value_id) == (None, None, None)
    assert ear.log == ["one:from_deleted", "one:to_deleted", "two:value_deleted"]


def test_it_tells_its_own_listeners_and_its_targets(deep: Deep) -> None:
    b = deep()
    a = deep(to=b)
    link = deep(to=a)
    ear = Ear.on(deep, a=a, b=b, link=link)
    a.destroy()

    assert ear.log == ["link:to_deleted", "a:in_deleted", "a:destroyed", "b:in_deleted"]
    assert ear.events[-1].item is a


def test_instances_become_typed_root_with_their_events(deep: Deep) -> None:
    T = deep()
    x = T()
    below = x()
    ear = Ear.on(deep, x=x)
    T.destroy()

    assert x.type is deep
    assert below.type is x
    assert [(event.kind, event.old, event.new) for event in ear.events] == [("type_set", T, deep)]


def test_cascade_destroys_everything_below(deep: Deep) -> None:
    T = deep()
    x = T()
    below = x()
    link = deep(to=below)
    T.destroy(cascade=True)

    assert [one.destroyed for one in (T, x, below)] == [True] * 3
    assert list(deep) == [deep, link]
    assert link.to is None


def test_cascade_ends_in_a_circle_of_types(deep: Deep) -> None:
    a, b = deep(), deep()
    a.type, b.type = b, a
    a.destroy(cascade=True)

    assert list(deep) == [deep]


def test_ten_thousand_in_a_chain_are_destroyed(deep: Deep) -> None:
    first = last = deep()
    for _ in range(10_000):
        last = last()
    first.destroy(cascade=True)

    assert list(deep) == [deep]


def test_a_second_time_is_no_op_and_tells_nothing(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.destroy()
    deep.on("destroyed", ear)
    before = dump(deep)
    a.destroy()

    assert ear.events == []
    assert dump(deep) == before


def test_the_root_and_built_ins_are_not_destroyed(deep: Deep) -> None:
    for one in (deep, deep.String, deep.TypedTrue):
        before = dump(deep)
        with pytest.raises(BuiltInError, match=re.escape(one.described())):
            one.destroy()
        assert dump(deep) == before


def test_the_root_lets_go_of_what_it_pointed_at(deep: Deep) -> None:
    a = deep()
    deep.value = a
    a.destroy()

    assert deep.value is None


def test_an_association_that_points_at_itself_is_destroyed(deep: Deep) -> None:
    a = deep()
    a.from_ = a.to = a.value = a
    a.type = a
    a.destroy()

    assert list(deep) == [deep]
    assert len(deep.typed) == 0


def test_handlers_go_with_it(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.on("in_added", ear)
    a.out.on("data_add", ear)
    a.destroy()

    assert not deep.signals.in_added.receivers
    assert not deep.signals.out_added.receivers
    assert deep.space._subscriptions == {}


def test_a_disposer_is_harmless_after_it(deep: Deep) -> None:
    a = deep()
    stop = a.on("to_set", print)
    a.destroy()
    stop()

    assert not stop.listening


def test_its_handlers_hear_that_it_is_destroyed(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.on("destroyed", ear)
    a.destroy()

    assert len(ear.events) == 1


def test_its_handlers_hear_it_when_a_receiver_destroys_it(deep: Deep) -> None:
    a, b, ear = deep(), deep(), Ear()
    a.on("destroyed", ear)
    b.on("to_set", lambda event: a.destroy())
    b.to = b

    assert len(ear.events) == 1
    assert not deep.signals.destroyed.receivers


def test_marks_go_with_it(deep: Deep) -> None:
    a = deep().store("s").store("s", "typed_true").store("t", "one_false")
    a.destroy()

    for name in ("s", "t"):
        ledger = deep.space.ledger(name)
        assert not any(ledger.one.values())
        assert not any(ledger.typed.values())


def test_a_text_can_be_made_again(deep: Deep) -> None:
    deep.String("t").destroy()

    assert deep.String("t").data == "t"


def test_what_was_written_is_deleted_and_what_pointed_at_it_is_changed(deep: Deep) -> None:
    a = deep().store("s")
    link = deep(to=a).store("s")
    ledger = deep.space.ledger("s")
    ledger.take(10)
    ledger.known.update((a, link))
    a.destroy()
    entries = {entry.association: entry for entry in ledger.take(10)[0]}

    assert entries[a].destroyed
    assert entries[link].old == {"to": a.id}


def test_what_was_never_written_is_nothing_to_delete(deep: Deep) -> None:
    a = deep().store("s")
    a.destroy()

    assert deep.space.ledger("s").waits == 0


def test_what_was_never_written_is_nothing_to_delete_however_deep_it_is_destroyed(deep: Deep) -> None:
    a, ledger = deep().store("s"), deep.space.ledger("s")
    with deep.together(), deep.together():
        a.destroy()

    assert ledger.waits == 0


def test_what_was_unstored_before_keeps_its_row(deep: Deep) -> None:
    a, ledger = deep().store("s"), deep.space.ledger("s")
    ledger.take(10)
    ledger.known.add(a)
    a.unstore("s")
    a.destroy()

    assert ledger.waits == 0


def test_destroying_a_stored_type_writes_the_new_type_of_its_instances(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    x, ledger = T(), deep.space.ledger("s")
    ledger.take(10)
    ledger.known.update((T, x))
    T.destroy()
    entries, marks = ledger.take(10)
    told = {entry.association: entry for entry in entries}

    assert told[T].destroyed
    assert (told[x].final or {})["type"] == deep.id
    assert [mark.set for mark in marks] == [False]
    assert not x.is_stored("s")


def test_destroyed_data_is_found_no_more_and_a_new_one_is(deep: Deep) -> None:
    old = deep.String("t")
    assert deep.with_data("t") == [old]
    old.destroy()
    assert deep.with_data("t") == []
    new = deep.String.of("t")

    assert not new.destroyed
    assert deep.with_data("t") == [new]
