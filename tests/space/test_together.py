"""together(): one thought, told once, sent whole, undone if it raises."""

import asyncio
import gc
from collections.abc import Callable

import pytest

from deeplinks import Association, Change, Deep
from deeplinks.errors import BusyError, DeepError, GroupTooLargeError, InvalidError
from deeplinks.space import changes
from tests.space.dumping import Ear, dump, unordered


class Stop(Exception):
    pass


class Told:
    """What `signals.changed` told, one list a time."""

    def __init__(self, deep: Deep) -> None:
        self.times: list[list[tuple[str, str, object, object]]] = []
        deep.signals.changed.connect(self.hear, sender=deep)

    def hear(self, sender: Deep, changes: tuple[Change, ...]) -> None:
        self.times.append([(one.id, one.field, one.old, one.new) for one in changes])


def test_changes_are_told_once_and_as_what_is_different(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    text = deep.String("one")
    told = Told(deep)
    with deep.together():
        a.to = b
        a.to = c
        text.data = "two"
        text.data = "three"
        b.value = c
        b.value = None
        assert told.times == []

    assert told.times == [[(a.id, "to", None, c.id), (text.id, "data", "one", "three")]]


def test_outside_of_it_every_change_is_told_at_once(deep: Deep) -> None:
    a, b = deep(), deep()
    told = Told(deep)
    a.to = b
    a.to = None

    assert told.times == [[(a.id, "to", None, b.id)], [(a.id, "to", b.id, None)]]


def test_what_is_made_is_told_with_its_references_and_its_data(deep: Deep) -> None:
    b = deep()
    told = Told(deep)
    text = deep.String("a", to=b)

    assert told.times == [
        [(text.id, "created", None, deep.String.id), (text.id, "to", None, b.id), (text.id, "data", None, "a")]
    ]


def test_what_came_and_went_within_is_not_told(deep: Deep) -> None:
    told = Told(deep)
    with deep.together():
        a = deep()
        a.to = deep
        a.destroy()

    assert told.times == []


def test_of_what_is_destroyed_only_that_is_told(deep: Deep) -> None:
    a, b = deep(), deep()
    link = deep(to=a)
    told = Told(deep)
    with deep.together():
        a.to = b
        a.destroy()

    assert told.times == [[(a.id, "destroyed", deep.id, None), (link.id, "to", a.id, None)]]


def test_nothing_different_is_not_told(deep: Deep) -> None:
    a, told = deep(), Told(deep)
    with deep.together():
        a.to = a
        a.to = None
    with deep.together():
        pass

    assert told.times == []


def test_events_are_heard_at_the_end_in_their_order(deep: Deep) -> None:
    a, b = deep(), deep()
    ear = Ear.on(deep, a=a, b=b)
    with deep.together():
        a.to = b
        b.value = a
        assert ear.log == []

    assert ear.log == ["a:to_set", "b:in_added", "b:value_set", "a:valued_added", "a:in_changed"]


def test_a_receiver_sees_the_whole_thought(deep: Deep) -> None:
    a, b, seen = deep(), deep(), []
    a.on("to_set", lambda event: seen.append((a.to, a.value)))
    with deep.together():
        a.to = b
        a.value = b

    assert seen == [(b, b)]


def furnished(deep: Deep) -> tuple[Association, Association, Association]:
    """A space with something of everything: types, links, data, marks, listeners, an id that is not here."""
    T = deep().store("s", "typed_true")
    a = T(value=deep.String("a"))
    b = deep(from_=a, to=a).store("s")
    a.on("to_set", print)
    T.on("typed_added", print)
    deep.space.point(a, changes_field("to"), "11111111-1111-4111-8111-111111111111", "s")
    return T, a, b


def changes_field(name: str) -> object:
    from deeplinks.space.fields import FIELDS

    return next(field for field in FIELDS if field.name == name)


CHANGES: dict[str, Callable[[Deep, Association, Association, Association], object]] = {
    "make": lambda deep, T, a, b: T(from_=a, to=b, value=T),
    "make data": lambda deep, T, a, b: deep.String("new", to=a),
    "make a listener": lambda deep, T, a, b: T().on("to_set", print),
    "set": lambda deep, T, a, b: setattr(b, "to", b),
    "clear": lambda deep, T, a, b: setattr(b, "to", None),
    "set over an id that is not here": lambda deep, T, a, b: setattr(a, "to", b),
    "clear an id that is not here": lambda deep, T, a, b: setattr(a, "to", None),
    "retype out": lambda deep, T, a, b: setattr(a, "type", deep),
    "retype in": lambda deep, T, a, b: setattr(b, "type", T),
    "retype in a circle": lambda deep, T, a, b: setattr(T, "type", a),
    "assign": lambda deep, T, a, b: setattr(a, "data", "other"),
    "clear data": lambda deep, T, a, b: delattr(a, "data"),
    "destroy a link": lambda deep, T, a, b: b.destroy(),
    "destroy what is pointed at": lambda deep, T, a, b: a.destroy(),
    "destroy a type": lambda deep, T, a, b: T.destroy(),
    "destroy a type and its instances": lambda deep, T, a, b: T.destroy(cascade=True),
    "destroy twice over": lambda deep, T, a, b: (a.destroy(), b.destroy(), T.destroy()),
    "make and destroy": lambda deep, T, a, b: T(to=a).destroy(),
    "store": lambda deep, T, a, b: deep(to=deep()).store("s"),
    "store elsewhere": lambda deep, T, a, b: b.store("other"),
    "store typed": lambda deep, T, a, b: deep.String("x", to=a).store("s", "typed_true"),
    "exclude": lambda deep, T, a, b: a.store("s", "one_false"),
    "exclude a type": lambda deep, T, a, b: T.store("s", "typed_false"),
    "unstore": lambda deep, T, a, b: b.unstore("s"),
    "unstore a type": lambda deep, T, a, b: T.unstore("s"),
    "purge": lambda deep, T, a, b: b.unstore("s", purge=True),
    "purge a type": lambda deep, T, a, b: T.unstore("s", purge=True),
    "place": lambda deep, T, a, b: deep.space.place("11111111-1111-4111-8111-111111111111", "s"),
    "point": lambda deep, T, a, b: deep.space.point(b, changes_field("to"), T.id, "s"),
    "point at an id": lambda deep, T, a, b: deep.space.point(
        b, changes_field("to"), "22222222-2222-4222-8222-222222222222", "s"
    ),
    "put": lambda deep, T, a, b: deep.space.put(a.val, "put", "s"),
    "remove": lambda deep, T, a, b: deep.space.remove(a, "s"),
    "remove a type": lambda deep, T, a, b: deep.space.remove(T, "s"),
    "remove and place": lambda deep, T, a, b: (deep.space.remove(a, "s"), deep.space.place(a.id, "s")),
    "nested": lambda deep, T, a, b: nested(deep, a),
    "nested and undone": lambda deep, T, a, b: nested_and_undone(deep, a),
}


def nested(deep: Deep, a: Association) -> None:
    with deep.together():
        a.from_ = deep().store("s")
        with deep.together():
            a.destroy()


def nested_and_undone(deep: Deep, a: Association) -> None:
    with pytest.raises(Stop), deep.together():
        a.destroy()
        raise Stop


@pytest.mark.parametrize("taken", [False, True], ids=["waiting", "taken"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_exception_undoes_everything(
    deep: Deep, change: Callable[[Deep, Association, Association, Association], object], taken: bool
) -> None:
    T, a, b = furnished(deep)
    if taken:
        entries, _ = deep.space.ledger("s").take(100)
        deep.space.ledger("s").known.update(entry.association for entry in entries)
    deep.space.ledger("other")
    ear, told = Ear.on(deep, T=T, a=a, b=b), Told(deep)
    before = dump(deep)
    with pytest.raises(Stop), deep.together():
        change(deep, T, a, b)
        raise Stop

    assert unordered(dump(deep)) == unordered(before)
    assert ear.log == []
    assert told.times == []


def test_all_is_as_if_nothing_had_been_after_two_long_ones_were_undone(deep: Deep) -> None:
    T, a, b = furnished(deep)
    deep.space.ledger("other")
    before = dump(deep)
    for _ in range(2):
        with pytest.raises(Stop), deep.together():
            for other in CHANGES.values():
                if not (a.destroyed or b.destroyed or T.destroyed):
                    try:
                        other(deep, T, a, b)
                    except DeepError:
                        pass
            raise Stop

    assert unordered(dump(deep)) == unordered(before)


def test_what_was_not_moved_keeps_its_place_when_something_is_undone(deep: Deep) -> None:
    target = deep()
    links = [deep(to=target) for _ in range(4)]
    with pytest.raises(Stop), deep.together():
        links[1].to = None
        deep(to=target)
        raise Stop

    assert [link for link in target.in_ if link is not links[1]] == [links[0], *links[2:]]
    assert set(target.in_) == set(links)


def test_a_handler_hears_again_after_its_association_was_brought_back(deep: Deep) -> None:
    a, ear = deep(), Ear()
    stop = a.on("to_set", ear)
    with pytest.raises(Stop), deep.together():
        a.destroy()
        raise Stop
    a.to = a

    assert len(ear.events) == 1
    stop()
    a.to = None
    a.to = a
    assert len(ear.events) == 1


def test_a_disposer_called_before_the_undoing_stays_called(deep: Deep) -> None:
    a, ear = deep(), Ear()
    stop = a.on("to_set", ear)
    with pytest.raises(Stop), deep.together():
        a.destroy()
        stop()
        raise Stop
    a.to = a

    assert ear.events == []


def test_an_association_that_was_undone_is_destroyed(deep: Deep) -> None:
    made: list[Association] = []
    with pytest.raises(Stop), deep.together():
        made.append(deep())
        raise Stop

    assert made[0].destroyed
    assert made[0] not in deep


def test_an_inner_one_is_undone_alone(deep: Deep) -> None:
    a, told = deep(), Told(deep)
    with deep.together():
        a.to = a
        with pytest.raises(Stop), deep.together():
            a.value = a
            raise Stop

    assert (a.to, a.value) == (a, None)
    assert told.times == [[(a.id, "to", None, a.id)]]


def test_an_inner_one_is_undone_with_the_outer(deep: Deep) -> None:
    a = deep()
    before = dump(deep)
    with pytest.raises(Stop), deep.together():
        with deep.together():
            a.to = a
        raise Stop

    assert dump(deep) == before


def test_an_inner_one_is_told_with_the_outer(deep: Deep) -> None:
    a, b, told = deep(), deep(), Told(deep)
    with deep.together():
        with deep.together():
            a.to = b
        a.to = a

    assert told.times == [[(a.id, "to", None, a.id)]]


def test_a_keyboard_interrupt_undoes_too(deep: Deep) -> None:
    a = deep()
    with pytest.raises(KeyboardInterrupt), deep.together():
        a.to = a
        raise KeyboardInterrupt

    assert a.to is None


def test_a_storage_first_named_inside_is_served(deep: Deep) -> None:
    with deep.together():
        a = deep().store("new")
        assert deep.space.ledger("new").waits == 0

    assert [entry.association for entry in deep.space.ledger("new").take(9)[0]] == [a]


def test_a_storage_first_named_inside_an_undone_one_has_nothing(deep: Deep) -> None:
    with pytest.raises(Stop), deep.together():
        deep().store("new")
        raise Stop

    assert deep.space.ledger("new").waits == 0
    assert deep.space.ledger("new").one == {"one_true": set(), "one_false": set()}


def test_a_receiver_may_open_one(deep: Deep) -> None:
    a, b, told = deep(), deep(), Told(deep)

    def hear(event: object) -> None:
        with deep.together():
            b.to = a
            b.value = a

    a.on("to_set", hear)
    a.to = b

    assert told.times == [[(a.id, "to", None, b.id)], [(b.id, "to", None, a.id), (b.id, "value", None, a.id)]]


def test_one_may_decorate_a_function(deep: Deep) -> None:
    a = deep()

    @deep.together()
    def work() -> None:
        a.to = a
        raise Stop

    with pytest.raises(Stop):
        work()
    assert a.to is None


def test_a_group_that_no_request_can_carry_is_undone_and_refused(deep: Deep) -> None:
    part = "a" * (changes.MOST_BYTES // 3)
    a = deep().store("s")
    before = dump(deep)
    with pytest.raises(GroupTooLargeError) as raised, deep.together():
        for _ in range(3):
            deep.String(part).store("s")
        a.to = a

    assert dump(deep) == before
    assert raised.value.facts["limit"] == changes.MOST_BYTES
    assert str(changes.MOST_BYTES) in str(raised.value)


@pytest.mark.parametrize("text", ["я" * 100, "a" * 200])
def test_text_counts_with_its_bytes(deep: Deep, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", changes.ENTRY_BYTES + 200)
    with deep.together():
        deep.String(text).store("s")
    with pytest.raises(GroupTooLargeError), deep.together():
        deep.String(text + "!").store("s")


def test_sources_and_typed_marks_count(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", changes.ENTRY_BYTES + 10)
    with pytest.raises(GroupTooLargeError), deep.together():
        deep.Function(test_text_counts_with_its_bytes).store("s")
    with pytest.raises(GroupTooLargeError), deep.together():
        deep().store("s", "typed_true")


def test_what_is_not_stored_may_be_of_any_size(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", 1_000)
    deep.space.ledger("s")
    with deep.together():
        for _ in range(100):
            deep.String("a" * 100)

    assert len(deep) == 101


def test_text_that_was_there_before_does_not_count(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    text = deep.String("a" * 10_000).store("s")
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", 1_000)
    with deep.together():
        text.to = text

    assert text.to is text


def test_groups_inside_one_another_count_as_one(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", 1_000)
    with pytest.raises(GroupTooLargeError), deep.together():
        for _ in range(3):
            with deep.together():
                deep().store("s")

    assert len(deep) == 1


def test_one_verb_that_is_larger_is_cut_and_not_refused(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    T = deep()
    instances = [T() for _ in range(10)]
    monkeypatch.setattr("deeplinks.space.grouping.MOST_BYTES", 1_000)
    T.store("s", "typed_true")
    ledger = deep.space.ledger("s")
    assert len(ledger.take(1)[0]) == 1
    assert len(ledger.take(100)[0]) == len(instances)
    T.destroy()
    assert len(ledger.take(1)[0]) == 1


def test_an_open_one_keeps_nothing_alive_after_its_end(deep: Deep) -> None:
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        with deep.together():
            deep(to=deep).destroy()
    gc.collect()

    assert len(gc.get_objects()) - before < 50


def test_an_await_inside_is_refused_and_everything_is_undone(deep: Deep) -> None:
    a = deep()

    async def think() -> None:
        with deep.together():
            a.to = a
            await asyncio.sleep(0)

    with pytest.raises(InvalidError, match="await"):
        asyncio.run(think())
    assert a.to is None


def test_another_task_does_not_get_into_an_open_one(deep: Deep) -> None:
    a, b = deep(), deep()
    refused: list[type] = []

    async def think() -> None:
        with deep.together():
            a.to = a
            await asyncio.sleep(0)

    async def disturb() -> None:
        for verb in (b.destroy, lambda: b.store("s"), lambda: deep.together().__enter__()):
            try:
                verb()
            except InvalidError as error:
                refused.append(type(error))

    async def both() -> None:
        await asyncio.gather(think(), disturb())

    with pytest.raises(InvalidError):
        asyncio.run(both())
    assert refused == [BusyError] * 3
    assert not b.destroyed
    with deep.together():
        a.to = b
    assert a.to is b


def test_without_an_await_it_is_at_home_in_a_task(deep: Deep) -> None:
    a = deep()

    async def think() -> None:
        for _ in range(3):
            with deep.together(), deep.together():
                a.to = None if a.to else a
            await asyncio.sleep(0)

    asyncio.run(think())
    assert a.to is a
