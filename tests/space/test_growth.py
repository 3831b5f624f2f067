"""Growth: what one verb costs does not depend on how much there is. Steps are counted, not seconds."""

import gc
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from deeplinks import Association, Deep, diff

FEW, MANY = 10, 3_000
LONG = 100_000


def steps(verb: Callable[[], object]) -> int:
    """How many lines of Python a verb takes; what the collector calls meanwhile is none of it."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal count
        count += 1
        return trace

    before, collecting = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(trace)
    try:
        verb()
    finally:
        sys.settrace(before)
        if collecting:
            gc.enable()
    return count


class Field:
    """A space with so many of everything."""

    def __init__(self, many: int) -> None:
        self.deep = deep = Deep()
        self.T = deep()
        self.hub = deep()
        self.links = [self.T(from_=self.hub, to=self.hub, value=self.hub) for _ in range(many)]
        self.stored = [self.T(from_=self.hub).store("s") for _ in range(many)]
        deep.space.ledger("s").take(10 * many)
        for one in self.stored:
            one.to = self.hub
            one.on("to_set", print)
            deep.on("value_deleted", print)


VERBS: dict[str, Callable[[Field], Callable[[], object]]] = {
    "make": lambda f: lambda: f.T(from_=f.hub, to=f.hub),
    "point": lambda f: lambda: setattr(f.links[1], "to", f.T),
    "clear": lambda f: lambda: setattr(f.links[1], "from_", None),
    "retype": lambda f: lambda: setattr(f.links[1], "type", f.hub),
    "change what is stored": lambda f: lambda: setattr(f.stored[1], "value", f.hub),
    "store": lambda f: lambda: f.links[1].store("s"),
    "exclude": lambda f: lambda: f.links[1].store("s", "one_false"),
    "unstore": lambda f: lambda: f.stored[1].unstore("s"),
    "purge": lambda f: lambda: f.stored[1].unstore("s", purge=True),
    "destroy": lambda f: lambda: f.links[1].destroy(),
    "destroy what is stored": lambda f: lambda: f.stored[1].destroy(),
    "together": lambda f: lambda: together(f),
    "undone": lambda f: lambda: undone(f),
    "remove": lambda f: lambda: f.deep.space.remove(f.links[1], "s"),
    "place": lambda f: lambda: f.deep.space.place("11111111-1111-4111-8111-111111111111", "s"),
    "length": lambda f: lambda: (len(f.hub.out), len(f.T.typed), len(f.deep)),
    "contains": lambda f: lambda: (f.links[1] in f.hub.out, f.links[1].id in f.T.typed, f.T in f.deep),
    "listen and stop": lambda f: lambda: f.hub.on("to_set", print)(),
    "listen to all and stop": lambda f: lambda: f.deep.on("constructed", print)(),
    "destroy with all below": lambda f: lambda: f.links[1].destroy(cascade=True),
    "make one in bulk": lambda f: lambda: in_bulk(f),
    "copy": lambda f: lambda: f.deep.copy([f.links[1]]),
    "take one": lambda f: lambda: f.deep.space.ledger("s").take(1),
    "what waits": lambda f: lambda: (f.deep.space.ledger("s").waits, f.deep.space.ledger("s").first_order),
}


def in_bulk(field: Field) -> None:
    with field.deep.bulk() as build:
        build.links(field.T, [(field.hub, field.hub)])


def together(field: Field) -> None:
    with field.deep.together():
        field.stored[2].to = None
        field.links[2].destroy()


def undone(field: Field) -> None:
    try:
        with field.deep.together():
            field.links[2].destroy()
            raise RuntimeError
    except RuntimeError:
        pass


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_one_verb_costs_the_same_among_many(verb: Callable[[Field], Callable[[], object]]) -> None:
    few, many = (steps(verb(Field(count))) for count in (FEW, MANY))

    assert many <= few + 20


def test_a_group_is_taken_in_as_many_steps_as_it_has_entries() -> None:
    def taking(count: int) -> int:
        deep = Deep()
        with deep.together():
            for _ in range(count):
                deep().store("s")
        return steps(lambda: deep.space.ledger("s").take(10 * count))

    assert taking(2_000) < 12 * taking(200)


def test_ending_many_subscriptions_costs_as_many_steps() -> None:
    def ending(count: int) -> int:
        deep = Deep()
        ends = [deep().on("to_set", print) for _ in range(count)]
        return steps(lambda: [end() for end in ends])

    assert ending(2_000) < 12 * ending(200)


def test_many_subscriptions_of_one_association_cost_the_same_each() -> None:
    def ending(count: int) -> int:
        a: Association = Deep()()
        ends = [a.on("to_set", print) for _ in range(count)]
        return steps(lambda: [end() for end in ends])

    assert ending(2_000) < 12 * ending(200)


def test_a_type_of_a_million_instances_gains_one_in_as_many_steps_as_one_of_ten() -> None:
    def gaining(count: int) -> int:
        deep = Deep()
        T = deep()
        with deep.bulk() as build:
            build.nodes(T, count)
        return steps(T)

    assert gaining(1_000_000) == gaining(10)


def test_building_in_bulk_takes_no_step_more_for_each_one_that_is_there() -> None:
    def building(there: int) -> int:
        deep = Deep()
        T = deep().store("s", "typed_true")
        with deep.bulk() as build:
            build.nodes(T, there)
        return steps(lambda: in_one(deep, T))

    def in_one(deep: Deep, T: Association) -> None:
        with deep.bulk() as build:
            build.nodes(T, 100)

    assert building(20_000) == building(100)


# long chains: whatever walks them goes step by step, and not deeper and deeper


def chain(deep: Deep, attribute: str, end: Association, length: int = LONG) -> Association:
    """The first of so many associations, each of which refers to the next, and the last to the end."""
    with deep.bulk() as build:
        links = build.nodes(deep, length)
    for one, following in zip(links, [*links[1:], end], strict=True):
        setattr(one, attribute, following)
    return links[0]


def test_a_long_chain_of_types_does_not_overflow(deep: Deep) -> None:
    base = deep()
    leaf = chain(deep, "type", base)

    assert len(leaf.type_chain) == LONG + 1
    assert leaf.is_a(base)
    assert not leaf.is_stored("s")
    assert leaf.data is None


def test_an_instance_under_a_long_chain_of_types_holds_what_the_end_of_it_says(deep: Deep) -> None:
    Name = chain(deep, "type", deep.String)
    name = Name("x")
    Name("y").store("s")

    assert (name.data, name.is_stored("s")) == ("x", False)


def test_a_long_chain_of_values_does_not_overflow(deep: Deep) -> None:
    text = deep.String("x")
    first = chain(deep, "value", text)
    first.data = "y"

    assert first.val is text
    assert (first.data, text.data) == ("y", "y")
    assert repr(first)


def test_a_long_circle_of_values_ends(deep: Deep) -> None:
    last = deep()
    first = chain(deep, "value", last)
    last.value = first

    assert first.val is first


def test_who_listens_up_a_long_chain_of_values_hears_once(deep: Deep) -> None:
    tags = deep.Set()
    first = chain(deep, "value", tags)
    heard: list[object] = []
    first.on("data_add", heard.append)
    tags.add("x")

    assert len(heard) == 1


def test_destroying_a_long_chain_of_types_with_all_below_does_not_overflow(deep: Deep) -> None:
    base = deep()
    leaf = chain(deep, "type", base)
    base.destroy(cascade=True)

    assert leaf.destroyed
    assert len(deep) == 1


def test_storing_brings_along_a_long_chain(deep: Deep) -> None:
    last = deep()
    first = chain(deep, "to", last)
    first.store("s")

    assert last.is_stored("s")
    assert deep.space.ledger("s").waits == LONG + 1


def test_a_typed_mark_reaches_down_a_long_chain_of_types(deep: Deep) -> None:
    base = deep()
    leaf = chain(deep, "type", base)
    base.store("s", "typed_true")

    assert leaf.is_stored("s")


def test_a_long_chain_is_told_as_values_compared_and_copied(deep: Deep) -> None:
    chain(deep, "to", deep, 20_000)

    assert diff(deep, Deep.from_dict(deep.to_dict())) == ()
    assert len(deep.copy(one for one in deep if one is not deep)) == 20_000
