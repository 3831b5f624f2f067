"""The older protocol `graphql-ws`, for clients of years ago: there when it is asked for, and not else."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deeplinks.dialect.session import Session
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.server.sockets import Caller
from tests.server.asked import Tables
from tests.server.socket import LEGACY, PROTOCOL, Socket, opened

LINKS = "subscription ($space: uuid!) { deep_links(where: {_deep: {_eq: $space}}, order_by: {_i: asc}) { id } }"


@pytest.fixture
async def address(database_url: str) -> AsyncIterator[str]:
    """A server that speaks both."""
    settings = Settings(database_url=database_url, port=0, admin_secret="right", legacy_sockets=True)
    async with running(settings) as address:
        yield address


async def begun(socket: Socket, secret: str = "right") -> dict[str, Any]:
    await socket.say("connection_init", payload={"headers": {"x-hasura-admin-secret": secret}})
    return await socket.hear()


async def start(socket: Socket, query: str, id: str = "1", **variables: Any) -> None:
    await socket.say("start", id=id, payload={"query": query, "variables": variables})


async def hear(socket: Socket) -> dict[str, Any]:
    """The next message that is no sign of life."""
    while (message := await socket.hear()) == {"type": "ka"}:
        pass
    return message


async def test_it_is_not_spoken_unless_asked_for(endpoint: str) -> None:
    async with opened(endpoint, subprotocols=[LEGACY]) as socket:
        assert (await socket.closed())[0] == 4406


async def test_the_modern_one_is_spoken_beside_it(address: str) -> None:
    async with opened(address, subprotocols=[PROTOCOL, LEGACY]) as socket:
        assert socket.connection.subprotocol == PROTOCOL


async def test_a_client_hears_that_it_is_admitted_and_that_somebody_is_there(address: str) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        assert await begun(socket) == {"type": "connection_ack"}
        assert await socket.hear() == {"type": "ka"}


async def test_a_subscription_is_told_of_changes_and_stopped(address: str, database_url: str) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        await begun(socket)
        space = "0198c0de-0000-7000-8000-00000000000a"
        await start(socket, LINKS, space=space)
        assert await hear(socket) == {"type": "data", "id": "1", "payload": {"data": {"deep_links": []}}}
        insert = "mutation ($space: uuid!) { insert_deep_links_one(object: {_deep: $space}) { __typename } }"
        await start(socket, insert, "2", space=space)
        told = [await hear(socket) for _ in range(3)]
        assert [message["type"] for message in told if message["id"] == "2"] == ["data", "complete"]
        (rows,) = [message["payload"]["data"]["deep_links"] for message in told if message["id"] == "1"]
        assert len(rows) == 2
        await socket.say("stop", id="1")

        assert await hear(socket) == {"type": "complete", "id": "1"}


async def test_what_is_wrong_with_a_document_is_an_error_and_the_socket_goes_on(address: str) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        await begun(socket)
        await start(socket, "subscription { nothing { id } }")
        told = await hear(socket)
        assert (told["type"], told["id"], told["payload"]["extensions"]["code"]) == ("error", "1", "validation-failed")
        await start(socket, "{ __typename }")

        assert await hear(socket) == {"type": "data", "id": "1", "payload": {"data": {"__typename": "query_root"}}}


async def test_a_wrong_secret_is_told_and_ends_the_connection(address: str) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        told = await begun(socket, "wrong")

        assert told["type"] == "connection_error"
        assert "x-hasura-admin-secret" in told["payload"]["message"]
        await socket.closed()


async def test_an_operation_before_the_first_message_is_4401(address: str) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        await start(socket, "{ __typename }")

        assert (await socket.closed())[0] == 4401


async def test_silence_is_4408(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.server.legacy.SILENCE", 0.05)
    async with opened(address, subprotocols=[LEGACY]) as socket:
        assert (await socket.closed())[0] == 4408


@pytest.mark.parametrize(
    "message",
    [
        "[]",
        "null",
        '{"type": 1}',
        '{"type": "unheard of"}',
        '{"type": "start"}',
        '{"type": "start", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "start", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "stop"}',
        json.dumps({"type": "connection_init", "payload": []}),
    ],
)
async def test_nonsense_ends_the_connection_and_is_no_news_in_the_log(
    address: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(address, subprotocols=[LEGACY]) as socket:
        await socket.connection.send(message)
        assert (await socket.hear())["type"] == "connection_error"
        assert (await socket.closed())[0] == 4400
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_a_session_that_ends_ends_the_connection(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def admit(caller: Caller) -> None:
        caller.session = Session(expires_at=time.time() + 0.1)

    monkeypatch.setattr(Caller, "admit", admit)
    async with opened(address, subprotocols=[LEGACY]) as socket:
        await begun(socket)

        assert (await socket.closed())[0] == 4403


async def test_a_client_that_vanishes_leaves_nothing(address: str, database_url: str) -> None:
    before = len(asyncio.all_tasks())
    async with opened(address, subprotocols=[LEGACY], close_timeout=0) as socket:
        await begun(socket)
        await start(socket, LINKS, space=Tables(address).space)
        await hear(socket)
        socket.connection.transport.abort()
    async with asyncio.timeout(30):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.002)
