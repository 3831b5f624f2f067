"""What one request may be and ask for: it is refused before it costs, and nobody beside it waits."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

import httpx
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.server import answers
from deeplinks.server.bodies import Request
from deeplinks.server.database import Database
from deeplinks.server.documents import Documents
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.limits import ADMINS, ANONYMOUS, OTHERS, Limits, limits_of
from deeplinks.server.measure import Measure
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.server.asked import Tables
from tests.server.socket import admitted

STRICT = {"admin": OTHERS}
LINK = "{ deep_links(limit: 1) { id } }"


def chain(length: int, way: str) -> str:
    """Fragments each of which spreads the next one."""
    each = (f"fragment F{i} on deep_links {{ {way.replace('*', f'...F{i + 1}')} }}" for i in range(length))
    return f"{{ deep_links(limit: 1) {{ ...F0 }} }} {' '.join(each)} fragment F{length} on deep_links {{ id }}"


def repeated(pattern: str, times: int) -> str:
    return " ".join(pattern.replace("*", str(number)) for number in range(times))


# What took seconds of a processor, and its relatives (reliability: query cost).
COSTLY = {
    "fragments with one key": f"{{ deep_links {{ {repeated('...F*', 300)} }} }} {repeated('fragment F* on deep_links { id }', 300)}",
    "spreads of one fragment": f"{{ deep_links {{ {repeated('...F', 300)} }} }} fragment F on deep_links {{ id }}",
    "inline fragments": f"{{ deep_links {{ {repeated('... { id }', 300)} }} }}",
    "unused variables": f"query ({repeated('$v*: Int', 20_000)}) {LINK}",
    "variables within the text": f"query ({repeated('$v*: Int', 900)}) {LINK}",
    "repeated directives": f"{{ deep_links {{ id {repeated('@include(if: true)', 10_000)} }} }}",
    "directives within the text": f"{{ deep_links {{ id {repeated('@include(if: true)', 500)} }} }}",
    "directives on the operation": f"query {repeated('@cached', 500)} {LINK}",
    "a long list": f"{{ deep_links(where: {{_i: {{_in: [{repeated('1', 50_000)}]}}}}) {{ id }} }}",
    "a list within the text": f"{{ deep_links(where: {{_i: {{_in: [{repeated('1', 9_000)}]}}}}) {{ id }} }}",
    "many conditions": f"{{ deep_links(where: {{_or: [{repeated('{_i: {_eq: 1}}', 2_000)}]}}) {{ id }} }}",
    "deep fields": "{ deep_links(limit: 1) " + "{ out(limit: 1) " * 60 + "{ id }" + " }" * 61,
    "deep fragments": chain(40, "from { * }"),
    "fragments that double": chain(24, "a: from { * } b: to { * }"),
    "many fields": f"{{ deep_links {{ {repeated('id', 900)} }} }}",
    "many aliases": f"{{ deep_links {{ {repeated('a*: id', 100)} }} }}",
    "many root fields": f"{{ {repeated(LINK[2:-2], 200)} }}",
    "many operations": repeated(f"query Q* {LINK}", 100),
    "comments": "#\n" * 30_000 + LINK,
    "commas": "," * 1_000_000 + LINK,
    "a long string": f'{{ deep_strings(where: {{_data: {{_eq: "{"x" * 900_000}"}}}}) {{ id }} }}',
    "lists in lists in lists": "{ deep_links { out { in { typed { valued { id } } } } } }",
    "a list as long as one likes": "{ deep_links(limit: 2000000) { id } }",
    "a limit in a limit": "query ($n: Int = 5000) { deep_links(limit: $n) { out(limit: $n) { id } } }",
}
# Python's own calls. A plain request makes some five thousand; each of these has made millions, with no limits.
BOUND = 250_000


@pytest.fixture
def strict() -> Engine:
    """An engine that has no database, with the limits of a common role for everybody."""
    settings = Settings(database_url="postgresql://127.0.0.1:1/nowhere", limits=STRICT)
    return Engine(settings, Database(AsyncConnectionPool(settings.database, open=False)))


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many calls Python makes in the block."""
    calls = [0]

    def count(_: FrameType, event: str, __: object) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def code(engine: Engine, document: str, **variables: Any) -> object:
    """The code with which a request is refused; None where it is not."""
    return answers.code(answers.response(await engine.execute(Request(document, variables, None), Session())))


@pytest.mark.parametrize("name", COSTLY)
async def test_what_would_cost_much_is_refused_for_little(strict: Engine, name: str) -> None:
    await code(strict, "{ __typename }")
    with counted() as calls:
        refused = await code(strict, COSTLY[name])

    assert refused == "limit-exceeded"
    assert calls[0] < BOUND


