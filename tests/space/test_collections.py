"""Sets: members as links of the built-in type `Item`; what they hold, what they refuse, what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deeplinks import Association, Deep, Event
from deeplinks.errors import (
    DestroyedError,
    NoCollectionError,
    NoDataError,
    OtherSpaceError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.space.membership import Membership
from tests.space.dumping import Ear, dump, unordered


def texts(tags: Association) -> list[object]:
    return [member.data for member in tags]


# making


def test_a_set_begins_empty(deep: Deep) -> None:
    assert len(deep.Set()) == deep.Set().size == 0


def test_a_set_is_made_of_any_iterable(deep: Deep) -> None:
    assert texts(deep.Set(text for text in ("b", "a"))) == ["b", "a"]
    assert len(deep.Set({1, "x"})) == 2


def test_a_set_takes_over_the_members_of_another(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])

    assert list(deep.Set(tags)) == list(tags)


def test_what_a_set_was_made_of_may_change_after(deep: Deep) -> None:
    source = {1}
    numbers = deep.Set(source)
    source.add(2)

    assert texts(numbers) == [1]


def test_the_type_of_a_set_may_be_a_type_of_sets(deep: Deep) -> None:
    Tags = deep()
    Tags.type = deep.Set

    assert texts(Tags(["a"])) == ["a"]


def test_a_set_has_references_too(deep: Deep) -> None:
    alice = deep()
    tags = deep.Set(["a"], from_=alice)

    assert tags.from_ is alice


@pytest.mark.parametrize("members", [["a", object()], ["a", "\x00"], [None], [b""], [1.5, float("nan")]])
def test_a_set_with_a_wrong_member_is_not_made_at_all(deep: Deep, members: list[object]) -> None:
    before = dump(deep)
    with pytest.raises((WrongTypeError, UnstorableError)):
        deep.Set(members)

    assert unordered(dump(deep)) == unordered(before)


def test_what_is_no_iterable_makes_no_set(deep: Deep) -> None:
    with pytest.raises(WrongTypeError, match="iterable"):
        deep.Set(5)


def test_an_iterable_that_raises_makes_no_set(deep: Deep) -> None:
    def members() -> Iterator[str]:
        yield "a"
        raise ZeroDivisionError

    before = len(deep)
    with pytest.raises(ZeroDivisionError):
        deep.Set(members())

    assert len(deep) == before


# members


def test_adding_chains(deep: Deep) -> None:
    numbers = deep.Set()

    assert numbers.add(1).add(2) is numbers
    assert texts(numbers) == [1, 2]


def test_a_member_keeps_its_identity(deep: Deep) -> None:
    text = deep.String("javascript")
    tags = deep.Set().add(text)

    assert list(tags) == [text]


def test_a_member_is_asked_for_by_itself_its_id_and_its_data(deep: Deep) -> None:
    member, text = deep(), deep.String("a")
    tags = deep.Set([member, text])

    assert member in tags
    assert member.id in tags
    assert "a" in tags
    assert deep.String("a") not in tags


@pytest.mark.parametrize("asked", ["never seen", 1, 1.0, None, object(), [], {1}, b"", "not-an-id"])
def test_asking_makes_nothing(deep: Deep, asked: object) -> None:
    tags = deep.Set(["a"])
    before = len(deep)

    assert asked not in tags
    assert len(deep) == before


def test_numbers_of_other_kinds_are_other_members(deep: Deep) -> None:
    numbers = deep.Set([1, 1.0, Decimal("1.0"), Decimal("1.00"), 1, 1.0, Decimal("1.00")])

    assert len(numbers) == 4


def test_a_function_is_found_by_itself(deep: Deep) -> None:
    functions = deep.Set([len, repr, len])

    assert len(functions) == 2
    assert repr in functions
    assert str not in functions


def test_a_member_that_holds_the_text_is_not_added_again(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text, "a"]).add("a")

    assert list(tags) == [text]


def test_data_of_a_member_that_changed_counts_as_it_is_now(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text])
    text.data = "b"

    assert "a" not in tags
    assert "b" in tags


def test_text_that_is_an_id_is_text(deep: Deep) -> None:
    alice = deep()
    tags = deep.Set().add(alice.id)

    assert alice not in tags
    assert texts(tags) == [alice.id]


def test_text_that_is_the_id_of_a_member_is_not_taken_for_it_when_it_is_taken_out(deep: Deep) -> None:
    alice = deep()
    tags = deep.Set([alice])

    assert not tags.discard(alice.id)
    assert alice in tags


def test_members_come_in_the_order_in_which_they_were_added(deep: Deep) -> None:
    tags = deep.Set("dbca")
    tags.discard("b")
    tags.add("a").add("b")

    assert texts(tags) == ["d", "c", "a", "b"]


def test_a_loop_may_change_what_it_walks_over(deep: Deep) -> None:
    tags = deep.Set("abc")
    for member in tags:
        tags.discard(member)

    assert len(tags) == 0


@pytest.mark.parametrize("verb", ["discard", "delete"])
def test_taking_out_tells_whether_it_was_a_member(deep: Deep, verb: str) -> None:
    member = deep()
    tags = deep.Set([1, member])

    assert getattr(tags, verb)(1)
    assert not getattr(tags, verb)(1)
    assert getattr(tags, verb)(member)
    assert not getattr(tags, verb)(object())


def test_who_is_taken_out_stays_in_the_space(deep: Deep) -> None:
    text = deep.String("a")
    deep.Set([text]).discard(text)

    assert not text.destroyed
    assert not text.in_


def test_clearing_takes_all_out(deep: Deep) -> None:
    tags = deep.Set("ab")

    assert tags.clear() is None
    assert len(tags) == 0
    assert not deep.Item.typed


def test_the_size_can_only_be_read(deep: Deep) -> None:
    with pytest.raises(AttributeError):
        deep.Set().size = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_an_empty_set_is_true_as_every_association_is(deep: Deep) -> None:
    assert deep.Set()


def test_a_set_may_be_a_member_and_is_found_by_identity_alone(deep: Deep) -> None:
    sets = deep.Set([{1}, frozenset({1})])

    assert len(sets) == 2
    assert {1} not in sets


def test_a_set_may_be_its_own_member(deep: Deep) -> None:
    tags = deep.Set()
    tags.add(tags)

    assert list(tags) == [tags]
    tags.destroy()
    assert not deep.Item.typed


def test_a_member_of_another_space_is_refused(deep: Deep) -> None:
    tags = deep.Set()
    with pytest.raises(OtherSpaceError):
        tags.add(Deep()())

    assert len(tags) == 0


def test_a_destroyed_member_is_refused(deep: Deep) -> None:
    member = deep()
    member.destroy()
    with pytest.raises(DestroyedError):
        deep.Set().add(member)

    assert member not in deep.Set()


def test_a_refused_raw_value_leaves_nothing(deep: Deep) -> None:
    tags = deep.Set(["a"])
    before = dump(deep)
    for wrong in (None, object(), "\ud800", b"", [None], {"a": object()}):
        with pytest.raises((WrongTypeError, UnstorableError)):
            tags.add(wrong)

    assert dump(deep) == before


def test_a_set_holds_no_data(deep: Deep) -> None:
    with pytest.raises(NoDataError):
        deep.Set().data = {1}


# Items


def test_an_item_is_a_link_that_out_shows(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text])
    (item,) = tags.out

    assert (item.type, item.from_, item.to) == (deep.Item, tags, text)


def test_an_item_made_by_hand_makes_a_member(deep: Deep) -> None:
    tags, member = deep.Set(), deep()
    deep.Item(from_=tags, to=member)

    assert list(tags) == [member]


def test_two_items_to_one_member_count_once_and_go_at_once(deep: Deep) -> None:
    member = deep()
    tags = deep.Set([member])
    deep.Item(from_=tags, to=member)

    assert list(tags) == [member]
    assert tags.discard(member)
    assert not tags.out


def test_other_links_are_no_members(deep: Deep) -> None:
    tags = deep.Set()
    deep()(from_=tags, to=deep())
    deep.Item(from_=tags)

    assert len(tags) == 0


def test_destroying_a_set_destroys_its_items_and_not_its_members(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text, "b"])
    tags.destroy()

    assert not deep.Item.typed
    assert not text.destroyed


def test_destroying_a_member_takes_it_out_of_its_sets(deep: Deep) -> None:
    text = deep.String("a")
    sets = [deep.Set([text]), deep.Set(["b", text])]
    text.destroy()

    assert [len(one) for one in sets] == [0, 1]
    assert len(deep.Item.typed) == 1


def test_destroying_an_item_destroys_the_items_at_it(deep: Deep) -> None:
    text = deep.String("a")
    (item,) = deep.Set([text]).out
    deep.Set([item])
    text.destroy()

    assert not deep.Item.typed


def test_destroying_a_type_with_its_instances_takes_them_out(deep: Deep) -> None:
    User = deep()
    users = deep.Set([User(), User(), deep()])
    User.destroy(cascade=True)

    assert len(users) == 1


# the value chain


def test_a_collection_is_used_through_the_value_chain(deep: Deep) -> None:
    post, draft, tags = deep(), deep(), deep.Set()
    post.value = tags
    draft.value = post
    draft.add(1)

    assert 1 in post
    assert 1 in tags
    assert draft.size == len(post) == 1
    assert list(draft) == list(tags)
    assert draft.discard(1)
    draft.clear()


LOOKS: list[Callable[[Association], Any]] = [
    len,
    iter,
    list,
    lambda one: 1 in one,
    lambda one: one.size,
    lambda one: one.add(1),
    lambda one: one.discard(1),
    lambda one: one.delete(1),
    lambda one: one.clear(),
]


@pytest.mark.parametrize("look", LOOKS)
def test_what_has_no_collection_at_the_end_of_its_value_chain_says_so(
    deep: Deep, look: Callable[[Association], Any]
) -> None:
    cyclic = deep()
    cyclic.value = deep(value=cyclic)
    for one in (deep(), deep.String("a"), deep.Set, deep(value=deep.String("a")), cyclic):
        before = len(deep)
        with pytest.raises(TypeError, match="no collection at the end of the value chain") as raised:
            look(one)
        assert isinstance(raised.value, NoCollectionError)
        assert len(deep) == before


def test_what_has_no_members_is_true(deep: Deep) -> None:
    assert deep()


def test_a_space_keeps_its_own_length_and_order(deep: Deep) -> None:
    deep.value = deep.Set(["a"])

    assert len(deep) == len(list(deep)) == 4
    assert deep.id in deep


# wrapping


@pytest.mark.parametrize(
    ("value", "type"),
    [
        ("a", "String"),
        (5, "Number"),
        (Decimal("0.1"), "Number"),
        (1.5, "Number"),
        (len, "Function"),
        (True, "Boolean"),
        ({}, "Object"),
        ({"a": [1]}, "Object"),
        ({1: "a"}, "Map"),
        (date(2024, 1, 1), "Date"),
        (datetime(2024, 1, 1, tzinfo=UTC), "Date"),
    ],
)
def test_a_value_is_wrapped_by_its_type(deep: Deep, value: object, type: str) -> None:
    wrapped = deep.wrap(value)

    assert wrapped.type is getattr(deep, type)
    assert wrapped.data == deep.wrap(value).data == value


def test_a_set_is_wrapped_with_its_members(deep: Deep) -> None:
    assert sorted(str(member.data) for member in deep.wrap({"a", "b"})) == ["a", "b"]


def test_an_association_is_its_own_wrapping(deep: Deep) -> None:
    one = deep()

    assert deep.wrap(one) is one


def test_wrapping_text_never_looks_up_an_id(deep: Deep) -> None:
    assert deep.wrap(deep().id).type is deep.String


@pytest.mark.parametrize("value", [None, b"", object(), [None], {"a": b""}, (object(),)])
def test_what_can_not_be_wrapped_is_refused(deep: Deep, value: object) -> None:
    with pytest.raises((WrongTypeError, UnstorableError)):
        deep.wrap(value)
    assert len(deep) == 1


def test_what_is_not_of_this_space_is_not_wrapped(deep: Deep) -> None:
    gone = deep()
    gone.destroy()
    with pytest.raises(OtherSpaceError):
        deep.wrap(Deep()())
    with pytest.raises(DestroyedError):
        deep.wrap(gone)


# what is told

MEMBERS = ("data_add", "data_delete", "data_clear", "data_changed")


def listening(deep: Deep, **associations: Association) -> Ear:
    """An ear for what collections tell, and nothing else."""
    ear = Ear(**associations)
    for one in associations.values():
        for kind in MEMBERS:
            one.on(kind, ear)
    return ear


def test_adding_tells_the_member_and_then_that_the_set_changed(deep: Deep) -> None:
    tags = deep.Set()
    ear = listening(deep, tags=tags)
    tags.add(5)

    assert ear.log == ["tags:data_add", "tags:data_changed"]
    assert ear.events[0].item is not None
    assert ear.events[0].item.data == 5


def test_taking_out_tells_the_member_and_then_that_the_set_changed(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text])
    ear = listening(deep, tags=tags)
    tags.discard("a")

    assert ear.log == ["tags:data_delete", "tags:data_changed"]
    assert ear.events[0].item is text


def test_clearing_tells_each_member_then_that_it_is_clear_then_that_it_changed(deep: Deep) -> None:
    tags = deep.Set([1, 2])
    ear = listening(deep, tags=tags)
    tags.clear()
    tags.clear()

    assert ear.log == ["tags:data_delete", "tags:data_delete", "tags:data_clear", "tags:data_changed"]


def test_what_is_no_change_tells_nothing(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text])
    ear = listening(deep, tags=tags)
    tags.add("a").add(text)
    tags.discard("b")
    deep.Item(from_=tags, to=text).destroy()

    assert ear.log == []


def test_it_is_told_up_the_value_chain_each_once(deep: Deep) -> None:
    tags = deep.Set()
    a, b = deep(value=tags), deep(value=tags)
    top = deep(value=a)
    a.type = b
    ear = listening(deep, tags=tags, a=a, b=b, top=top)
    a.add(3)

    whole = [f"{name}:{kind}" for kind in ("data_add", "data_changed") for name in ("tags", "a", "b", "top")]
    assert ear.log == whole
    assert {event.item for event in ear.events if event.kind == "data_add"} == set(tags)


def test_a_cycle_of_values_hears_each_once(deep: Deep) -> None:
    tags = deep.Set()
    other = deep(value=tags)
    tags.value = other
    ear = listening(deep, tags=tags, other=other)
    deep.Item(from_=tags, to=deep())

    assert ear.log == ["tags:data_add", "other:data_add", "tags:data_changed", "other:data_changed"]


def test_an_item_that_is_pointed_elsewhere_tells_both(deep: Deep) -> None:
    one, other, a, b = deep.Set(), deep.Set(), deep(), deep()
    item = deep.Item()
    ear = listening(deep, one=one, other=other)
    item.from_ = one
    item.to = a
    item.to = b
    item.from_ = other
    item.type = deep
    item.type = deep.Item
    del item.to

    told = [entry for entry in ear.log if not entry.endswith("changed")]
    assert told == [
        "one:data_add",
        "one:data_delete",
        "one:data_add",
        "one:data_delete",
        "other:data_add",
        "other:data_delete",
        "other:data_add",
        "other:data_delete",
    ]
    assert [event.item for event in ear.events if event.kind != "data_changed"] == [a, a, b, b, b, b, b, b]


def test_a_destroyed_member_is_told(deep: Deep) -> None:
    text = deep.String("a")
    tags = deep.Set([text])
    ear = listening(deep, tags=tags)
    text.destroy()

    assert ear.log == ["tags:data_delete", "tags:data_changed"]


def test_items_of_what_is_no_collection_tell_nothing(deep: Deep) -> None:
    one = deep()
    ear = listening(deep, one=one)
    deep.Item(from_=one, to=deep()).destroy()

    assert ear.log == []


def test_a_receiver_may_write_to_the_set_it_hears(deep: Deep) -> None:
    tags = deep.Set()

    def also(event: Event) -> None:
        if event.item is not None and event.item.data == 1:
            tags.add(2)

    with tags.on("data_add", also):
        tags.add(1)

    assert texts(tags) == [1, 2]


def test_what_was_undone_was_not_told(deep: Deep) -> None:
    tags = deep.Set([1])
    ear = listening(deep, tags=tags)
    with pytest.raises(ZeroDivisionError), deep.together():
        tags.add(2)
        tags.clear()
        raise ZeroDivisionError

    assert ear.log == []
    assert texts(tags) == [1]


def test_a_set_and_its_members_are_one_change_set(deep: Deep) -> None:
    told: list[int] = []
    deep.signals.changed.connect(lambda _, changes: told.append(len({one.id for one in changes})))
    deep.Set(["a", "b"])

    assert told == [5]


# what is stored


def test_storing_a_set_stores_its_items_and_members(deep: Deep) -> None:
    tags = deep.Set(["a", {"b"}]).store("database")

    assert all(one.is_stored("database") for one in (*tags, *tags.out))
    assert all(member.is_stored("database") for one in tags for member in (one if one.type is deep.Set else ()))


def test_adding_to_a_stored_set_stores_the_item_and_the_member(deep: Deep) -> None:
    tags = deep.Set().store("database")
    tags.add("a")

    assert all(one.is_stored("database", "one_true") for one in (*tags, *tags.out))


def test_a_set_that_its_type_stores_stores_its_items_and_members(deep: Deep) -> None:
    Tags = deep()
    Tags.type = deep.Set
    Tags.store("database", "typed_true")
    tags = Tags(["a"])

    assert all(one.is_stored("database") for one in (*tags, *tags.out))


def test_storing_what_has_a_set_as_value_stores_the_members(deep: Deep) -> None:
    tags = deep.Set(["a"])
    deep(value=tags).store("database")

    assert all(one.is_stored("database") for one in (tags, *tags, *tags.out))


def test_an_excluded_member_stays_out_and_its_item_is_kept(deep: Deep) -> None:
    text = deep.String("secret").store("database", "one_false")
    tags = deep.Set([text]).store("database")
    tags.add(deep.String("too").store("database", "one_false"))

    assert not any(member.is_stored("database") for member in tags)
    assert all(item.is_stored("database") for item in tags.out)


def test_an_item_pointed_at_a_stored_set_by_hand_is_stored(deep: Deep) -> None:
    tags, member = deep.Set().store("database"), deep()
    item = deep.Item(to=member)
    item.from_ = tags

    assert item.is_stored("database")
    assert member.is_stored("database")


def test_a_link_that_becomes_an_item_of_a_stored_set_is_stored(deep: Deep) -> None:
    tags = deep.Set().store("database")
    link = deep(from_=tags, to=deep())
    assert not link.is_stored("database")
    link.type = deep.Item

    assert link.is_stored("database")


def test_what_is_stored_and_becomes_a_set_stores_its_items(deep: Deep) -> None:
    Tags = deep()
    tags = Tags().store("database")
    item = deep.Item(from_=tags, to=deep())
    assert not item.is_stored("database")
    Tags.type = deep.Set

    assert item.is_stored("database")
    assert next(iter(tags)).is_stored("database")


def test_a_function_without_source_is_refused_by_a_stored_set_and_nothing_is_left(deep: Deep) -> None:
    tags = deep.Set().store("database")
    function = deep.Function(len)
    before = dump(deep)
    for wrong in (len, function):
        with pytest.raises(UnstorableError):
            tags.add(wrong)
    with pytest.raises(UnstorableError):
        deep.Item(from_=tags, to=function)
    item = deep.Item(to=function)
    with pytest.raises(UnstorableError):
        item.from_ = tags
    item.destroy()

    after = dump(deep)
    assert after["ledgers"] == before["ledgers"]
    assert unordered(after)["associations"] == unordered(before)["associations"]


def test_two_threads_that_add_one_member_make_one_item(deep: Deep) -> None:
    tags = deep.Set()
    members = [deep() for _ in range(300)]
    threads = [Thread(target=lambda: [tags.add(member) for member in members]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tags.out) == len(members)


def test_adding_many_does_not_walk_the_members(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = deep.Set()
    hub = deep()
    for _ in range(2_000):
        deep()(to=hub)
    placed = 0
    again = Membership._again

    def counting(membership: Membership, items: list[Association]) -> None:
        nonlocal placed
        placed += len(items)
        again(membership, items)

    monkeypatch.setattr(Membership, "_again", counting)
    tags.add(hub)
    for number in range(500):
        tags.add(deep()).add(number)
    tags.add(hub).discard(7)

    assert len(tags) == 1_000
    assert placed <= 3 * 1_001


# against a plain ordered dict

VALUES: list[Any] = ["", "a", "б", 0, 1, -5, 1.0, Decimal("1.0")]


class Undone(Exception):
    pass


class SetMachine(RuleBasedStateMachine):
    """A Set and a dict that keeps its order, under the same steps; what is told, put together, is the third."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = Deep()
        self.tags = self.deep.Set().store("database")
        self.owner = self.deep(value=self.tags)
        self.others = [self.deep() for _ in range(3)]
        self.plain: dict[Association, None] = {}
        self.heard: dict[Association, None] = {}
        self.owner.on("data_add", self._hear_added)
        self.owner.on("data_delete", self._hear_deleted)
        self.owner.on("data_clear", self._hear_clear)

    def _hear_added(self, event: Event) -> None:
        assert event.item is not None
        assert event.item not in self.heard
        self.heard[event.item] = None

    def _hear_deleted(self, event: Event) -> None:
        assert event.item is not None
        del self.heard[event.item]

    def _hear_clear(self, event: Event) -> None:
        assert not self.heard

    def _of(self, value: object) -> Association | None:
        return next((one for one in self.plain if (type(one.data), str(one.data)) == (type(value), str(value))), None)

    @rule(value=st.sampled_from(VALUES))
    def add_value(self, value: object) -> None:
        before = self._of(value)
        self.owner.add(value)
        if before is None:
            self.plain[list(self.tags)[-1]] = None
        assert self._of(value) is not None

    @rule(number=st.integers(0, 2))
    def add_association(self, number: int) -> None:
        self.tags.add(self.others[number])
        self.plain.setdefault(self.others[number])

    @rule(number=st.integers(0, 2))
    def add_by_hand(self, number: int) -> None:
        self.deep.Item(from_=self.tags, to=self.others[number])
        self.plain.setdefault(self.others[number])

    @rule(value=st.sampled_from(VALUES))
    def discard_value(self, value: object) -> None:
        before = self._of(value)
        assert self.owner.discard(value) is (before is not None)
        if before is not None:
            del self.plain[before]

    @rule(number=st.integers(0, 2))
    def discard_association(self, number: int) -> None:
        other = self.others[number]
        assert self.tags.delete(other) is (other in self.plain)
        self.plain.pop(other, None)

    @rule(number=st.integers(0, 9))
    def destroy_member(self, number: int) -> None:
        if number < len(self.plain):
            member = list(self.plain)[number]
            member.destroy()
            del self.plain[member]
            self.others = [self.deep() if one is member else one for one in self.others]

    @rule(number=st.integers(0, 9))
    def destroy_item(self, number: int) -> None:
        items = list(self.tags.out)
        if number < len(items):
            member = items[number].to
            assert member is not None
            items[number].destroy()
            left = [item.to for item in self.tags.out]
            if member not in left:
                del self.plain[member]
            elif items[number].seq == min(item.seq for item in items if item is items[number] or item.to is member):
                # The member is held by a later Item alone.
                self.plain = dict.fromkeys(sorted(self.plain, key=self._first_item))

    def _first_item(self, member: Association) -> int:
        return min(item.seq for item in member.in_ if item.from_ is self.tags)

    @rule()
    def clear(self) -> None:
        self.owner.clear()
        self.plain.clear()

    @rule(steps=st.lists(st.sampled_from(["add", "discard", "clear", "destroy"]), max_size=6))
    def undone(self, steps: list[str]) -> None:
        before, others = unordered(dump(self.deep)), self.others
        with pytest.raises(Undone), self.deep.together():
            for step in steps:
                self._step(step)
            raise Undone
        self.others = others
        assert unordered(dump(self.deep)) == before

    def _step(self, step: str) -> None:
        if step == "add":
            self.owner.add("new").add(self.others[0])
        elif step == "discard":
            self.owner.discard("a")
        elif step == "clear":
            self.owner.clear()
        elif self.tags.size:
            next(iter(self.tags)).destroy()
            self.others = [self.deep() if one.destroyed else one for one in self.others]

    @invariant()
    def the_same(self) -> None:
        assert list(self.tags) == list(self.owner) == list(self.plain)
        assert len(self.tags) == self.owner.size == len(self.plain)
        assert set(self.heard) == set(self.plain)
        assert all((value in self.tags) is (self._of(value) is not None) for value in VALUES)
        assert {item.to for item in self.deep.Item.typed} == set(self.plain)

    @invariant()
    def all_is_stored(self) -> None:
        assert all(one.is_stored("database") for one in (*self.tags, *self.tags.out))


