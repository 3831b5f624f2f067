"""The protocol `graphql-transport-ws`, and what is not the protocol."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from socket import SO_RCVBUF, SOL_SOCKET
from socket import socket as Connection
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from deeplinks.dialect.session import Session
from deeplinks.server import answers
from deeplinks.server.engine import Engine
from deeplinks.server.limits import Limits
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.server.sockets import Caller
from deeplinks.server.view import View
from tests.server.asked import Tables, new
from tests.server.socket import PROTOCOL, admitted, opened
from tests.waiting import until

LINKS = "subscription ($space: uuid!) { deep_links(where: {_deep: {_eq: $space}}, order_by: {_i: asc}) { id } }"
INSERT = "mutation ($space: uuid!) { insert_deep_links_one(object: {_deep: $space}) { __typename } }"


async def test_only_the_one_protocol_is_spoken(address: str) -> None:
    async with opened(address, subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.connection.subprotocol == PROTOCOL
    async with opened(address, subprotocols=["graphql-ws"]) as socket:
        assert socket.connection.subprotocol is None
        assert (await socket.closed())[0] == 4406


async def test_a_query_is_one_answer_and_complete(address: str) -> None:
    async with admitted(address) as socket:
        await socket.subscribe("query ($n: Int) { deep_links(limit: $n) { id } }", n=0)

        assert await socket.next() == {"data": {"deep_links": []}}
        assert await socket.hear() == {"type": "complete", "id": "1"}


async def test_a_mutation_too(address: str) -> None:
    async with admitted(address) as socket:
        await socket.subscribe(INSERT, space=new())

        assert await socket.next() == {"data": {"insert_deep_links_one": {"__typename": "deep_links"}}}
        assert (await socket.hear())["type"] == "complete"


async def test_an_id_may_be_used_again_when_it_is_complete(address: str) -> None:
    async with admitted(address) as socket:
        for _ in range(2):
            await socket.subscribe("{ __typename }")
            assert (await socket.hear())["type"] == "next"
            assert (await socket.hear())["type"] == "complete"


async def test_a_ping_is_answered(address: str) -> None:
    async with opened(address) as socket:
        await socket.say("ping")

        assert await socket.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("subscription {", "not a valid graphql query", "validation-failed"),
        ("subscription { nothing { id } }", "nothing", "validation-failed"),
        ("{ nothing }", "nothing", "validation-failed"),
        ("", "not a valid graphql query", "validation-failed"),
        (
            "subscription { deep_links { id } deep_strings { id } }",
            "subscriptions must select one top level field",
            "validation-failed",
        ),
        ("subscription { __typename }", "subscriptions must select one top level field", "validation-failed"),
        (
            "subscription { deep_links @skip(if: true) { id } }",
            "subscriptions must select one top level field",
            "validation-failed",
        ),
        (
            "subscription { ...F } fragment F on subscription_root { a: deep_links { id } b: deep_links { id } }",
            "subscriptions must select one top level field",
            "validation-failed",
        ),
        ("subscription ($n: Int!) { deep_links(limit: $n) { id } }", "expecting a value", "validation-failed"),
        ('subscription { deep_links_by_pk(id: "no") { id } }', "invalid input syntax", "data-exception"),
        ('{ deep_links_by_pk(id: "no") { id } }', "invalid input syntax", "data-exception"),
        ("query A { __typename } query B { __typename }", "exactly one operation", "validation-failed"),
    ],
)
async def test_a_document_that_is_wrong_is_an_error_and_the_socket_goes_on(
    address: str, query: str, message: str, code: str
) -> None:
    async with admitted(address) as socket:
        await socket.subscribe(query)
        told = await socket.hear()
        errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]

        assert (told["id"], len(errors)) == ("1", 1)
        assert message in errors[0]["message"]
        assert errors[0]["extensions"]["code"] == code
        await socket.subscribe("{ __typename }", "2")
        assert await socket.next("2") == {"data": {"__typename": "query_root"}}


async def test_a_fragment_and_directives_leave_one_field(address: str) -> None:
    query = "subscription { ...F deep_strings @skip(if: true) { id } } fragment F on subscription_root { deep_links(limit: 0) "
    async with admitted(address) as socket:
        await socket.subscribe(query + "{ id } }")

        assert await socket.next() == {"data": {"deep_links": []}}


def identity(text: str) -> int:
    return id(text)


async def test_a_payload_is_made_once_for_all_sockets(
    address: str, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    payloads: list[str] = []
    making = answers.Spliced.payload
    monkeypatch.setattr(answers.Spliced, "payload", lambda self: (payloads.append(making(self)), payloads[-1])[1])
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(admitted(address)) for _ in range(20)]
        for socket in sockets:
            await socket.subscribe(LINKS, space=tables.space)
            await socket.next()
        payloads.clear()
        (id,) = await tables.links(count=1)
        told = [await socket.next() for socket in sockets]

    assert {"id": id} in told[0]["data"]["deep_links"]
    assert told == told[:1] * 20
    assert (len(payloads), len(set(map(identity, payloads)))) == (20, 1)


# closing codes


async def test_a_wrong_secret_is_4403(secret_endpoint: str) -> None:
    async with opened(secret_endpoint) as socket:
        await socket.say("connection_init", payload={"headers": {"x-hasura-admin-secret": "wrong"}})

        assert await socket.closed() == (4403, "Forbidden")


@pytest.mark.parametrize(
    "payload", [{}, {"headers": {}}, {"headers": {"x-hasura-admin-secret": 1}}, {"headers": "no"}, None]
)
async def test_no_secret_is_4403(secret_endpoint: str, payload: Any) -> None:
    async with opened(secret_endpoint) as socket:
        await socket.say("connection_init", payload=payload)

        assert (await socket.closed())[0] == 4403


@pytest.mark.parametrize("name", ["x-hasura-admin-secret", "X-Hasura-Admin-Secret"])
async def test_the_secret_comes_in_the_first_message(secret_endpoint: str, name: str) -> None:
    async with opened(secret_endpoint) as socket:
        await socket.begin({name: "right"})
        await socket.subscribe("{ __typename }")

        assert await socket.next() == {"data": {"__typename": "query_root"}}


async def test_or_with_the_handshake(secret_endpoint: str) -> None:
    async with opened(secret_endpoint, additional_headers={"x-hasura-admin-secret": "right"}) as socket:
        await socket.say("connection_init")

        assert await socket.hear() == {"type": "connection_ack"}


async def test_the_first_message_counts_more_than_the_handshake(secret_endpoint: str) -> None:
    async with opened(secret_endpoint, additional_headers={"x-hasura-admin-secret": "right"}) as socket:
        await socket.say("connection_init", payload={"headers": {"x-hasura-admin-secret": "wrong"}})

        assert (await socket.closed())[0] == 4403


async def test_headers_of_the_first_message_say_how_numbers_are_told(address: str) -> None:
    async with opened(address) as socket:
        await socket.begin({"x-hasura-stringify-numeric-types": "true"})
        await socket.subscribe("{ deep_links(limit: 1, order_by: {_i: asc}) { _i } }")

        assert await socket.next() == {"data": {"deep_links": [{"_i": "1"}]}}


async def test_an_operation_before_the_first_message_is_4401(address: str) -> None:
    async with opened(address) as socket:
        await socket.subscribe("{ __typename }")

        assert (await socket.closed())[0] == 4401


async def test_silence_is_4408(address: str, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    assert View(Settings()).connection_init_wait_timeout == timedelta(seconds=5)
    monkeypatch.setattr("deeplinks.server.view.SILENCE", timedelta(seconds=0.1))
    async with running(engine.settings, engine) as impatient, opened(impatient) as socket:
        assert (await socket.closed())[0] == 4408


async def test_an_id_in_use_is_4409(address: str) -> None:
    async with admitted(address) as socket:
        await socket.subscribe(LINKS, space=new())
        await socket.subscribe(LINKS, space=new())

        assert (await socket.closed())[0] == 4409


async def test_a_second_first_message_is_4429(address: str) -> None:
    async with admitted(address) as socket:
        await socket.say("connection_init")

        assert (await socket.closed())[0] == 4429


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "",
        "[]",
        '"text"',
        "null",
        "1",
        '{"kind": "ping"}',
        '{"type": 1}',
        '{"type": "unheard of"}',
        '{"type": "\\ud800"}',
        json.dumps({"type": "x" * 1000}),
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": [], "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "\\ud800", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "1", "payload": "text"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": {}}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": {}}',
        "[" * 100_000,
        b"bytes",
    ],
    ids=lambda message: str(message)[:40],
)
async def test_nonsense_is_4400_and_no_news_in_the_log(
    address: str, message: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with admitted(address) as socket:
        await socket.connection.send(message)

        assert (await socket.closed())[0] == 4400
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_half_a_surrogate_pair_in_a_value_is_an_error(address: str) -> None:
    async with admitted(address) as socket:
        await socket.connection.send(
            '{"type": "subscribe", "id": "1", "payload": {"query": "subscription ($t: String) '
            '{ deep_strings(where: {_data: {_eq: $t}}) { id } }", "variables": {"t": "\\ud800"}}}'
        )

        assert (await socket.next())["errors"][0]["extensions"]["code"] == "data-exception"


async def test_a_long_id_in_use_is_4409_too(address: str) -> None:
    async with admitted(address) as socket:
        for _ in range(2):
            await socket.subscribe(LINKS, "ü" * 1000, space=new())

        assert (await socket.closed())[0] == 4409


async def test_a_session_that_ends_is_4403(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def admit(caller: Caller) -> None:
        caller.session = Session(expires_at=time.time() + 0.3)

    monkeypatch.setattr(Caller, "admit", admit)
    async with admitted(address) as socket:
        await socket.subscribe(LINKS, space=new())
        await socket.next()

        assert await socket.closed() == (4403, "the token has expired")
    await until(lambda: not _ours())


async def test_a_message_over_the_limit_is_1009(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, limits={"admin": Limits(body=1000)})
    async with running(settings) as address, admitted(address) as socket:
        await socket.subscribe("{ __typename }" + " " * 1000)

        assert (await socket.closed())[0] == 1009


# who may come


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
async def test_a_page_of_another_origin_is_refused(address: str, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(address, origin=origin):
            pass


async def test_a_page_of_the_same_origin_is_not(address: str) -> None:
    async with opened(address, origin=address.removesuffix("/v1/graphql")) as socket:
        await socket.begin()


async def test_there_is_no_socket_elsewhere(address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(address + "/other"):
            pass


# over HTTP


async def test_a_subscription_by_post_is_told_the_way(tables: Tables) -> None:
    assert await tables.error("subscription { deep_links { id } }") == {
        "message": "subscriptions are not supported over HTTP, use websockets instead",
        "path": "$",
        "code": "unexpected-payload",
    }


# live

MANY = "subscription ($space: uuid!) { deep_strings(where: {_deep: {_eq: $space}}) { _data } }"


async def test_changes_come_by_the_socket(address: str, tables: Tables) -> None:
    async with admitted(address) as socket:
        await socket.subscribe(LINKS, space=tables.space)
        assert await socket.next() == {"data": {"deep_links": []}}
        (id,) = await tables.links(count=1)

        assert {"id": id} in (await socket.next())["data"]["deep_links"]


async def test_changes_made_by_a_socket_come_by_another(address: str) -> None:
    space = new()
    async with admitted(address) as reader, admitted(address) as writer:
        await reader.subscribe(LINKS, space=space)
        await reader.next()
        await writer.subscribe(INSERT, space=space)
        await writer.next()

        assert len((await reader.next())["data"]["deep_links"]) == 2


async def test_one_socket_has_many_subscriptions(address: str, tables: Tables) -> None:
    async with admitted(address) as socket:
        for number in range(150):
            await socket.subscribe(LINKS, str(number), space=tables.space)
        for _ in range(150):
            assert (await socket.hear())["type"] == "next"
        await tables.links(count=1)
        heard = [await socket.hear() for _ in range(150)]

    assert {message["id"] for message in heard} == {str(number) for number in range(150)}


async def test_who_stops_reading_keeps_nobody_else_from_hearing(address: str, tables: Tables) -> None:
    async with admitted(address) as stalled, admitted(address) as socket:
        for each in (stalled, socket):
            await each.subscribe(MANY, space=tables.space)
            await each.next()
        stalled.connection.transport.pause_reading()
        for number in range(1, 4):
            await tables.data("strings", "x" * 4_000_000)

            assert len((await socket.next())["data"]["deep_strings"]) == number
        stalled.connection.transport.resume_reading()
        while len((await stalled.next())["data"]["deep_strings"]) < 3:
            pass


# leaving


async def test_complete_ends_a_subscription(engine: Engine, address: str) -> None:
    async with admitted(address) as socket:
        await socket.subscribe(LINKS, space=new())
        await socket.next()
        await socket.say("complete", id="1")
        await until(lambda: engine.hub.watching == 0)
        await socket.subscribe("{ __typename }")

        assert await socket.next() == {"data": {"__typename": "query_root"}}


async def test_completing_what_is_not_there_is_harmless(address: str) -> None:
    async with admitted(address) as socket:
        await socket.say("complete", id="7")
        await socket.subscribe("{ __typename }")

        assert await socket.next() == {"data": {"__typename": "query_root"}}


STREAM = """subscription ($space: uuid!) {
  deep_links_stream(batch_size: 5, cursor: {initial_value: {_i: 0}}, where: {_deep: {_eq: $space}}) { id }
}"""


async def test_a_thousand_clients_that_come_and_vanish_leave_nothing(
    engine: Engine, address: str, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: not _ours())
    await tables.links(count=1)
    pool, before = engine.database.pool, len(asyncio.all_tasks())
    opened = pool.get_stats()["connections_num"]

    async def visit(number: int) -> None:
        async with admitted(address, close_timeout=0) as socket:
            await socket.subscribe(STREAM if number % 4 else LINKS, space=tables.space if number % 2 else new())
            if number % 2:
                await socket.next()
            socket.connection.transport.abort()

    for start in range(0, 1000, 50):
        await asyncio.gather(*(visit(number) for number in range(start, start + 50)))

    await until(lambda: engine.hub.watching == 0 and not _ours())
    await until(lambda: len(asyncio.all_tasks()) <= before)
    await until(lambda: pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"])
    # None was left in the middle of an answer, to be thrown away.
    assert pool.get_stats()["connections_num"] - opened < 10
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def _ours() -> list[str]:
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("deeplinks ")]


async def test_a_server_that_ends_says_so_to_its_sockets(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        async with running(Settings(database_url=database_url, port=0)) as address:
            socket = await stack.enter_async_context(admitted(address))
            await socket.subscribe(LINKS, space=new())
            await socket.next()
        assert (await socket.closed())[0] == 1012
    assert not _ours()


async def stalled(stack: AsyncExitStack, tables: Tables) -> None:
    """A client who has stopped reading, to whom more was sent than all buffers hold."""
    narrow = await _narrow(tables.address)
    socket = await stack.enter_async_context(admitted(tables.address, close_timeout=0, sock=narrow))
    await socket.subscribe(MANY, space=tables.space)
    await socket.next()
    async with admitted(tables.address) as reader:
        await reader.subscribe(MANY, space=tables.space)
        await reader.next()
        socket.connection.transport.pause_reading()
        await tables.data("strings", "x" * 8_000_000)
        await reader.next()


async def _narrow(address: str) -> Connection:
    """A connection with a small buffer at our end."""
    connection = Connection()
    connection.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
    connection.setblocking(False)
    url = urlsplit(address)
    await asyncio.get_running_loop().sock_connect(connection, (url.hostname, url.port))
    return connection


async def test_who_takes_nothing_is_told_to_come_back_and_finds_everything(
    engine: Engine, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.server.serve.STALL", 0.1)
    monkeypatch.setattr("deeplinks.server.serve.FAREWELL", 30.0)
    query = (
        STREAM.replace("deep_links_stream", "deep_strings_stream")
        .replace("_i: 0", '_data: ""')
        .replace("{ id }", "{ id _data }")
    )
    async with AsyncExitStack() as stack:
        narrow = await _narrow(tables.address)
        socket = await stack.enter_async_context(admitted(tables.address, close_timeout=0, sock=narrow))
        await socket.subscribe(query, space=tables.space)
        (first,) = await tables.data("strings", "a")
        assert [row["id"] for row in (await socket.next())["data"]["deep_strings_stream"]] == [first]
        socket.connection.transport.pause_reading()
        (second,) = await tables.data("strings", "b" * 8_000_000)
        await until(lambda: engine.hub.watching == 0)
        socket.connection.transport.resume_reading()
        assert (await socket.closed())[0] == 1013

        again = await stack.enter_async_context(admitted(tables.address))
        await again.subscribe(query.replace('""', '"a"'), space=tables.space)
        assert [row["id"] for row in (await again.next())["data"]["deep_strings_stream"]] == [second]


async def test_a_server_ends_soon_even_with_a_client_who_reads_nothing(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(None) as patience:
            async with running(Settings(database_url=database_url, port=0)) as address:
                tables = Tables(address)
                await stalled(stack, tables)
                patience.reschedule(asyncio.get_running_loop().time() + 5)
    assert not _ours()


async def test_who_answers_no_ping_is_let_go(engine: Engine, monkeypatch: pytest.MonkeyPatch, tables: Tables) -> None:
    for wait in ("PING", "PONG"):
        monkeypatch.setattr(f"deeplinks.server.serve.{wait}", 1.0)
    async with AsyncExitStack() as stack, running(engine.settings, engine) as address:
        await stalled(stack, Tables(address))
        await until(lambda: engine.hub.watching == 0)
