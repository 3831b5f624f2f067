"""Arrays: members in order, as a Python list has them; what they hold, what they refuse, what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deeplinks import Association, Deep, Event, EventKind
from deeplinks.errors import (
    NoCollectionError,
    NoDataError,
    NoPlaceError,
    NotAMemberError,
    OtherCollectionError,
    OtherSpaceError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.space import fields
from deeplinks.space.membership import Membership
from tests.space.dumping import Ear, dump, unordered


def data(array: Association) -> list[object]:
    return [member.data for member in array]


# making


def test_an_array_begins_empty(deep: Deep) -> None:
    assert len(deep.Array()) == deep.Array().size == 0
    assert list(deep.Array()) == []


def test_an_array_is_made_of_any_iterable_in_its_order(deep: Deep) -> None:
    assert data(deep.Array(text for text in ("b", "a", "b"))) == ["b", "a", "b"]


def test_an_array_takes_over_the_members_of_another(deep: Deep) -> None:
    letters = deep.Array("ab")

    assert list(deep.Array(letters)) == list(letters)


def test_equal_lists_make_different_arrays(deep: Deep) -> None:
    assert deep.Array([1]) is not deep.Array([1])
    assert deep.wrap([1]) is not deep.wrap([1])


def test_what_an_array_was_made_of_may_change_after(deep: Deep) -> None:
    source = [1]
    numbers = deep.Array(source)
    source.append(2)

    assert data(numbers) == [1]


def test_the_type_of_an_array_may_be_a_type_of_arrays(deep: Deep) -> None:
    Queue = deep()
    Queue.type = deep.Array

    assert data(Queue(["a", "a"])) == ["a", "a"]


@pytest.mark.parametrize("members", [["a", object()], ["a", "\x00"], [None], [1.5, float("nan")]])
def test_an_array_with_a_wrong_member_is_not_made_at_all(deep: Deep, members: list[object]) -> None:
    before = dump(deep)
    with pytest.raises((WrongTypeError, UnstorableError)):
        deep.Array(members)

    assert unordered(dump(deep)) == unordered(before)


def test_what_is_no_iterable_makes_no_array(deep: Deep) -> None:
    with pytest.raises(WrongTypeError, match="iterable"):
        deep.Array(5)


def test_an_array_holds_no_data(deep: Deep) -> None:
    with pytest.raises(NoDataError):
        deep.Array().data = [1]


# places


def test_a_place_is_read_from_either_end(deep: Deep) -> None:
    a, b, c = (deep() for _ in range(3))
    array = deep.Array([a, b, c])

    assert (array[0], array[-1], array[1:], array[::-1]) == (a, c, [b, c], [c, b, a])


@pytest.mark.parametrize("place", [3, -4])
def test_a_place_that_is_not_there_is_an_index_error(deep: Deep, place: int) -> None:
    array = deep.Array("abc")
    before = dump(deep)
    verbs: list[Callable[[], object]] = [
        lambda: array[place],
        lambda: array.__setitem__(place, "x"),
        lambda: array.__delitem__(place),
        lambda: array.pop(place),
    ]
    for verb in verbs:
        with pytest.raises(IndexError, match=rf"no place {place}.*3 members") as raised:
            verb()
        assert isinstance(raised.value, NoPlaceError)

    assert dump(deep) == before
    with pytest.raises(IndexError):
        deep.Array().pop()


def test_a_place_is_an_int(deep: Deep) -> None:
    array = deep.Array("abc")
    for verb in (lambda: array[1.5], lambda: array.insert("a", "x"), lambda: array.__setitem__(slice(1), ["x"])):  # type: ignore[arg-type]
        with pytest.raises(WrongTypeError):
            verb()


def test_a_text_in_brackets_is_a_name_and_no_place(deep: Deep) -> None:
    array, alice = deep.Array("abc"), deep()
    array["owner"] = alice

    assert array["owner"] is alice
    assert len(array) == 3


def test_a_member_may_have_several_places(deep: Deep) -> None:
    a, b = deep(), deep()
    array = deep.Array([a, b, a])

    assert list(array) == [a, b, a]
    assert array.count(a) == 2
    assert array.index(a) == 0
    assert array.discard(a)
    assert list(array) == [b, a]


def test_a_member_is_asked_for_by_itself_its_id_and_its_data(deep: Deep) -> None:
    member, text = deep(), deep.String("a")
    array = deep.Array([member, text, "a"])

    assert member in array
    assert member.id in array
    assert "a" in array
    assert deep.String("a") not in array
    assert (array.index("a"), array.count("a"), array.index(text)) == (1, 2, 1)


def test_numbers_of_other_kinds_are_other_members(deep: Deep) -> None:
    array = deep.Array([True, 1.0, Decimal("1.0"), 1])

    assert [array.index(number) for number in (1, 1.0, Decimal("1.0"), True)] == [3, 1, 2, 0]


def test_who_is_no_member_has_no_place(deep: Deep) -> None:
    array = deep.Array("ab")
    for asked in ("c", deep(), None, object(), []):
        with pytest.raises(ValueError, match="no member") as raised:
            array.index(asked)
        assert isinstance(raised.value, NotAMemberError)
        assert array.count(asked) == 0
        assert not array.discard(asked)


def test_putting_somebody_else_at_a_place_keeps_its_item(deep: Deep) -> None:
    array, new = deep.Array("abc"), deep()
    items = list(array.out)
    old = array[1]
    array[1] = new

    assert list(array.out) == items
    assert array[1] is new
    assert old is not None
    assert not old.destroyed


def test_putting_what_is_there_changes_nothing(deep: Deep) -> None:
    array = deep.Array("abc")
    ear = Ear.on(deep, array=array, root=deep)
    before = dump(deep)
    array[1] = "b"
    array[1] = array[1]

    assert ear.log == []
    assert dump(deep) == before


def test_an_insert_makes_one_item_and_moves_nobody(deep: Deep) -> None:
    array, member = deep.Array("abc"), deep()
    before = {item: (item.to, item.value, item.value and item.value.data) for item in array.out}
    array.insert(1, member)

    after = {item: (item.to, item.value, item.value and item.value.data) for item in array.out}
    assert after.items() >= before.items()
    assert len(after) == 4
    assert array[1] is member


def test_inserting_at_one_place_again_and_again_keeps_the_order(deep: Deep) -> None:
    array, expected = deep.Array(["first", "last"]), ["first", "last"]
    for number in range(500):
        array.insert(1, number)
        expected.insert(1, number)  # type: ignore[arg-type]

    assert data(array) == expected
    assert len({item.value and item.value.data for item in array.out}) == 502


def test_appending_and_reading_place_each_item_once(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    array = deep.Array()
    placed, again = 0, Membership._again

    def counting(membership: Membership, items: list[Association]) -> None:
        nonlocal placed
        placed += len(items)
        again(membership, items)

    monkeypatch.setattr(Membership, "_again", counting)
    for number in range(300):
        array.append(number)
        assert array[-1].data == number

    assert data(array) == list(range(300))
    assert placed <= 300


# Items


def test_a_position_is_a_number_that_is_the_value_of_the_item(deep: Deep) -> None:
    array = deep.Array("ab")

    assert [(item.type, item.value and item.value.type, item.data) for item in array.out] == [
        (deep.Item, deep.Number, 1),
        (deep.Item, deep.Number, 2),
    ]


def test_members_stand_where_their_positions_say(deep: Deep) -> None:
    array = deep.Array("abc")
    first, *_ = array.out
    first.data = 2.5

    assert data(array) == ["b", "a", "c"]
    first.value = deep.Number(Decimal("3.5"))
    assert data(array) == ["b", "c", "a"]


def test_equal_positions_are_told_apart_by_id(deep: Deep) -> None:
    array = deep.Array()
    items = [deep.Item(from_=array, to=deep.String(text), value=deep.Number(1)) for text in "abc"]
    items.sort(key=lambda item: item.id)

    assert list(array) == [item.to for item in items]
    array.insert(1, "x")
    assert [member.data for member in array][1] == "x"
    assert [member for member in array if member.data != "x"] == [item.to for item in items]


def test_who_has_no_position_comes_last(deep: Deep) -> None:
    array = deep.Array("ab")
    deep.Item(from_=array, to=deep.String("x"))
    array.insert(0, "z")
    assert data(array) == ["z", "a", "b", "x"]

    array.append("y")
    assert data(array) == ["z", "a", "b", "x", "y"]
    assert all(item.value for item in array.out)


def test_a_position_goes_with_its_item(deep: Deep) -> None:
    array = deep.Array("abc")
    before = len(deep)
    array.pop()
    del array[0]

    assert len(deep) == before - 4
    array.clear()
    assert not deep.Item.typed
    assert not deep.Number.typed


def test_destroying_an_array_takes_its_positions_and_leaves_its_members(deep: Deep) -> None:
    array = deep.Array([1, "a"])
    members = list(array)
    array.destroy()

    assert not deep.Item.typed
    assert list(deep.Number.typed) == members[:1]


def test_a_position_that_somebody_else_knows_stays(deep: Deep) -> None:
    array, number = deep.Array(), deep.Number(1)
    deep.Item(from_=array, to=deep(), value=number)
    other = deep(value=number)
    array.clear()

    assert other.value is number


def test_destroying_a_member_takes_all_its_places(deep: Deep) -> None:
    text = deep.String("a")
    array = deep.Array([text, "b", text])
    text.destroy()

    assert data(array) == ["b"]
    assert len(deep.Item.typed) == 1


def test_a_set_that_becomes_an_array_has_its_members_in_the_order_of_their_ids(deep: Deep) -> None:
    members = deep.Set("cab")
    assert len(members) == 3
    members.type = deep.Array

    assert data(members) == ["c", "a", "b"]
    members.append("a")
    members.type = deep.Set
    assert len(members) == 4


# errors


def test_verbs_of_lists_are_for_arrays(deep: Deep) -> None:
    verbs: list[tuple[str, Callable[[Association], Any]]] = [
        ("append", lambda one: one.append(1)),
        ("extend", lambda one: one.extend([1])),
        ("insert", lambda one: one.insert(0, 1)),
        ("index", lambda one: one.index(1)),
        ("count", lambda one: one.count(1)),
        ("pop", lambda one: one.pop()),
    ]
    for name, verb in verbs:
        for one in (deep(), deep.String("a"), deep(value=deep())):
            with pytest.raises(NoCollectionError, match="no collection"):
                verb(one)
        with pytest.raises(OtherCollectionError, match=f"a Set and knows no {'append' if name == 'extend' else name}"):
            if name == "extend":
                deep.Set([1]).append(1)
            verb(deep.Set([1]))


def test_a_member_of_another_space_is_refused(deep: Deep) -> None:
    array = deep.Array("a")
    before = dump(deep)
    stranger = Deep()()
    for verb in (array.append, lambda one: array.insert(0, one), lambda one: array.__setitem__(0, one), array.add):
        with pytest.raises(OtherSpaceError):
            verb(stranger)
    with pytest.raises(OtherSpaceError):
        array.extend(["b", stranger])

    assert unordered(dump(deep)) == unordered(before)


def test_a_list_in_itself_is_refused(deep: Deep) -> None:
    circle: list[object] = []
    circle.append(circle)
    deep_list: list[object] = []
    for _ in range(200):
        deep_list = [deep_list]

    for wrong in (circle, deep_list):
        with pytest.raises(UnstorableError):
            deep.wrap(wrong)
        assert len(deep) == 1
    assert data(deep.wrap([1])) == [1]


def test_lists_in_lists_become_arrays_in_arrays(deep: Deep) -> None:
    array = deep.wrap([1, [2, {"a": [3]}], {4}])

    assert [one.type for one in array] == [deep.Number, deep.Array, deep.Set]
    assert data(array[1]) == [2, {"a": [3]}]


# the value chain


def test_an_array_is_used_through_the_value_chain(deep: Deep) -> None:
    post, draft = deep(), deep()
    post.value = deep.Array()
    draft.value = post
    draft.append("a")
    draft.insert(0, "b")
    draft[1] = "c"

    assert data(post) == data(draft) == ["b", "c"]
    assert draft[0].data == "b"
    assert draft.pop(0).data == "b"
    del draft[0]
    assert len(post) == 0


# events


def told(ear: Ear) -> list[tuple[str, object]]:
    return [
        (event.kind, event.field)
        for event in ear.events
        if event.kind.startswith("data_") or event.kind is EventKind.item_set
    ]


@pytest.fixture
def array(deep: Deep) -> Association:
    return deep.Array(["a", "b"])


def test_appending_tells_that_it_was_pushed(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    array.append(3)

    assert told(ear) == [("data_push", 2), ("data_changed", "data")]
    assert ear.events[1].item is array[2]


def test_extending_tells_each_and_that_it_changed_once(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    array.extend([3, 3])
    array.extend([])

    assert told(ear) == [("data_push", 2), ("data_push", 3), ("data_changed", "data")]


def test_inserting_and_adding_tell_where(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    array.insert(1, "x")
    array.add("b").add("y")

    assert told(ear) == [("data_add", 1), ("data_changed", "data"), ("data_add", 3), ("data_changed", "data")]
    assert data(array) == ["a", "x", "b", "y"]


def test_putting_tells_who_was_there(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    old = array[0]
    array[0] = "z"

    event = next(event for event in ear.events if event.kind is EventKind.item_set)
    assert told(ear) == [("item_set", 0), ("data_changed", "data")]
    assert (event.old, event.new, event.item) == (old, array[0], array[0])


def test_taking_out_tells_who_went(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    first, second = array
    assert array.discard("a")
    assert not array.discard("a")
    array.pop()

    gone = [event.item for event in ear.events if event.kind is EventKind.data_delete]
    assert gone == [first, second]
    assert [kind for kind, _ in told(ear)] == ["data_delete", "data_changed"] * 2


def test_clearing_tells_each_then_that_it_is_clear(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    array.clear()
    array.clear()

    assert [kind for kind, _ in told(ear)] == ["data_delete", "data_delete", "data_clear", "data_changed"]


def test_events_go_up_the_value_chain(deep: Deep, array: Association) -> None:
    a = deep(value=array)
    ear = Ear.on(deep, a=a)
    a.append(3)
    a[0] = 5

    assert [event.kind for event in ear.events] == ["data_push", "data_changed", "item_set", "data_changed"]


def test_what_comes_from_a_storage_tells_who_came(deep: Deep, array: Association) -> None:
    heard: list[Event] = []
    array.on("data_add", heard.append)
    array.on("data_push", heard.append)
    space, member = deep.space, deep()
    item = space.place("00000000-0000-4000-8000-000000000001", "s")
    for field, target in (("TYPE", deep.Item), ("FROM", array), ("TO", member)):
        space.point(item, getattr(fields, field), target.id, "s")

    assert [(event.kind, event.item, event.origin) for event in heard] == [("data_add", member, "s")]
    space.remove(member, "s")
    assert data(array) == ["a", "b"]


def test_what_is_undone_is_not_told_and_not_there(deep: Deep, array: Association) -> None:
    ear = Ear.on(deep, array=array)
    before = data(array)

    def fail() -> Iterator[object]:
        yield "x"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        array.extend(fail())
    with pytest.raises(ZeroDivisionError), deep.together():
        array.append("x")
        array[0] = "y"
        del array[1]
        array.insert(0, "z")
        assert data(array) == ["z", "y", "x"]
        raise ZeroDivisionError

    assert data(array) == before
    assert told(ear) == []


# against a list

VALUES = st.one_of(st.integers(-2, 2), st.sampled_from(["a", "b", 1.0, True, "1"]))
PLACES = st.integers(-6, 6)


class Lists(RuleBasedStateMachine):
    """Any verbs in any order do to an Array what they do to a list."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = Deep()
        self.array = self.deep.Array()
        self.list: list[object] = []

    def both(self, verb: Callable[[Any], object]) -> None:
        results = []
        for one in (self.array, self.list):
            try:
                found = verb(one)
                results.append(found.data if isinstance(found, Association) else found)
            except (IndexError, ValueError) as error:
                results.append(IndexError if isinstance(error, IndexError) else ValueError)
        assert results[0] == results[1]

    @rule(value=VALUES)
    def append(self, value: object) -> None:
        self.both(lambda one: one.append(value))

    @rule(values=st.lists(VALUES, max_size=3))
    def extend(self, values: list[object]) -> None:
        self.both(lambda one: one.extend(values))

    @rule(place=PLACES, value=VALUES)
    def insert(self, place: int, value: object) -> None:
        self.both(lambda one: one.insert(place, value))

    @rule(place=PLACES, value=VALUES)
    def put(self, place: int, value: object) -> None:
        self.both(lambda one: one.__setitem__(place, value))

    @rule(place=PLACES)
    def pop(self, place: int) -> None:
        self.both(lambda one: one.pop(place))

    @rule(place=PLACES)
    def delete(self, place: int) -> None:
        self.both(lambda one: one.__delitem__(place))

    @rule(start=PLACES, end=PLACES)
    def delete_slice(self, start: int, end: int) -> None:
        self.both(lambda one: one.__delitem__(slice(start, end)))

    @rule(place=PLACES, position=st.sampled_from([0, 1, 1.5, Decimal("0.1"), -3]))
    def move(self, place: int, position: object) -> None:
        """By hand: then the list is what the Array says."""
        items = list(self.array.out)
        if items:
            items[place % len(items)].data = position
            self.list = data(self.array)
            assert sorted(map(repr, self.list)) == sorted(repr(item.to.data) for item in items if item.to)

    @rule()
    def undo(self) -> None:
        with pytest.raises(ZeroDivisionError), self.deep.together():
            self.array.insert(1, "undone")
            self.array.clear()
            self.array.append("undone")
            assert data(self.array) == ["undone"]
            raise ZeroDivisionError

    @rule()
    def clear(self) -> None:
        self.both(lambda one: one.clear())

    @invariant()
    def they_are_equal(self) -> None:
        assert [(type(value), value) for value in data(self.array)] == [(type(value), value) for value in self.list]
        assert len(self.array) == len(self.list)
        assert len(self.deep.Item.typed) == len(self.list)
        for value in ("a", 1, 1.0, True):
            places = [number for number, one in enumerate(self.list) if type(one) is type(value) and one == value]
            assert (value in self.array, self.array.count(value)) == (bool(places), len(places))
            if places:
                assert self.array.index(value) == places[0]


TestLists = Lists.TestCase
TestLists.settings = settings(
    max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None
)
