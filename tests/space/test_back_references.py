"""Back references: live sets, in the order of arrival."""

import uuid
from collections.abc import Set

import pytest

from deeplinks import Deep
from deeplinks.errors import InvalidError, WrongTypeError
from tests.space.dumping import Ear


def test_they_come_in_the_order_of_arrival(deep: Deep) -> None:
    target = deep()
    links = [deep(to=target) for _ in range(5)]
    links[1].to = None
    links[1].to = target

    assert list(target.in_) == [links[0], links[2], links[3], links[4], links[1]]


def test_the_same_target_again_keeps_the_place(deep: Deep) -> None:
    target = deep()
    links = [deep(to=target) for _ in range(3)]
    links[0].to = target

    assert list(target.in_) == links


def test_a_set_is_live_also_across_empty(deep: Deep) -> None:
    User = deep()
    users = User.typed
    assert len(users) == 0
    alice = User()
    assert list(users) == [alice]
    alice.destroy()
    assert len(users) == 0
    bob = User()
    assert list(users) == [bob]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_set_contains_by_association_by_id_and_by_uuid(deep: Deep, count: int) -> None:
    target = deep()
    links = [deep(from_=target) for _ in range(count)]

    assert all(link in target.out for link in links)
    assert all(link.id in target.out and link.id.upper() in target.out for link in links)
    assert all(uuid.UUID(link.id) in target.out for link in links)


def test_a_set_contains_nothing_else(deep: Deep) -> None:
    target, other = deep(), deep()
    deep(from_=target)

    for stranger in (other, other.id, "nope", str(uuid.uuid4()), None, 5, target, deep, Deep()):
        assert stranger not in target.out


def test_set_operators_give_sets(deep: Deep) -> None:
    a, b = deep(), deep()
    one = deep(from_=a)
    both = deep(from_=a, to=b)
    two = deep(to=b)

    assert a.out | b.in_ == {one, both, two}
    assert a.out & b.in_ == {both}
    assert a.out - b.in_ == {one}
    assert a.out ^ b.in_ == {one, two}
    assert {two} | a.out == {one, both, two}
    assert hash(a.out | b.in_) == hash(frozenset({one, both, two}))


def test_set_operators_keep_the_order(deep: Deep) -> None:
    a, b = deep(), deep()
    links = [deep(from_=a, to=b) for _ in range(40)]
    last = deep(to=b)

    assert list(a.out | b.in_) == [*links, last]
    assert list(a.out & b.in_) == links
    assert list(b.in_ - a.out) == [last]
    assert list((a.out | b.in_) - {links[0]}) == [*links[1:], last]


def test_a_set_compares_as_sets_do(deep: Deep) -> None:
    a = deep()
    one, two = deep(from_=a), deep(from_=a)

    assert a.out == {one, two}
    assert a.out >= {one}
    assert a.out.isdisjoint(a.in_)
    assert isinstance(a.out, Set)


def test_a_loop_may_change_what_it_walks_over(deep: Deep) -> None:
    target = deep()
    for _ in range(4):
        deep(to=target)
    for link in target.in_:
        link.destroy()

    assert len(target.in_) == 0


def test_reading_a_set_makes_nothing(deep: Deep) -> None:
    a = deep()
    before = len(deep)
    for _ in range(100):
        len(a.out), list(a.out), a in a.out

    assert len(deep) == before


@pytest.mark.parametrize("verb", ["add", "discard", "remove", "clear"])
def test_a_set_is_changed_by_references_alone(deep: Deep, verb: str) -> None:
    assert not hasattr(deep().typed, verb)


def test_strings_are_instances_of_string(deep: Deep) -> None:
    text = deep.String("q")

    assert text in deep.String.typed
    assert list(deep.String.typed) == [text]


def test_a_held_set_tells_who_came_and_who_went(deep: Deep) -> None:
    User = deep()
    told: list[object] = []
    users = User.typed
    users.on(deep.events.data_add, lambda event: told.append(("came", event.item, event.source, event.field)))
    users.on("data_delete", lambda event: told.append(("went", event.item)))
    alice = User()
    alice.type = deep
    alice.type = User
    alice.destroy()

    assert told == [
        ("came", alice, User, "typed"),
        ("went", alice),
        ("came", alice, User, "typed"),
        ("went", alice),
    ]


def test_the_set_of_the_root_tells_of_the_roots_instances_alone(deep: Deep) -> None:
    told: list[object] = []
    deep.typed.on("data_add", lambda event: told.append(event.item))
    User = deep()
    User()

    assert told == [User]


def test_a_set_tells_of_no_other_kind(deep: Deep) -> None:
    with pytest.raises(InvalidError, match="data_set"):
        deep().out.on("data_set", print)
    with pytest.raises(WrongTypeError):
        deep().out.on("nonsense", print)


def test_the_disposer_of_a_set_stops_it(deep: Deep) -> None:
    a, ear = deep(), Ear()
    stop = a.out.on("data_add", ear)
    deep(from_=a)
    stop()
    deep(from_=a)

    assert len(ear.events) == 1


def test_a_set_of_many_shows_a_few(deep: Deep) -> None:
    a = deep()
    for _ in range(8):
        deep(from_=a)

    assert repr(a.out).endswith("… and 3 more}")
    assert repr(a.in_) == "{}"


@pytest.mark.parametrize("name", ["typed", "out", "in_", "valued"])
def test_who_is_destroyed_leaves_every_set_and_is_told_by_itself(deep: Deep, name: str) -> None:
    target, ear, changed = deep(), Ear(), Ear()
    x = target(from_=target, to=target, value=target)
    members = getattr(target, name)
    members.on("data_delete", ear)
    members.on("data_changed", changed)
    x.destroy()

    assert [event.item for event in ear.events] == [x]
    assert len(changed.events) == 1
    assert len(members) == 0


def test_the_same_target_again_tells_no_set(deep: Deep) -> None:
    User, ear = deep(), Ear()
    alice = User()
    for kind in ("data_add", "data_delete", "data_changed"):
        User.typed.on(kind, ear)
    alice.type = User
    alice.type = User.id

    assert ear.events == []
