"""Growth: what one verb costs does not depend on how much there is. Steps are counted, not seconds."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from deeplinks import Association, Deep

FEW, MANY = 10, 3_000


def steps(verb: Callable[[], object]) -> int:
    """How many lines of Python a verb takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        verb()
    finally:
        sys.settrace(before)
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
    "take one": lambda f: lambda: f.deep.space.ledger("s").take(1),
    "what waits": lambda f: lambda: (f.deep.space.ledger("s").waits, f.deep.space.ledger("s").first_order),
}


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
