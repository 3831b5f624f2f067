"""Queries asked of a storage: the same answer as in memory, what was not here is loaded, and how it is asked is shown."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from typing import Any

import anyio
import pytest
from graphql import build_schema, parse, validate
from hypothesis import HealthCheck, given, settings

from deeplinks import Association, Deep, GraphQLStorage, MemoryStorage, Q, load, synchronize
from deeplinks.errors import InvalidError, OtherSpaceError
from deeplinks.server.export import sdl
from deeplinks.sync.asking import ask
from deeplinks.sync.caller import SameThread
from deeplinks.sync.replica import replica_of
from tests.space.test_query_machine import Graph, questions, steps

RUNS = int(os.environ.get("QUESTIONS", "60"))


def kept(deep: Deep) -> None:
    """Mark all of it."""
    for one in list(deep):
        if one is not deep:
            one.store("database")


@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, questions)
def test_a_storage_answers_what_the_query_finds_in_memory(
    changes: list[tuple[int, int, int, int]], question: Any
) -> None:
    graph = Graph()
    for change in changes:
        graph.step(*change)
    anyio.run(partial(_compared, graph, question))


async def _compared(graph: Graph, question: Any) -> None:
    kept(graph.deep)
    query = graph.deep.query(graph.asked(question))
    async with synchronize(graph.deep, MemoryStorage()) as database:
        await database.flush()
        try:
            found = await database.ask(query)
        except InvalidError as error:
            # A circle of values has no end.
            assert "value chains" in str(error)  # noqa: PT017
            return

    assert sorted(one.id for one in found) == sorted(one.id for one in query)


class People:
    """A small graph of people who follow each other, in a storage."""

    def __init__(self) -> None:
        self.deep = deep = Deep()
        self.User, self.Follows = deep(), deep()
        self.alice, self.bob, self.carol = self.User(), self.User(), self.User()
        named = zip((self.alice, self.bob, self.carol), ("Alice", "Bob", "Cé"), strict=True)
        for user, name in named:
            user.value = deep.String(name)
        self.Follows(from_=self.alice, to=self.bob)
        self.Follows(from_=self.bob, to=self.carol)
        self.numbers = [deep.Number(number) for number in (1, 1.0, 2.5, 10**30)]
        self.flags = [deep.Boolean(True), deep.Object({"a": [1, "x"]}), deep.Date(date(2020, 1, 2))]
        kept(deep)


@pytest.fixture
async def people(storage: GraphQLStorage) -> People:
    people = People()
    async with synchronize(people.deep, storage) as database:
        await database.flush()
    return people


async def elsewhere(storage: GraphQLStorage, people: People, **asked: Any) -> list[Association]:
    """What the same space gets that has loaded nothing."""
    deep = Deep(space=people.deep.id)
    return await ask(deep, deep.query(**asked), storage, replica_of(deep, "database"), SameThread(deep))


CRITERIA: list[Any] = [
    {"data": "Bob"},
    {"data": 1},
    {"data": 1.0},
    {"data": 10**30},
    {"data": True},
    {"data": {"_eq": {"a": [1, "x"]}}},
    {"data": date(2020, 1, 2)},
    {"data": {"_eq": {"a": [1, "y"]}}},
    {"data": {"_neq": "Bob"}},
    {"data": {"_in": ["Alice", 1, 2.5]}},
    {"data": {"_nin": ["Alice", 1]}},
    {"data": {"_gt": "B"}},
    {"data": {"_gte": 1, "_lt": 3}},
    {"data": {"_lte": 2.5}},
    {"data": {"_like": "_l%"}},
    {"data": {"_like": "%\\"}},
    {"data": {"_ilike": "B%"}},
    {"data": {"_is_null": True}},
    {"data": {"_is_null": False}},
    {"value": {"data": {"_like": "%é"}}},
    {"value": None},
    {"valued": None},
    {"out": {"to": {"out": {"to": {"data": "Cé"}}}}},
    {"_not": {"out": {}}},
    {"_or": [{"data": "Alice"}, {"in": {"from": {"data": "Alice"}}}]},
]


@pytest.mark.parametrize("criteria", CRITERIA, ids=str)
async def test_postgresql_answers_the_same_as_memory(storage: GraphQLStorage, people: People, criteria: Any) -> None:
    query = people.deep.query(criteria)
    found = await ask(people.deep, query, storage, replica_of(people.deep, "database"), SameThread(people.deep))

    assert found == list(query)


async def test_what_was_not_here_is_loaded_with_its_data_and_its_type(storage: GraphQLStorage, people: People) -> None:
    (bob,) = await elsewhere(storage, people, data="Bob", type=people.User.id)

    assert (bob.id, bob.data) == (people.bob.id, "Bob")
    assert bob.type is not None
    assert bob.type.id == people.User.id


async def test_an_answer_comes_in_its_order_and_in_pieces(storage: GraphQLStorage, people: People) -> None:
    User = people.User.id
    pages = [await elsewhere(storage, people, type=User, limit=2, offset=start) for start in (0, 2)]
    backwards = await elsewhere(storage, people, type=User, order_by={"data": "desc"}, limit=2)

    assert [[one.data for one in page] for page in pages] == [["Alice", "Bob"], ["Cé"]]
    assert [one.data for one in backwards] == ["Cé", "Bob"]


async def test_a_question_is_one_request(storage: GraphQLStorage, people: People) -> None:
    before = storage.requests
    await elsewhere(storage, people, data="Bob")

    assert storage.requests - before == 1


async def test_what_others_wrote_is_answered_too(storage: GraphQLStorage, people: People) -> None:
    async with synchronize(people.deep, storage) as database:
        other = await load(storage, space=people.deep.id)
        async with synchronize(other, storage) as theirs:
            dave = other[people.User.id](value=other.String("Dave"))
            dave.store("database")
            await theirs.flush()
        (found,) = await database.ask(people.deep.query(data="Dave", type=people.User))

        assert found is people.deep[dave.id]


async def test_marks_of_types_are_no_associations_of_the_answer(storage: GraphQLStorage, people: People) -> None:
    people.User.store("database", people.deep.storage_markers.typed_true)
    async with synchronize(people.deep, storage) as database:
        await database.flush()
        found = await database.ask(people.deep.query(from_=people.User))
        everything = await database.ask(people.deep.query())

    assert found == []
    assert everything == list(people.deep.query())


@pytest.mark.parametrize(
    ("criteria", "why"),
    [
        ({"data": {"_gt": date(2020, 1, 1)}}, "dates and times"),
        ({"data": {"_ilike": "É%"}}, "ASCII"),
        ({"data": {"_lt": float("inf")}}, "no number inf"),
        ({"data": len}, "functions"),
    ],
)
async def test_what_means_something_in_memory_alone_is_refused(
    storage: GraphQLStorage, criteria: Any, why: str
) -> None:
    deep = Deep()
    with pytest.raises(InvalidError, match=why):
        await ask(deep, deep.query(criteria), storage, replica_of(deep, "database"), SameThread(deep))


async def test_a_value_chain_that_is_too_long_is_told(storage: GraphQLStorage) -> None:
    deep = Deep()
    chain: Association = deep.String("far")
    for _ in range(7):
        chain = deep(value=chain)
    kept(deep)
    async with synchronize(deep, storage) as database:
        await database.flush()
        with pytest.raises(InvalidError, match="more than 5 steps"):
            await database.ask(deep.query(data="far"))

        assert chain in await database.ask(deep.query(value={"value": {}}))


async def test_a_query_of_another_space_is_refused(storage: GraphQLStorage) -> None:
    deep, other = Deep(), Deep()
    async with synchronize(deep, storage) as database:
        with pytest.raises(OtherSpaceError):
            await database.ask(other.query())
        with pytest.raises(OtherSpaceError):
            database.explain(other.query())


class Deaf:
    """A storage without answers."""

    write = read = bells = close = None


async def test_a_storage_that_answers_no_questions_says_so() -> None:
    deep = Deep()
    with pytest.raises(InvalidError, match="answers no questions"):
        await ask(deep, deep.query(), Deaf(), replica_of(deep, "database"), SameThread(deep))  # type: ignore[arg-type]


# explaining


async def test_it_is_explained_as_graphql_and_as_sql(storage: GraphQLStorage, people: People) -> None:
    query = people.deep.query(Q(type=people.User) & Q(data={"_like": 'B"%'}), limit=3)
    told = synchronize(people.deep, storage).explain(query)
    document = parse(told.graphql)

    assert validate(build_schema(sdl()), document) == []
    assert '_like: "B\\"%"' in told.graphql
    assert "limit: 3" in told.graphql
    assert "$" not in told.graphql
    assert "offset" not in told.graphql
    assert [text.partition(" ")[0] for text in told.sql] == ["SELECT", "SELECT"]
    assert people.User.id in told.parameters[1]
    assert str(told).startswith("query Ask {")


async def test_nobody_is_asked_for_an_explanation(storage: GraphQLStorage) -> None:
    deep = Deep()
    told = synchronize(deep, storage).explain(deep.query(type=deep))

    assert storage.requests == 0
    assert "longer" not in told.graphql
    assert len(told.sql) == 1