TestSetMachine = SetMachine.TestCase
TestSetMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize(
    "change",
    [
        lambda tags: tags.add("b"),
        lambda tags: tags.discard("a"),
        lambda tags: tags.clear(),
        lambda tags: tags.space_of().item(from_=tags, to=tags),
        lambda tags: tags.out.__iter__().__next__().destroy(),
        lambda tags: setattr(next(iter(tags.out)), "to", tags),
        lambda tags: setattr(next(iter(tags.out)), "from_", None),
        lambda tags: setattr(next(iter(tags.out)), "type", tags),
    ],
)
@pytest.mark.parametrize("kind", ["Set", "Array"])
def test_a_collection_is_updated_when_who_is_in_it_changes(deep: Deep, kind: str, change: Any) -> None:
    tags = getattr(deep, kind)(["a"])
    tags.restore_times("2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00")
    change(tags)

    assert tags.updated_at.year > 2020
    assert tags.created_at.year == 2020


def test_a_collection_whose_change_was_undone_was_not_updated(deep: Deep) -> None:
    tags = deep.Set(["a"])
    was = tags.updated_at
    with pytest.raises(ZeroDivisionError), deep.together():
        tags.add("b")
        tags.clear()
        raise ZeroDivisionError

    assert tags.updated_at == was


