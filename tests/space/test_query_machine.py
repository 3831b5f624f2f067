"""Queries against a naive filter, and live ones against plain ones: any graph, any question, any change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinks import Association, Deep, Event, LiveQuery, Q
from deeplinks.space.values import same

FORTH = {"type": "type", "from": "from_", "to": "to", "value": "value"}
BACK = {"typed": "typed", "out": "out", "in": "in_", "valued": "valued"}
FIELD = {"typed": "type", "out": "from_", "in": "to", "valued": "value"}
DATA: list[Any] = ["a", "b", 1, 1.0, 2]

number = st.integers(0, 11)
# A question as plain values: associations are numbers until there is a graph.
exact = st.tuples(st.sampled_from(["id", *FORTH, *BACK]), number)
empty = st.tuples(st.sampled_from([*FORTH, *BACK]), st.none())
data = st.tuples(st.just("data"), st.one_of(st.none(), st.sampled_from(DATA)))
more = st.tuples(st.just("more"), st.sampled_from([0, 1, "a"]))
questions = st.recursive(
    st.one_of(exact, empty, data, more, st.tuples(st.sampled_from([*FORTH, *BACK]), st.one_of(data, more, empty))),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from([*FORTH, *BACK]), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)
steps = st.lists(st.tuples(st.sampled_from(range(7)), number, number, number), max_size=25)


class Graph:
    """A small graph that takes any steps."""

    def __init__(self) -> None:
        self.deep = deep = Deep()
        Kind = deep()
        one = Kind(value=deep.String("a"))
        deep(from_=one, to=Kind, value=one)

    @property
    def everybody(self) -> list[Association]:
        return [*self.deep, *self.deep.space.built_ins.values()]

    def one(self, n: int) -> Association:
        some = [self.deep, self.deep.String, self.deep.Number, *[one for one in self.deep if one is not self.deep]]
        return some[n % len(some)]

    def step(self, kind: int, i: int, j: int, k: int) -> None:
        one, other = self.one(i), self.one(j)
        movable = not self.deep.space.permanent(one)
        attribute = list(FORTH.values())[k % 4]
        if kind in (0, 1) and len(self.deep) < 12:
            self.one(j)(**({} if k % 3 else {"from_": one, "value": other}))
        elif kind == 2 and len(self.deep) < 12:
            text = DATA[k % len(DATA)]
            (self.deep.String if isinstance(text, str) else self.deep.Number)(text)
        elif kind == 3 and movable:
            setattr(one, attribute, other)
        elif kind == 4 and movable:
            delattr(one, attribute)
        elif kind == 5 and movable:
            one.destroy()
        elif kind == 6 and movable and one._data is not None:
            kind_of = self.deep.space.kind_of(one)
            if kind_of in ("String", "Number"):
                self.deep.space.assign(one, ["a", "b"][k % 2] if kind_of == "String" else [1, 2][k % 2])

    def asked(self, question: Any) -> Q:
        """The question in the words of a query."""
        name, wanted = question
        if name in ("and", "or"):
            return Q({f"_{name}": [self.asked(one) for one in wanted]})
        if name == "not":
            return ~self.asked(wanted)
        if name == "more":
            return Q(data={"_gte": wanted})
        if name == "data" or wanted is None:
            return Q({name: wanted})
        return Q({name: self.one(wanted) if isinstance(wanted, int) else self.asked(wanted)})


def answers(graph: Graph, question: Any, one: Association) -> bool:
    """What the question means, said naively."""
    name, wanted = question
    if name == "and":
        return all(answers(graph, inner, one) for inner in wanted)
    if name == "or":
        return any(answers(graph, inner, one) for inner in wanted)
    if name == "not":
        return not answers(graph, wanted, one)
    if name == "data":
        return one.data is None if wanted is None else same(wanted, one.data)
    if name == "more":
        text = isinstance(wanted, str)
        return one.data is not None and isinstance(one.data, str) is text and one.data >= wanted
    if name == "id":
        return one is graph.one(wanted)
    found = list(around(graph, name, one))
    if wanted is None:
        return not found
    if isinstance(wanted, int):
        return graph.one(wanted) in found
    return any(answers(graph, wanted, other) for other in found)


def around(graph: Graph, name: str, one: Association) -> Iterator[Association]:
    if name in FORTH:
        target = getattr(one, FORTH[name])
        yield from () if target is None else (target,)
    else:
        yield from (other for other in graph.everybody if getattr(other, FIELD[name]) is one)


def named(graph: Graph, question: Any, one: Association) -> bool:
    """Whether a built-in is asked for by name."""
    name, wanted = question
    if name in ("and", "or"):
        return any(named(graph, inner, one) for inner in wanted)
    return (name == "id" or name in BACK) and isinstance(wanted, int) and answers(graph, question, one)


@settings(max_examples=500, deadline=None)
@given(steps, questions)
def test_a_query_finds_what_a_naive_filter_finds(changes: list[tuple[int, int, int, int]], question: Any) -> None:
    graph = Graph()
    for change in changes:
        graph.step(*change)
    built_ins = graph.deep.space.built_ins
    wanted = [
        one
        for one in graph.everybody
        if answers(graph, question, one) and (one.id not in built_ins or named(graph, question, one))
    ]
    query = graph.deep.query(graph.asked(question))

    assert list(query) == sorted(wanted, key=lambda one: one.seq)
    assert (query.count(), query.exists()) == (len(wanted), bool(wanted))
    assert [one for one in graph.everybody if one in query] == [one for one in graph.everybody if one in wanted]
    assert query.explain().found == len(wanted)


class Told:
    """The members as the events of a live query tell them."""

    def __init__(self, live: LiveQuery) -> None:
        self.members = set(live)
        live.on("data_add", self.add)
        live.on("data_delete", self.delete)

    def add(self, event: Event) -> None:
        assert event.item not in self.members
        assert event.item is not None
        self.members.add(event.item)

    def delete(self, event: Event) -> None:
        assert event.item is not None
        self.members.remove(event.item)


@settings(max_examples=500, deadline=None)
@given(steps, questions, steps, st.integers(0, 4))
def test_a_live_query_is_the_plain_one_after_every_change(
    before: list[tuple[int, int, int, int]], question: Any, after: list[tuple[int, int, int, int]], together: int
) -> None:
    graph = Graph()
    for change in before:
        graph.step(*change)
    criteria = graph.asked(question)
    query = graph.deep.query(criteria)
    errors: list[object] = []
    graph.deep.signals.receiver_error.connect(lambda sender, **facts: errors.append(facts))
    with query.live() as live:
        told = Told(live)
        while after:
            group, after = after[: together + 1], after[together + 1 :]
            seen = list(live)
            with graph.deep.together():
                for change in group:
                    graph.step(*change)
                assert list(live) == sorted(seen, key=lambda one: one.seq)
            assert list(live) == list(query)
            assert told.members == set(query)
    assert errors == []
