"""Events: which, in which order, with what in them."""

import gc
from dataclasses import FrozenInstanceError

import pytest

from deeplinks import Association, Deep, Event, EventKind
from tests.space.dumping import Ear

FOUR = pytest.mark.parametrize(
    ("name", "field", "back"),
    [("type", "type", "typed"), ("from_", "from", "out"), ("to", "to", "in"), ("value", "value", "valued")],
)


@FOUR
def test_setting_tells_the_source_then_the_target(deep: Deep, name: str, field: str, back: str) -> None:
    a, b = deep(), deep()
    setattr(a, name, None)
    ear = Ear.on(deep, a=a, b=b)
    setattr(a, name, b)

    assert ear.log == [f"a:{field}_set", f"b:{back}_added"]


@FOUR
def test_changing_tells_the_source_the_old_target_then_the_new(deep: Deep, name: str, field: str, back: str) -> None:
    a, b, c = deep(), deep(), deep()
    setattr(a, name, b)
    ear = Ear.on(deep, a=a, b=b, c=c)
    setattr(a, name, c)

    assert ear.log == [f"a:{field}_set", f"b:{back}_deleted", f"c:{back}_added"]


@FOUR
def test_clearing_tells_the_source_then_the_target(deep: Deep, name: str, field: str, back: str) -> None:
    a, b = deep(), deep()
    setattr(a, name, b)
    ear = Ear.on(deep, a=a, b=b)
    delattr(a, name)
    delattr(a, name)

    assert ear.log == [f"a:{field}_deleted", f"b:{back}_deleted"]


@FOUR
def test_the_same_target_again_tells_nothing(deep: Deep, name: str, field: str, back: str) -> None:
    a, b = deep(), deep()
    setattr(a, name, b)
    ear, updated = Ear.on(deep, a=a, b=b), a.updated_at
    setattr(a, name, b)
    setattr(a, name, b.id)

    assert ear.log == []
    assert a.updated_at == updated


@FOUR
def test_an_event_says_field_old_new_and_who(deep: Deep, name: str, field: str, back: str) -> None:
    a, b, c = deep(), deep(), deep()
    setattr(a, name, b)
    ear = Ear.on(deep, a=a, b=b, c=c)
    setattr(a, name, c)
    delattr(a, name)

    assert ear.events == [
        Event(EventKind(f"{field}_set"), a, field, b, c),
        Event(EventKind(f"{back}_deleted"), b, field, item=a),
        Event(EventKind(f"{back}_added"), c, field, item=a),
        Event(EventKind(f"{field}_deleted"), a, field, c, None),
        Event(EventKind(f"{back}_deleted"), c, field, item=a),
    ]


def test_making_tells_constructed_once_then_the_type_then_the_references(deep: Deep) -> None:
    T, b = deep(), deep()
    log: list[tuple[str, Association | None]] = []
    for kind in deep.events:
        deep.on(kind, lambda event: log.append((event.kind, event.item)))
    a = T(from_=b, value=b)

    assert log == [
        ("constructed", None),
        ("typed_added", a),
        ("from_set", None),
        ("out_added", a),
        ("value_set", None),
        ("valued_added", a),
    ]


def test_data_tells_the_end_of_the_value_chain(deep: Deep) -> None:
    text = deep.String("old")
    a = deep(value=text)
    ear = Ear.on(deep, a=a, text=text)
    a.data = "new"

    assert ear.events == [
        Event(EventKind.data_set, text, "data", "old", "new"),
        Event(EventKind.data_changed, a, "data", "old", "new"),
    ]


def test_both_directions_are_set_before_anybody_hears(deep: Deep) -> None:
    a, b = deep(), deep()
    seen: list[object] = []
    a.on("to_set", lambda event: seen.append((a.to, list(b.in_))))
    a.to = b

    assert seen == [(b, [a])]


def test_the_root_hears_everybody_and_an_association_hears_itself(deep: Deep) -> None:
    a, b = deep(), deep()
    all_, own = Ear(a=a, b=b), Ear(a=a, b=b)
    deep.on("to_set", all_)
    a.on("to_set", own)
    a.to = b
    b.to = a

    assert all_.log == ["a:to_set", "b:to_set"]
    assert own.log == ["a:to_set"]