def test_removing_is_taking_out_who_must_be_a_member(deep: Deep) -> None:
    tags, steps = deep.Set(["a", "b"]), deep.Array(["a", "b", "a"])
    tags.remove("a")
    steps.remove("a")

    assert [tag.data for tag in tags] == ["b"]
    assert [step.data for step in steps] == ["b", "a"]
    for collection, error in ((tags, KeyError), (steps, ValueError)):
        with pytest.raises(error, match=r"^'c' is no member of (Set|Array) "):
            collection.remove("c")


def test_a_set_is_updated_by_iterables_and_tells_once_that_it_changed(deep: Deep) -> None:
    tags = deep.Set(["a"])
    told: list[str] = []
    for kind in ("data_add", "data_changed"):
        tags.on(kind, lambda event: told.append(str(event.kind)))
    tags.update(["a", "b"], {"c"})

    assert [tag.data for tag in tags] == ["a", "b", "c"]
    assert told == ["data_add", "data_add", "data_changed"]
    tags.update([])
    assert len(told) == 3


def test_an_update_of_a_set_is_whole_or_nothing(deep: Deep) -> None:
    deep.tags = tags = deep.Set(["a"])
    size = len(deep)

    for wrong in (["b", object()], 5):
        with pytest.raises(WrongTypeError, match=r" of tags "):
            tags.update(wrong)
    assert [tag.data for tag in tags] == ["a"]
    assert len(deep) == size