async def test_what_is_just_within_the_limits_costs_not_much_either(strict: Engine) -> None:
    conditions = f"{{ deep_links(where: {{_or: [{repeated('{_i: {_eq: 1}}', 350)}]}}) {{ id }} }}"
    fragments = f"{{ deep_links {{ {repeated('...F*', 24)} }} }} {repeated('fragment F* on deep_links { x: id }', 24)}"
    await code(strict, "{ __typename }")
    for document in (conditions, fragments, f"{{ deep_links {{ {repeated('id', 490)} }} }}"):
        with counted() as calls:
            assert await code(strict, document) == "unavailable"
        assert calls[0] < 4 * BOUND


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (
            "{ deep_links { ...A } } fragment A on deep_links { from { ...B } } fragment B on deep_links { ...A }",
            "itself",
        ),
        ("{ __schema { queryType { name } } }", "questions about the schema"),
        ('{ ...A } fragment A on query_root { __type(name: "uuid") { name } }', "questions about the schema"),
    ],
)
async def test_other_things_are_refused_before_validation_too(strict: Engine, document: str, why: str) -> None:
    result = await strict.execute(Request(document, {}, None), Session())

    assert result.errors
    assert why in result.errors[0].message


async def test_variables_are_nested_so_deep_and_no_deeper(strict: Engine) -> None:
    document = "query ($where: deep_links_bool_exp) { deep_links(where: $where) { id } }"
    where: dict[str, Any] = {}
    for _ in range(40):
        where = {"_not": where}
    assert await code(strict, document, where=where) == "unavailable"
    for _ in range(40):
        where = {"_not": where}
    assert await code(strict, document, where=where) == "limit-exceeded"


async def test_a_document_that_the_admin_has_asked_is_measured_again_for_others() -> None:
    documents, text = Documents(), COSTLY["many aliases"]
    kept = documents.prepare(text, ADMINS)
    kept.measure.check(ADMINS)

    assert documents.find(text) is kept
    with pytest.raises(RequestError, match="100 aliases, and 30 is the limit"):
        kept.measure.check(OTHERS)


def test_a_measure_is_what_is_written_and_what_is_spread() -> None:
    text = (
        "query ($n: Int) { a: x { y ...F } ...G } fragment F on T { z { w } } fragment G on Q { u @include(if: true) }"
    )

    assert Documents().prepare(text, OTHERS).measure == Measure(
        tokens=45, operations=1, depth=3, fields=5, aliases=1, roots=2, variables=1, directives=1, fragments=4
    )


@pytest.mark.parametrize(
    ("role", "expected"), [("admin", ADMINS), ("user", OTHERS), ("nobody", ANONYMOUS), ("reader", Limits(depth=3))]
)
def test_a_role_has_its_own_limits_or_those_of_its_kind(role: str, expected: Limits) -> None:
    assert limits_of(role, {"reader": Limits(depth=3)}, anonymous="nobody") == expected


async def test_a_socket_has_so_many_operations_at_the_same_time(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, limits={"admin": replace(ADMINS, subscriptions=2)})
    async with running(settings) as address, admitted(address) as socket:
        for id in "123":
            await socket.subscribe("subscription { deep_links(limit: 1) { id } }", id)
        kinds = {(await socket.hear())["type"] for _ in range(3)}

    assert kinds == {"next", "error"}


# time


async def test_a_statement_that_takes_too_long_is_called_off_and_its_connection_is_as_before(
    tables: Tables, engine: Engine, database_url: str
) -> None:
    engine.settings = replace(engine.settings, limits={"admin": replace(ADMINS, seconds=0.05)})
    async with await psycopg.AsyncConnection.connect(database_url) as holding:
        await holding.execute("lock table deep.links in access exclusive mode")
        for document in (LINK, f"{{ {LINK[2:-2]} b: {LINK[2:-2]} }}"):
            error = await tables.error(document)
            assert (error["code"], error["sqlstate"]) == ("time-limit-exceeded", "57014")
        await holding.rollback()

    settings = await engine.database.rows("select current_setting('statement_timeout')")
    assert settings == [("1min",)]


async def test_who_waits_for_a_connection_in_vain_is_told_to_come_again(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, pool_size=1, pool_timeout=0.05)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings))
        address = await stack.enter_async_context(running(settings, engine))
        client = await stack.enter_async_context(httpx.AsyncClient())
        await stack.enter_async_context(engine.database.pool.connection())
        answer = await client.post(address, json={"query": LINK})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "unavailable"


# a bystander


async def test_somebody_beside_them_goes_on_being_answered(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, limits=STRICT)
    refused = answered = 0
    attackers = 4

    async def attack(address: str) -> None:
        nonlocal refused
        async with httpx.AsyncClient() as client:
            for document in COSTLY.values():
                answer = await client.post(address, json={"query": document})
                refused += "errors" in answer.json()

    async with running(settings) as address, httpx.AsyncClient() as client:
        attacking = asyncio.gather(*(attack(address) for _ in range(attackers)))
        while not attacking.done():
            answer = await client.post(address, json={"query": LINK})
            answered += "data" in answer.json()
        await attacking

    assert refused == attackers * len(COSTLY)
    # An answer waits for what all of them have sent meanwhile, a document or two each, and for nothing else.
    assert answered >= len(COSTLY) / 4
