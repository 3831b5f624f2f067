"""Who points at what has changed is told so, if anybody listens: in order, each once, at the cost of those who listen."""

from __future__ import annotations

from time import perf_counter

import pytest

from deeplinks import Association, Deep, Event, EventKind
from tests.space.dumping import Ear


def test_those_who_point_there_are_told_after_the_ends(deep: Deep) -> None:
    a, b = deep(), deep()
    o, r = deep(from_=a), deep(value=a)
    rr, i, t = deep(value=r), deep(to=a), a()
    ear = Ear.on(deep, a=a, b=b, o=o, r=r, rr=rr, i=i, t=t)
    a.from_ = b

    assert ear.log == [
        "a:from_set",
        "b:out_added",
        "t:typed_changed",
        "o:out_changed",
        "i:in_changed",
        "r:valued_changed",
        "rr:valued_changed",
    ]


@pytest.mark.parametrize("changed", ["type", "from_", "to", "value"])
@pytest.mark.parametrize(("name", "kind"), [("type", "typed"), ("from_", "out"), ("to", "in"), ("value", "valued")])
def test_any_change_of_a_target_is_told_once_to_who_points_there(
    deep: Deep, changed: str, name: str, kind: str
) -> None:
    a, b, c = deep(), deep(), deep()
    setattr(a, changed, b)
    o = deep()
    setattr(o, name, a)
    ear = Ear.on(deep, o=o)
    setattr(a, changed, c)
    delattr(a, changed)

    field = changed.strip("_")
    assert ear.events == [
        Event(EventKind(f"{kind}_changed"), o, field, b, c, a),
        Event(EventKind(f"{kind}_changed"), o, field, c, None, a),
    ]


def test_the_same_target_again_is_no_change_for_anybody(deep: Deep) -> None:
    b = deep()
    a = deep(to=b)
    o = deep(from_=a, value=a)
    ear = Ear.on(deep, o=o)
    a.to = b

    assert ear.log == []


def test_a_circle_of_values_is_told_each_once(deep: Deep) -> None:
    a, b, x = deep(), deep(), deep()
    a.value, b.value = b, a
    ear = Ear.on(deep, a=a, b=b)
    a.from_ = x

    assert ear.log == ["a:from_set", "b:valued_changed", "a:valued_changed"]


def test_what_does_not_tell_of_references_does_not_go_up_the_values(deep: Deep) -> None:
    s = deep.String("a")
    a = deep(value=s)
    ear = Ear.on(deep, a=a)
    s.data = "b"
    s.store("s")

    assert ear.log == ["a:data_changed"]


def test_the_root_hears_of_all_of_them(deep: Deep) -> None:
    T = deep()
    instances = [T() for _ in range(3)]
    heard: list[Association] = []
    deep.on("typed_changed", lambda event: heard.append(event.source))
    T.to = deep

    assert heard == instances


@pytest.mark.parametrize("many", [0, 100])
def test_who_is_listened_to_is_told_in_the_order_of_making_however_they_are_found(deep: Deep, many: int) -> None:
    a, heard = deep(), list[Association]()
    users = [deep(value=a, from_=a) for _ in range(10)]
    users[0].value = users[9]
    for _ in range(many):
        deep(value=a, from_=a)
    for one in users[::-2]:
        one.on("out_changed", lambda event: heard.append(event.source))
        one.on("valued_changed", lambda event: heard.append(event.source))
    users[0].on("valued_changed", lambda event: heard.append(event.source))
    a.to = a

    assert heard == [*users[1::2], *users[1::2], users[0]]


def test_a_listener_that_was_destroyed_or_stopped_is_told_nothing(deep: Deep) -> None:
    a = deep()
    one, two = deep(to=a), deep(to=a)
    ear = Ear()
    one.on("in_changed", ear)
    two.on("in_changed", ear)()
    one.destroy()
    a.to = deep

    assert ear.log == []


def test_a_type_with_many_instances_changes_at_the_cost_of_its_listeners(deep: Deep) -> None:
    def took(count: int) -> float:
        T = deep()
        instances = [T(value=T) for _ in range(count)]
        for one in instances[:3]:
            one.on("typed_changed", print)
            one.on("valued_changed", lambda event: None)
        targets = deep(), deep()
        for one in instances[:3]:
            one.off("typed_changed", print)
        instances[0].on("typed_changed", lambda event: None)
        began = perf_counter()
        for number in range(200):
            T.from_ = targets[number % 2]
        return perf_counter() - began

    took(10)
    assert took(20_000) < 20 * took(20)


def test_a_deep_chain_of_values_is_walked(deep: Deep) -> None:
    bottom = top = deep()
    for _ in range(20_000):
        top = deep(value=top)
    ear = Ear(top=top)
    top.on("valued_changed", ear)
    bottom.to = deep

    assert ear.log == ["top:valued_changed"]


def test_incoming_changes_tell_who_points_there_with_their_origin(deep: Deep) -> None:
    a = deep.space.place("11111111-1111-4111-8111-111111111111", "s")
    o = deep(to=a)
    ear = Ear.on(deep, o=o)
    from deeplinks.space.fields import TO

    deep.space.point(a, TO, deep.id, "s")

    assert [(event.kind, event.origin) for event in ear.events] == [("in_changed", "s")]
