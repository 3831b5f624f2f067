"""Hearing once, telling by hand, events of people's own, and live sets that changed."""

from __future__ import annotations

import gc
import weakref

import pytest

from deeplinks import Association, Deep, Event, EventKind
from deeplinks.errors import DestroyedError
from tests.space.dumping import Ear

# once


def test_once_hears_the_next_event_alone(deep: Deep) -> None:
    a, ear = deep(), Ear(a=deep)
    stop = a.once("to_set", ear)
    a.to = deep
    a.to = a

    assert len(ear.events) == 1
    assert ear.events[0].new is deep
    assert not stop.listening
    assert a.off("to_set", ear) is False


def test_once_can_be_called_off_before(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.once("to_set", ear)()
    a.once("to_set", ear)
    assert a.off("to_set", ear) is True
    a.to = a

    assert ear.events == []


def test_once_is_over_before_its_handler_runs(deep: Deep) -> None:
    a, b, heard = deep(), deep(), []

    def again(event: Event) -> None:
        heard.append(event.new)
        a.to = b

    a.once("to_set", again)
    a.to = a

    assert heard == [a]
    assert a.to is b


def test_once_hears_one_of_many_that_come_together(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.once("in_added", ear)
    with deep.together():
        deep(to=a)
        deep(to=a)

    assert len(ear.events) == 1


def test_once_at_a_destruction_hears_it(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.once("destroyed", ear)
    a.destroy()

    assert len(ear.events) == 1


# people's own


def test_any_text_may_be_an_event_whose_handlers_take_what_is_emitted(deep: Deep) -> None:
    a, told = deep(), []
    a.on("greeted", lambda *facts: told.append(facts))
    a.emit("greeted")
    a.emit("greeted", "hello", {"loud": True})
    deep().emit("greeted")
    a.emit("other")

    assert told == [(), ("hello", {"loud": True})]


def test_an_instance_of_an_event_type_may_be_an_event(deep: Deep) -> None:
    MyEvent = deep.Event()
    said, other = MyEvent(), MyEvent()
    a, told = deep(), []
    a.on(said, told.append)
    a.on(said.id, told.append)
    a.emit(said, {"message": 1})
    a.emit(other, {"message": 2})

    assert told == [{"message": 1}, {"message": 1}]
    assert a.off(said, told.append) is True
    assert a.off(said.id, told.append) is False


def test_a_kind_and_its_text_are_one_event(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.on(deep.events.to_set, ear)
    assert a.off("to_set", ear) is True


def test_the_root_hears_everybodys_own_events(deep: Deep) -> None:
    told: list[object] = []
    deep.on("greeted", told.append)
    deep().emit("greeted", 1)
    deep.emit("greeted", 2)

    assert told == [1, 2]


def test_an_own_event_heard_once_is_heard_once(deep: Deep) -> None:
    a, told = deep(), []
    a.once("greeted", told.append)
    a.emit("greeted", 1)
    a.emit("greeted", 2)

    assert told == [1]


def test_a_handler_that_raises_at_an_own_event_stops_nobody(deep: Deep) -> None:
    a, told, errors = deep(), [], []
    deep.signals.receiver_error.connect(lambda sender, error, receiver: errors.append(type(error)))
    a.on("greeted", lambda fact: 1 / 0)
    a.on("greeted", told.append)
    a.emit("greeted", 1)

    assert (told, errors) == ([1], [ZeroDivisionError])


def test_own_events_inside_together_are_heard_at_its_end_and_not_if_it_is_undone(deep: Deep) -> None:
    a, told = deep(), []
    a.on("greeted", told.append)
    with deep.together():
        a.emit("greeted", 1)
        assert told == []
    with pytest.raises(RuntimeError), deep.together():
        a.emit("greeted", 2)
        raise RuntimeError

    assert told == [1]


def test_own_events_that_nobody_hears_any_more_leave_nothing(deep: Deep) -> None:
    a, b = deep(), deep()
    for number in range(100):
        a.on(f"event {number}", print)()
    stop = deep.on("greeted", print)
    b.on("greeted", print)
    b.destroy()
    assert list(deep.signals.own) == ["greeted"]
    stop()

    assert deep.signals.own == {}
    assert not deep.signals.heard


def test_destroying_ends_hearing_and_emitting(deep: Deep) -> None:
    a, told = deep(), []
    a.on("greeted", told.append)
    a.destroy()
    with pytest.raises(DestroyedError):
        a.emit("greeted", 1)

    assert told == []


def test_the_event_itself_may_end(deep: Deep) -> None:
    said = deep.Event()()
    a, told = deep(), []
    a.on(said, told.append)
    said.destroy()
    with pytest.raises(DestroyedError):
        a.emit(said)

    assert told == []


# emit of the kinds


def test_a_kind_is_emitted_as_an_event_with_the_given_fields(deep: Deep) -> None:
    a, b, ear = deep(), deep(), Ear()
    a.on("in_added", ear)
    a.emit("in_added", field="to", item=b)

    assert ear.events == [Event(EventKind.in_added, a, "to", item=b)]
    assert len(a.in_) == 0


def test_a_kind_of_data_is_emitted_up_the_values_each_once(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a.value, b.value, c.value = b, a, b
    ear = Ear.on(deep, a=a, b=b, c=c)
    a.emit("data_add", item=c)

    assert ear.log == ["a:data_add", "b:data_add", "c:data_add"]
    assert [event.item for event in ear.events] == [c, c, c]


def test_what_tells_of_no_data_is_not_told_up_the_values(deep: Deep) -> None:
    a = deep()
    above = deep(value=a)
    told: list[object] = []
    for kind in ("in_added", "store_added", "greeted"):
        above.on(kind, lambda *facts: told.append(facts))
        a.emit(kind)

    assert told == []


def test_what_an_event_does_not_take_is_refused(deep: Deep) -> None:
    with pytest.raises(TypeError, match="item"):
        deep.emit("to_set", 1)
    with pytest.raises(TypeError, match="place"):
        deep.emit("greeted", old=1)


# live sets


def test_a_live_set_tells_who_came_and_went_and_after_each_that_it_changed(deep: Deep) -> None:
    T, y = deep(), deep()
    log: list[tuple[str, Association | None]] = []
    for kind in ("data_changed", "data_add", "data_delete"):
        T.typed.on(kind, lambda event: log.append((event.kind, event.item)))
    y.type = T
    del y.type
    x = T()
    x.destroy()

    assert log == [
        *[("data_add", y), ("data_changed", None)],
        *[("data_delete", y), ("data_changed", None)],
        *[("data_add", x), ("data_changed", None)],
        *[("data_delete", x), ("data_changed", None)],
    ]


def test_a_changed_set_says_whose_it_is(deep: Deep) -> None:
    a, ear = deep(), Ear()
    with a.in_.on("data_changed", ear):
        deep(to=a)
        deep(from_=a)
    deep(to=a)

    assert ear.events == [Event(EventKind.data_changed, a, "in")]


def test_the_roots_sets_tell_of_the_root_alone(deep: Deep) -> None:
    ear = Ear()
    deep.in_.on("data_changed", ear)
    a = deep()
    deep(to=a)
    assert ear.log == []
    deep(to=deep)
    assert len(ear.log) == 1


def test_a_collections_own_change_is_no_change_of_its_live_sets(deep: Deep) -> None:
    tags = deep.Set()
    own, of_typed = Ear(), Ear()
    tags.on("data_changed", own)
    tags.typed.on("data_changed", of_typed)
    tags.add("a")

    assert (len(own.events), len(of_typed.events)) == (1, 0)


# what is kept


def test_a_hundred_thousand_subscriptions_come_and_go_and_leave_nothing(deep: Deep) -> None:
    a = deep()
    stops = [a.on("to_set", lambda event: None) for _ in range(100_000)]
    for stop in stops:
        stop()

    assert deep.space._subscriptions == {}
    assert not deep.signals.to_set.receivers


def test_handlers_of_every_way_of_hearing_are_let_go(deep: Deep) -> None:
    class Handler:
        def __call__(self, *facts: object) -> None: ...

    handler = Handler()
    reference = weakref.ref(handler)
    a, said = deep(), deep.Event()()
    a.once("to_set", handler)
    a.to = a
    stops = [a.on("greeted", handler), a.on(said, handler), a.out.on("data_changed", handler), a.once(said, handler)]
    stops += [a.on("in_changed", handler), deep.on("valued_changed", handler)]
    for stop in stops:
        stop()
    del handler, stops, stop
    gc.collect()

    assert reference() is None
    assert all(not signal.receivers for signal in deep.signals.of_members.values())


def test_a_handler_may_be_declared_once_for_every_space(deep: Deep) -> None:
    handlers = {EventKind.to_set: Ear(), EventKind.destroyed: Ear()}
    for space in (deep, Deep()):
        for kind, ear in handlers.items():
            space.on(kind, ear)
        space(to=space).destroy()

    assert [len(ear.events) for ear in handlers.values()] == [2, 2]
    assert hash(EventKind.to_set) == hash("to_set")


def test_a_handler_that_points_elsewhere_while_it_hears_leaves_one_truth(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    ear = Ear.on(deep, a=a, b=b, c=c)
    a.once("from_set", lambda event: setattr(a, "from_", c))
    a.from_ = b

    assert a.from_ is c
    assert ear.log == ["a:from_set", "b:out_added", "a:from_set", "b:out_deleted", "c:out_added"]


def test_one_change_tells_one_change_and_constructs_nobody(deep: Deep) -> None:
    a, b, told = deep(), deep(), []
    constructed = Ear()
    deep.on("constructed", constructed)
    deep.signals.changed.connect(lambda sender, changes: told.extend(changes))
    a.from_ = b
    a.value = b

    assert [(change.id, change.field, change.old, change.new) for change in told] == [
        (a.id, "from", None, b.id),
        (a.id, "value", None, b.id),
    ]
    assert constructed.events == []
