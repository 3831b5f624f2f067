"""What a server's answers mean to the storage: try again, or stop. Over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deeplinks import GraphQLStorage
from deeplinks.batch import Cursor
from deeplinks.errors import (
    AccessDeniedError,
    DeepError,
    QueryError,
    SchemaMissingError,
    UnavailableError,
)
from deeplinks.ids import new_id


@asynccontextmanager
async def answering(status: int, body: str) -> AsyncIterator[str]:
    """A server that has one answer for everything."""
    head = f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}connection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/graphql"


def told(code: str, **facts: str) -> str:
    """The body of an answer with one error."""
    return json.dumps({"errors": [{"message": "no", "extensions": {"code": code, "path": "$", **facts}}]})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, "broken", UnavailableError),
        (502, "{}", UnavailableError),
        (503, told("unavailable"), UnavailableError),
        *(
            (200, told("unexpected", sqlstate=state), UnavailableError)
            for state in ("08006", "40001", "40P01", "53300")
        ),
        *((200, told("unexpected", sqlstate=state), UnavailableError) for state in ("55P03", "57P01", "57014")),
        *((200, told("data-exception", sqlstate=state), QueryError) for state in ("22003", "23503", "42501", "55000")),
        (200, told("validation-failed"), QueryError),
        (200, told("access-denied"), AccessDeniedError),
        (200, told("schema-missing", sqlstate="42P01"), SchemaMissingError),
        (401, "no", AccessDeniedError),
        (404, "nothing here", QueryError),
        (413, "too much", QueryError),
        (200, "<html>", QueryError),
    ],
)
async def test_an_answer_says_whether_a_retry_helps(status: int, body: str, error: type[DeepError]) -> None:
    async with answering(status, body) as endpoint:
        storage = GraphQLStorage(endpoint)
        with pytest.raises(error) as raised:
            await storage.read(Cursor.start(new_id()))
        await storage.close()

    assert type(raised.value) is error
