"""Together: only what lasts is told, in the order that one change would have had."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinks import Association, Deep, Event, EventKind
from tests.space.dumping import Ear


def test_a_reference_that_moved_twice_is_told_as_one_move(deep: Deep) -> None:
    a, b, c, d = deep(), deep(), deep(), deep()
    a.to = b
    o = deep(from_=a)
    ear = Ear.on(deep, a=a, b=b, c=c, d=d, o=o)
    with deep.together():
        a.to = c
        a.to = d

    assert ear.log == ["a:to_set", "b:in_deleted", "d:in_added", "o:out_changed"]
    assert (ear.events[0].old, ear.events[0].new) == (b, d)
    assert (ear.events[3].old, ear.events[3].new) == (b, d)


def test_a_reference_that_came_back_is_not_told(deep: Deep) -> None:
    a, b = deep(), deep()
    a.to = b
    ear = Ear.on(deep, a=a, b=b, o=deep(from_=a))
    told: list[object] = []
    b.in_.on("data_changed", told.append)
    with deep.together():
        del a.to
        a.to = a
        a.to = b

    assert (ear.log, told) == ([], [])


@pytest.mark.parametrize("kind", ["to_set", "to_deleted"])
def test_a_lone_listener_hears_no_state_that_did_not_last(deep: Deep, kind: str) -> None:
    a, b, ear = deep(), deep(), Ear()
    a.on(kind, ear)
    with deep.together():
        a.to = b
        a.to = None

    assert ear.events == []


def test_setting_then_clearing_tells_the_clearing_alone(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a.to = b
    ear = Ear.on(deep, a=a, b=b, c=c)
    with deep.together():
        a.to = c
        del a.to

    assert ear.events == [Event(EventKind.to_deleted, a, "to", b, None), Event(EventKind.in_deleted, b, "to", item=a)]


def test_what_was_made_and_destroyed_was_never_there(deep: Deep) -> None:
    b = deep()
    root = Ear.on(deep, root=deep)
    with deep.together():
        a = deep().store("s")
        a.emit("data_add", item=b)
        a.value = c = deep(from_=a)
        c.destroy()
        a.destroy()

    assert root.log == []


def test_of_what_is_destroyed_only_the_end_is_told(deep: Deep) -> None:
    a, b = deep(), deep()
    ear = Ear.on(deep, a=a, b=b)
    with deep.together():
        a.to = b
        a.destroy()

    assert ear.log == ["a:destroyed"]


def test_data_is_told_from_first_to_last(deep: Deep) -> None:
    s = deep.String("a")
    a = deep(value=s)
    ear = Ear.on(deep, s=s, a=a)
    with deep.together():
        s.data = "b"
        s.data = "c"
    with deep.together():
        s.data = "x"
        s.data = "c"

    assert ear.log == ["s:data_set", "a:data_changed"]
    assert (ear.events[0].old, ear.events[0].new) == ("a", "c")


def test_members_that_came_and_went_are_not_told(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])
    user = deep(value=tags)
    ear = Ear(tags=tags, user=user)
    for kind in ("data_add", "data_delete", "data_changed"):
        tags.on(kind, ear)
        user.on(kind, ear)
    with deep.together():
        tags.add("c")
        tags.discard("c")
        tags.discard("a")

    assert ear.log == ["tags:data_delete", "user:data_delete", "tags:data_changed", "user:data_changed"]


def test_members_that_all_came_back_tell_nothing(deep: Deep) -> None:
    a = deep()
    tags = deep.Set([a])
    ear = Ear(tags=tags)
    for kind in ("data_add", "data_delete", "data_clear", "data_changed"):
        tags.on(kind, ear)
    with deep.together():
        tags.clear()
        tags.add(a)

    assert ear.log == []


def test_a_set_that_is_empty_in_the_end_was_cleared(deep: Deep) -> None:
    tags = deep.Set(["a"])
    ear = Ear(tags=tags)
    for kind in ("data_add", "data_delete", "data_clear", "data_changed"):
        tags.on(kind, ear)
    with deep.together():
        tags.add("b")
        tags.clear()

    assert ear.log == ["tags:data_delete", "tags:data_clear", "tags:data_changed"]


def test_marks_that_came_and_went_are_not_told(deep: Deep) -> None:
    a = deep()
    ear = Ear.on(deep, a=a)
    with deep.together():
        a.store("s")
        a.unstore("s")
        a.store("t")

    assert [(event.kind, event.new) for event in ear.events] == [("store_added", ("t", "one_true"))]


def test_own_events_are_all_told(deep: Deep) -> None:
    a, told = deep(), []
    a.on("greeted", told.append)
    with deep.together():
        a.emit("greeted", 1)
        a.emit("greeted", 1)

    assert told == [1, 1]


def test_an_inner_group_tells_with_the_outer_what_lasts(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    ear = Ear.on(deep, a=a, b=b, c=c)
    with deep.together():
        with deep.together():
            a.to = b
        with deep.together():
            a.to = c

    assert ear.log == ["a:to_set", "c:in_added"]


def test_a_live_set_that_changed_often_tells_so_once(deep: Deep) -> None:
    T, told = deep(), []
    T.typed.on("data_changed", lambda event: told.append(len(T.typed)))
    with deep.together():
        T()
        T()

    assert told == [2]


def test_one_verb_outside_of_it_tells_each_of_its_steps(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])
    ear = Ear(tags=tags)
    for kind in ("data_delete", "data_clear", "data_changed"):
        tags.on(kind, ear)
    tags.clear()

    assert ear.log == ["tags:data_delete", "tags:data_delete", "tags:data_clear", "tags:data_changed"]


STEP = st.tuples(
    st.sampled_from(["type", "from_", "to", "value", "make", "destroy"]), st.integers(0, 5), st.integers(0, 6)
)


@given(st.lists(STEP, max_size=25))
def test_what_is_told_leads_from_the_state_before_to_the_state_after(steps: list[tuple[str, int, int]]) -> None:
    deep = Deep()
    some = [deep() for _ in range(6)]
    events: list[Event] = []
    for kind in deep.events:
        deep.on(kind, events.append)
    state, after = _state(deep), {}
    with deep.together():
        for verb, i, j in steps:
            _do(deep, some, verb, i, j)
    after = _state(deep)
    for event in events:
        _apply(state, event)

    assert state == after
    assert len({(event.kind, event.source, event.field, event.item) for event in events}) == len(events)


def _do(deep: Deep, some: list[Association], verb: str, i: int, j: int) -> None:
    one, other = some[i], some[j] if j < len(some) else None
    if verb == "make":
        some[i] = deep(to=None if other is None or other.destroyed else other)
    elif verb == "destroy":
        one.destroy()
    elif not one.destroyed and not (other and other.destroyed):
        setattr(one, verb, other)


def _state(deep: Deep) -> dict[Association, dict[str, Any]]:
    return {
        one: {"type": one.type, "from": one.from_, "to": one.to, "value": one.value} for one in deep if one is not deep
    }


def _apply(state: dict[Association, dict[str, Any]], event: Event) -> None:
    name, _, what = event.kind.partition("_")
    if event.kind == "constructed":
        state[event.source] = {"type": event.source.type, "from": None, "to": None, "value": None}
    elif event.kind == "destroyed":
        del state[event.source]
    elif what in ("set", "deleted") and name in ("type", "from", "to", "value"):
        # Somebody new has its last type from the start, for whoever looks.
        expected = (event.old, event.source.type) if name == "type" else (event.old,)
        assert any(state[event.source][name] is one for one in expected)
        state[event.source][name] = event.new
