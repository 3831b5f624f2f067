"""The line to a GraphQL endpoint: operations asked over any gql transport, and what went wrong, as an error of the tree.

The storage room. It takes texts and values and gives answers; what is asked, and what an answer means, is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import cache
from typing import Any, Final, TypeAlias

import gql
import httpx
import orjson
from gql.client import AsyncClientSession
from gql.graphql_request import GraphQLRequest
from gql.transport import AsyncTransport
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import ExecutionResult, parse

from deeplinks.errors import (
    AccessDeniedError,
    QueryError,
    SchemaMissingError,
    SettingsError,
    StorageError,
    UnavailableError,
    WrongTypeError,
)
from deeplinks.storage import verdicts
from deeplinks.storage.doorbell import MESSAGE, ended, socket
from deeplinks.storage.verdicts import Verdict

Variables: TypeAlias = dict[str, Any]

# Digits survive only as text: JSON parsers cut long numbers.
HEADERS: Final = {"x-hasura-stringify-numeric-types": "true"}
ACCESS_CODES: Final = frozenset({"access-denied", "invalid-jwt", "invalid-headers", "jwt-missing-role-claims"})


class HTTPTransport(HTTPXAsyncTransport):
    """gql's HTTP transport with orjson at both ends."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        patience = httpx.Timeout(timeout, connect=5.0)
        super().__init__(url, json_deserialize=orjson.loads, headers=headers, timeout=patience)  # pyright: ignore[reportUnknownMemberType]

    async def execute(
        self, request: GraphQLRequest, *, extra_args: dict[str, Any] | None = None, upload_files: bool = False
    ) -> ExecutionResult:
        """Send one request; its body is encoded once, here."""
        body = {"json": None, "content": orjson.dumps(request.payload), "headers": {"content-type": "application/json"}}
        return await super().execute(request, extra_args=body | (extra_args or {}), upload_files=upload_files)


class Line:
    """An endpoint, connected at the first use and once for each event loop; `close()` lets go. `requests` counts."""

    def __init__(
        self,
        url: str | None = None,
        *,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: AsyncTransport | None = None,
        timeout: float = 60.0,
        largest: int = MESSAGE,
    ) -> None:
        access = {} if secret is None else {"x-hasura-admin-secret": _header(secret)}
        self.where = url or type(transport).__name__
        self.requests = 0
        self._headers = HEADERS | access | dict(headers or {})
        self._largest = largest
        self._own = transport is None
        self._given = transport is not None
        self._timeout = timeout
        self._transport = transport or self._over_http()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting = asyncio.Lock()
        self._session: AsyncClientSession | None = None
        self._client: gql.Client | None = None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client, self._session = self._client, None, None
        if client is not None:
            await client.close_async()

    def _over_http(self) -> HTTPTransport:
        return HTTPTransport(self.where, self._headers, self._timeout)

    async def _answers(self, operation: Operation) -> AsyncGenerator[dict[str, Any]]:
        try:
            async with self._line() as transport, aclosing(transport.subscribe(operation)) as results:
                async for result in results:
                    if result.errors:
                        raise TransportQueryError(str(result.errors[0]), errors=list(result.errors))
                    yield result.data or {}
        except TransportQueryError as error:
            raise self._answered(error) from error
        except TransportError as error:
            raise ended(error, self.where) or self._failed(error) from error
        except TimeoutError as error:
            raise UnavailableError(storage=self.where, why="it did not answer in time") from error

    @asynccontextmanager
    async def _line(self) -> AsyncGenerator[AsyncTransport]:
        if self._own:
            async with socket(self.where, self._headers, self._largest) as transport:
                yield transport
        else:
            await self._connected()
            yield self._transport

    async def execute(self, operation: Operation) -> dict[str, Any]:
        """The data that the operation answers. Raises `StorageError`."""
        return await self._execute(operation)

    def answers(self, operation: Operation) -> AsyncGenerator[dict[str, Any]]:
        """The data that a subscription answers, again and again. Raises `StorageError` where that ends."""
        return self._answers(operation)

    async def _execute(self, operation: Operation) -> dict[str, Any]:
        session = await self._connected()
        self.requests += 1
        try:
            return await session.execute(operation)
        except TransportQueryError as error:
            raise self._answered(error) from error
        except TransportError as error:
            raise self._failed(error) from error

    async def _connected(self) -> AsyncClientSession:
        """The session of this event loop; what another one had is gone with it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._connecting, self._session, self._client = loop, asyncio.Lock(), None, None
            if not self._given:
                self._transport = self._over_http()
        async with self._connecting:
            return self._session or await self._connect()

    async def _connect(self) -> AsyncClientSession:
        self._client = gql.Client(transport=self._transport, execute_timeout=None)
        # reconnecting=False: gql must not send a mutation again behind the outbox's back.
        self._session = await self._client.connect_async(reconnecting=False)  # pyright: ignore[reportUnknownMemberType]
        return self._session

    def _failed(self, error: TransportError) -> StorageError:
        status = error.code if isinstance(error, TransportServerError) else None
        if status is not None and verdicts.of_status(status) is not Verdict.again:
            if status in (401, 403):
                return AccessDeniedError(storage=self.where, why=f"HTTP {status}")
            why = "it takes no GraphQL there; the path is usually /v1/graphql"
            if status == 413:
                why = "the request is larger than it takes"
            return QueryError(storage=self.where, path="$", why=why, reason=f"HTTP {status}")
        if isinstance(error, TransportProtocolError):
            return QueryError(
                storage=self.where, path="$", why=f"it is no GraphQL endpoint: {error}", reason="protocol"
            )
        why = str(error) or type(error.__cause__ or error).__name__
        reached = isinstance(error, TransportConnectionFailed)
        return UnavailableError(storage=self.where, why=why if reached else f"{type(error).__name__}: {why}")

    def _answered(self, error: TransportQueryError) -> Exception:
        first: dict[str, Any] = (error.errors or [{}])[0]
        facts: dict[str, Any] = first.get("extensions") or {}
        why, code, state = first.get("message", str(error)), facts.get("code", ""), facts.get("sqlstate", "")
        if code in ACCESS_CODES:
            return AccessDeniedError(storage=self.where, why=why)
        if code == SchemaMissingError.code:
            return SchemaMissingError(storage=self.where, why=state or "it says so")
        reason = state or code
        if code == UnavailableError.code or verdicts.of_reason(reason) is Verdict.again:
            return UnavailableError(storage=self.where, why=why)
        return QueryError(storage=self.where, path=facts.get("path", "$"), why=why, reason=reason)


class Operation(GraphQLRequest):
    """An operation of `graphql/`, whose text is sent as it is written: gql would print it anew for every request."""

    def __init__(self, text: str, variables: Variables) -> None:
        self._text = text
        super().__init__(_parsed(text), variable_values=variables)

    @property
    def payload(self) -> Variables:
        return {"query": self._text, "variables": self.variable_values}


_parsed = cache(parse)


def _header(secret: object) -> str:
    """The secret, if a header can carry it; it is never shown."""
    if not isinstance(secret, str):
        raise WrongTypeError(what="secret", expected="a str", value=type(secret))
    if not secret or not secret.isascii() or not secret.isprintable():
        why = "it is empty, or has a character that no HTTP header can carry, as a line break at its end"
        raise SettingsError(name="secret", why=why)
    return secret