def test_two_spaces_do_not_hear_each_other(deep: Deep) -> None:
    ear = Ear()
    deep.on("constructed", ear)
    Deep()()

    assert ear.log == []


def test_handlers_hear_in_the_order_in_which_they_came(deep: Deep) -> None:
    a, order = deep(), []
    for number in range(20):
        a.on("to_set", lambda event, number=number: order.append(number))
    a.to = a

    assert order == list(range(20))


def test_a_handler_that_came_twice_hears_twice(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.on("to_set", ear)
    a.on("to_set", ear)
    a.to = a

    assert len(ear.events) == 2


def test_a_lambda_is_kept_alive_by_on(deep: Deep) -> None:
    a, heard = deep(), []
    a.on("to_set", lambda event: heard.append(event))
    gc.collect()
    a.to = a

    assert len(heard) == 1


def test_a_bound_method_is_kept_alive_and_found_by_off(deep: Deep) -> None:
    class Listener:
        heard = 0

        def hear(self, event: Event) -> None:
            self.heard += 1

    a, listener = deep(), Listener()
    a.on("to_set", listener.hear)
    gc.collect()
    a.to = a
    assert a.off("to_set", listener.hear)
    a.to = None
    a.to = a

    assert listener.heard == 1


def test_a_disposer_stops_and_is_harmless_twice(deep: Deep) -> None:
    a, ear = deep(), Ear()
    stop = a.on("to_set", ear)
    assert stop.listening
    stop()
    stop()
    a.to = a

    assert ear.log == []
    assert not stop.listening


def test_a_subscription_ends_with_its_with_block(deep: Deep) -> None:
    a, ear = deep(), Ear(a=deep())
    with a.on("to_set", ear):
        a.to = a
    a.to = None
    a.to = a

    assert len(ear.events) == 1


def test_off_ends_every_subscription_of_a_handler_to_a_kind(deep: Deep) -> None:
    a, ear, other = deep(), Ear(), Ear()
    a.on("to_set", ear)
    a.on("to_set", ear)
    a.on("to_deleted", ear)
    a.on("to_set", other)

    assert a.off("to_set", ear) is True
    assert a.off("to_set", ear) is False
    a.to = a
    del a.to
    assert ear.log == ["?:to_deleted"]
    assert len(other.events) == 1


def test_a_kind_may_be_given_by_name_and_is_the_same_in_every_space(deep: Deep) -> None:
    assert deep.events.to_set is Deep().events.to_set is EventKind.to_set
    assert {EventKind.to_set: 1}["to_set"] == 1


def test_an_event_is_frozen(deep: Deep) -> None:
    with pytest.raises(FrozenInstanceError):
        Event(EventKind.to_set, deep).kind = EventKind.to_deleted  # pyright: ignore[reportAttributeAccessIssue]


def test_blinker_signals_have_the_association_as_sender(deep: Deep) -> None:
    a, b, heard = deep(), deep(), []

    def hear(sender: Association, event: Event) -> None:
        heard.append((sender, event.new))

    deep.signals.to_set.connect(hear, sender=a)
    a.to = b
    b.to = a

    assert heard == [(a, b)]


def test_there_is_no_signal_of_another_name(deep: Deep) -> None:
    assert not hasattr(deep.signals, "nonsense")


def test_marks_tell_storage_and_marker(deep: Deep) -> None:
    a = deep()
    ear = Ear.on(deep, a=a)
    a.store("s").store("s")
    a.store("s", "typed_true")
    a.unstore("s")
    a.unstore("s")

    assert [(event.kind, event.old or event.new) for event in ear.events] == [
        ("store_added", ("s", "one_true")),
        ("store_added", ("s", "typed_true")),
        ("store_removed", ("s", "one_true")),
        ("store_removed", ("s", "typed_true")),
    ]


def test_what_was_brought_along_tells_that_it_is_stored(deep: Deep) -> None:
    b = deep()
    a = deep(to=b)
    ear = Ear.on(deep, b=b)
    a.store("s")

    assert ear.log == ["b:store_added"]
