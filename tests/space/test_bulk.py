"""Building in bulk: the same as one by one, noted and told once, and none of it if it fails."""

import gc
import weakref
from collections.abc import Callable

import pytest

from deeplinks import Association, Change, Deep, Event
from deeplinks.errors import (
    DeepError,
    DestroyedError,
    InvalidError,
    NoDataError,
    OtherSpaceError,
    UnknownIdError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.ids import canonical
from tests.space.dumping import dump


def one_by_one(deep: Deep) -> list[Association]:
    Node, Edge = deep(), deep()
    a, b, c = (Node() for _ in range(3))
    text, other = deep.String("x"), deep.String("y")
    links = [Edge(from_=a, to=b), Edge(from_=a, to=c, value=text), Edge(from_=b, to=b), Edge(from_=Node, to=deep)]
    return [Node, Edge, a, b, c, text, other, *links]


def in_bulk(deep: Deep) -> list[Association]:
    Node, Edge = deep(), deep()
    with deep.bulk() as build:
        a, b, c = build.nodes(Node, 3)
        text, other = build.strings(["x", "y"])
        links = build.links(Edge, [(a, b), (a, c, text), (b, b), (Node, deep)])
    return [Node, Edge, a, b, c, text, other, *links]


def shape(deep: Deep, made: list[Association]) -> list[object]:
    """What of a dump does not depend on ids, times and handles."""
    number = {deep.id: -1, deep.String.id: -2, **{one.id: place for place, one in enumerate(made)}}

    def of(one: Association) -> object:
        targets = [one.type, one.from_, one.to, one.value]
        members = [[number[each.id] for each in live] for live in (one.typed, one.out, one.in_, one.valued)]
        return [number[target.id] if target else None for target in targets], members, one.own_data()

    return [of(one) for one in (*made, deep, deep.String)]


def test_what_is_built_is_as_if_made_one_by_one(deep: Deep) -> None:
    other = Deep()

    assert shape(deep, in_bulk(deep)) == shape(other, one_by_one(other))


def test_it_is_found_by_its_id_and_in_the_order_of_making(deep: Deep) -> None:
    made = in_bulk(deep)

    assert all(deep[one.id] is one and canonical(one.id) == one.id for one in made)
    assert sorted(made, key=lambda one: one.seq) == made
    assert len(deep) == len(made) + 1


def test_what_is_built_later_has_a_later_seq(deep: Deep) -> None:
    with deep.bulk() as build:
        build.nodes(deep, 10_000)

    assert deep().seq > max(one.seq for one in list(deep)[:-1])


def test_many_ids_are_all_different(deep: Deep) -> None:
    with deep.bulk() as build:
        build.nodes(deep, 10_000)
        build.nodes(deep, 10_000)

    assert len(set(deep.ids)) == 20_001


def test_an_end_may_be_an_id_or_nothing(deep: Deep) -> None:
    a = deep()
    with deep.bulk() as build:
        (link,) = build.links(deep, [(a.id.upper(), None)])

    assert (link.from_, link.to) == (a, None)


def test_one_at_a_time_by_calling(deep: Deep) -> None:
    a, b, v = deep(), deep(), deep()
    with deep.bulk() as build:
        link = build(deep, a, b, v)
        text = build(deep.String, data="x")

    assert (link.from_, link.to, link.value, text.data) == (a, b, v, "x")


def test_data_of_every_kind_is_checked_as_ever(deep: Deep) -> None:
    with deep.bulk() as build:
        numbers = build.data(deep.Number, [1, 2.5, -0.0])
        with pytest.raises(WrongTypeError):
            build.data(deep.String, ["a", 1])
        with pytest.raises(NoDataError):
            build.data(deep(), ["a"])

    assert [one.data for one in numbers] == [1, 2.5, 0.0]
    assert [one.data for one in deep.String.typed] == []


def test_instances_of_a_subtype_of_string_hold_text(deep: Deep) -> None:
    Name = deep.String()
    with deep.bulk() as build:
        (name,) = build.data(Name, ["x"])

    assert (name.type, name.data) == (Name, "x")


WRONG: dict[str, tuple[Callable[[Deep], object], type[Exception]]] = {
    "of another space": (lambda deep: (deep, Deep()()), OtherSpaceError),
    "an id that is not here": (lambda deep: (deep, "11111111-1111-4111-8111-111111111111"), UnknownIdError),
    "a number": (lambda deep: (deep, 1), WrongTypeError),
    "one end": (lambda deep: (deep,), WrongTypeError),
    "four": (lambda deep: (deep, deep, deep, deep), WrongTypeError),
    "destroyed": (lambda deep: (deep, gone(deep)), DestroyedError),
}


def gone(deep: Deep) -> Association:
    one = deep()
    one.destroy()
    return one


@pytest.mark.parametrize(("wrong", "error"), WRONG.values(), ids=WRONG)
def test_a_wrong_end_is_refused_and_nothing_is_made(
    deep: Deep, wrong: Callable[[Deep], object], error: type[Exception]
) -> None:
    given = [(deep, deep), wrong(deep)]
    before = dump(deep)
    with deep.bulk() as build, pytest.raises(error):
        build.links(deep, given)  # type: ignore[arg-type]

    assert dump(deep) == before


def test_a_type_of_another_space_is_refused(deep: Deep) -> None:
    with deep.bulk() as build, pytest.raises(OtherSpaceError):
        build.nodes(Deep(), 2)


def test_no_type_at_all_is_refused(deep: Deep) -> None:
    with deep.bulk() as build, pytest.raises(WrongTypeError):
        build.nodes(None, 2)  # type: ignore[arg-type]


def test_a_block_that_raises_leaves_nothing_of_what_it_built(deep: Deep) -> None:
    T, b = deep().store("s", "typed_true"), deep()
    deep.space.ledger("s").take(100)
    before = dump(deep)
    with pytest.raises(KeyError), deep.bulk() as build:
        nodes = build.nodes(T, 5)
        texts = build.strings(["x"])
        build.links(T, [(nodes[0], b, texts[0]), (b, nodes[1])])
        raise KeyError

    assert dump(deep) == before


def test_what_a_block_that_raises_changed_otherwise_lets_go_of_what_it_built(deep: Deep) -> None:
    T, b = deep().store("s", "typed_true"), deep()
    with pytest.raises(KeyError), deep.bulk() as build:
        nodes = build.nodes(T, 3)
        b.to = nodes[0]
        nodes[1].value = text = deep.String("made by itself")
        nodes[2].store("s")
        raise KeyError

    assert all(node.destroyed for node in nodes)
    assert (b.to, list(text.valued), list(T.typed)) == (None, [], [])
    assert {entry.association for entry in deep.space.ledger("s").take(100)[0]} == {T, text}


def test_what_is_stored_by_its_type_is_noted_at_the_end_and_brings_its_references(deep: Deep) -> None:
    Node, Edge, Other = deep(), deep().store("s", "typed_true"), deep()
    ledger = deep.space.ledger("s")
    ledger.take(100)
    with deep.bulk() as build:
        nodes = build.nodes(Node, 3)
        others = build.nodes(Other, 2)
        texts = build.strings(["x", "y"])
        links = build.links(Edge, [(nodes[0], nodes[1], texts[0]), (nodes[0], others[0])])
        assert ledger.waits == 0
    entries, _ = ledger.take(100)

    stored = [Node, Other, nodes[0], nodes[1], others[0], texts[0], *links]
    assert [entry.association for entry in entries] == stored
    assert all(entry.created for entry in entries)
    assert {one for one in deep if one.is_stored("s")} == {*stored, Edge}


def test_what_a_false_mark_keeps_out_does_not_come_along(deep: Deep) -> None:
    Edge = deep().store("s", "typed_true")
    Hidden = deep().store("s", "typed_false")
    with deep.bulk() as build:
        (hidden,) = build.nodes(Hidden, 1)
        (plain,) = build.nodes(deep, 1)
        build.links(Edge, [(hidden, plain)])

    assert not hidden.is_stored("s")
    assert plain.is_stored("s")


def test_what_is_made_and_destroyed_in_the_block_is_not_noted(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    deep.space.ledger("s").take(10)
    with deep.bulk() as build:
        one, two = build.nodes(T, 2)
        one.destroy()

    assert [entry.association for entry in deep.space.ledger("s").take(10)[0]] == [two]


def test_what_is_changed_in_the_block_is_written_as_it_is_at_the_end(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    deep.space.ledger("s").take(10)
    with deep.bulk() as build:
        one, two = build.nodes(T, 2)
        one.to = two
    entries, _ = deep.space.ledger("s").take(10)

    assert {entry.association: entry.created for entry in entries} == {one: True, two: True}


def test_a_function_without_a_source_is_refused_and_nothing_is_made(deep: Deep) -> None:
    Count = deep.Function().store("s", "typed_true")
    before = dump(deep)
    with pytest.raises(InvalidError), deep.bulk() as build:
        build.data(Count, [len])

    assert dump(deep)["associations"].keys() == before["associations"].keys()


def test_the_bell_rings_once(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    deep.space.ledger("s").take(10)
    rung: list[str] = []

    def hear(sender: object, storage: str) -> None:
        rung.append(storage)

    deep.signals.waiting.connect(hear)
    with deep.bulk() as build:
        build.nodes(T, 100)
        build.nodes(T, 100)

    assert rung == ["s"]


def test_who_listens_hears_of_each_and_of_one_change_set(deep: Deep) -> None:
    events: list[str] = []
    told: list[tuple[Change, ...]] = []

    def hear(event: Event) -> None:
        events.append(event.kind)

    def hear_all(sender: object, changes: tuple[Change, ...]) -> None:
        told.append(changes)

    deep.on("constructed", hear)
    deep.signals.changed.connect(hear_all)
    with deep.bulk() as build:
        nodes = build.nodes(deep, 2)
        build.links(deep, [(nodes[0], nodes[1])])
        assert events == []

    assert events == ["constructed"] * 3
    (changes,) = told
    assert [change.field for change in changes] == ["created", "created", "created", "from", "to"]


def test_who_listens_hears_nothing_of_a_block_that_raises(deep: Deep) -> None:
    events: list[Event] = []
    deep.on("constructed", events.append)
    with pytest.raises(KeyError), deep.bulk() as build:
        build.nodes(deep, 2)
        raise KeyError

    assert events == []
    assert len(deep) == 1


def test_within_a_group_it_is_part_of_the_group(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    before = dump(deep)
    with pytest.raises(KeyError), deep.together():
        with deep.bulk() as build:
            build.links(T, [(T, T)])
        raise KeyError

    assert dump(deep) == before


def test_the_collector_rests_in_the_block_and_runs_after_it(deep: Deep) -> None:
    assert gc.isenabled()
    with deep.bulk():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), deep.bulk():
        raise KeyError
    assert gc.isenabled()


def test_who_has_put_the_collector_to_rest_finds_it_so(deep: Deep) -> None:
    gc.disable()
    try:
        with deep.bulk():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_space_that_was_built_and_let_go_is_collected() -> None:
    deep = Deep()
    with deep.bulk() as build:
        nodes = build.nodes(deep, 10)
        build.links(deep, [(nodes[0], nodes[1])])
    watched = weakref.ref(nodes[0])
    del deep, build, nodes
    gc.collect()

    assert watched() is None


def test_a_little_that_was_made_is_collected_while_it_is_young() -> None:
    gc.collect()
    deep = Deep()
    with deep.bulk() as build:
        nodes = build.nodes(deep, 10)
    watched = weakref.ref(nodes[0])
    del deep, build, nodes
    gc.collect(1)

    assert watched() is None


def test_links_on_links_and_values_that_many_share(deep: Deep) -> None:
    with deep.bulk() as build:
        (shared,) = build.strings(["x"])
        first = build.links(deep, [(deep, deep, shared)] * 3)
        second = build.links(deep, [(one, first[0]) for one in first])

    assert list(shared.valued) == first
    assert [one.from_ for one in second] == first
    assert list(first[0].in_) == second


def test_an_alive_type_is_told_of_each(deep: Deep) -> None:
    heard: list[Association] = []

    @deep.alive
    def Lively(one: Association, reason: object) -> None:
        heard.append(one)

    with deep.bulk() as build:
        made = build.nodes(Lively, 2)

    assert heard == made


def test_a_set_and_its_items_may_be_built(deep: Deep) -> None:
    with deep.bulk() as build:
        (tags,) = build.nodes(deep.Set, 1)
        members = build.strings(["a", "b"])
        build.links(deep.Item, [(tags, member) for member in members])

    assert list(tags) == members


def test_names_of_what_is_built_are_found(deep: Deep) -> None:
    with deep.bulk() as build:
        (one,) = build.nodes(deep, 1)
        names = build.strings(["one"])
        build.links(deep.Contain, [(deep, one, names[0])])

    assert deep["one"] is one


@pytest.mark.parametrize("heard", [False, True])
def test_links_may_hold_data_themselves(deep: Deep, heard: bool) -> None:
    Says, a = deep.String(), deep()
    told: list[object] = []
    if heard:
        deep.on("constructed", lambda event: told.append(event.source.own_data()))
    with deep.bulk() as build:
        links = build.links(Says, [(a, a), (a, deep), (deep, a)], data=["hello", None, ""])

    assert [link.own_data() for link in links] == ["hello", None, ""]
    assert [(link.from_, link.to) for link in links] == [(a, a), (a, deep), (deep, a)]
    assert told == (["hello", None, ""] if heard else [])


@pytest.mark.parametrize(
    ("data", "error"), [(["x"], InvalidError), (["x", 5], WrongTypeError), (["x", "\0"], UnstorableError)]
)
def test_links_whose_data_is_wrong_are_not_made(deep: Deep, data: list[object], error: type[DeepError]) -> None:
    Says = deep.String()
    before = len(deep)

    with pytest.raises(error), deep.bulk() as build:
        build.links(Says, [(deep, deep), (deep, deep)], data=data)

    assert len(deep) == before


def test_links_of_a_type_without_data_hold_none(deep: Deep) -> None:
    with pytest.raises(NoDataError), deep.bulk() as build:
        build.links(deep, [(deep, deep)], data=["x"])
