"""GraphQL over WebSocket: what strawberry's handler of `graphql-transport-ws` needs to know of us, and what we are strict about.

The server. It speaks the protocol; what an operation means, and what wakes a subscription, is decided behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message
from strawberry.types import ExecutionResult

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine
from deeplinks.tasks import call_off

# What a closing frame has room for.
REASON = 123
FORBIDDEN = 4403
# Who is not admitted yet has a few headers to say (bytes).
FIRST_MESSAGE = 64 * 1024
# In the state of a socket's scope: takes the largest size of messages from now on, where the server can set it.
MESSAGE_LIMIT = "deeplinks.message_limit"


@dataclass(slots=True)
class Caller:
    """Who is at the other end of a socket: the headers of its handshake, what it said first, and then its session."""

    engine: Engine
    headers: Mapping[str, str]
    connection_params: Mapping[str, object] = field(default_factory=dict[str, object])
    session: Session | None = None
    message_limit: Callable[[int], None] | None = None

    def admit(self) -> None:
        """Make the session: headers in the first message come over those of the handshake. Raises `RequestError`."""
        given = self.connection_params.get("headers")
        if given is not None and not _is_headers(given):
            raise RequestError("headers is an object of strings", code="invalid-headers")
        said = {name.lower(): value for name, value in (given or {}).items()}
        self.session = self.engine.admission.admit({**self.headers, **said})
        if self.message_limit is not None:
            self.message_limit(self.engine.limits(self.session).body)

    @property
    def operations(self) -> int:
        """How many operations there may be at the same time."""
        return self.engine.limits(self.session).subscriptions if self.session else 0

    def stream(
        self, query: str | None, variables: dict[str, Any] | None, operation_name: str | None
    ) -> AsyncGenerator[ExecutionResult]:
        """The answers to an operation."""
        assert self.session is not None
        return self.engine.stream(Request(query or "", variables or {}, operation_name), self.session)


class Socket(ASGIWebSocketAdapter):
    """A socket that may be gone at any moment, and may be closed twice."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        await super().send_json(message)

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            return
        try:
            await super().close(code, reason.encode("utf-8", "replace")[:REASON].decode("utf-8", "ignore"))
        except WebSocketDisconnect:
            # Who left needs no closing.
            pass


class Expiry:
    """The end of a session, at which its socket is closed: a client with a fresh token comes back by itself."""

    def __init__(self, close: Callable[[int, str], Awaitable[None]]) -> None:
        self._close = close
        self._waiting: asyncio.Task[None] | None = None

    def begin(self, session: Session | None) -> None:
        """Wait for the end, where there is one."""
        if session is not None and session.expires_at is not None and self._waiting is None:
            wait = self._wait(session.expires_at - time.time())
            self._waiting = asyncio.create_task(wait, name="deeplinks expiry")

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
        await self._close(FORBIDDEN, "the token has expired")

    async def forget(self) -> None:
        """Wait no more."""
        if self._waiting is not None:
            await call_off(self._waiting)


class Protocol(BaseGraphQLTransportWSHandler[Caller, None]):
    """Strawberry's handler, with messages held against their shape before anything is made of them."""

    async def handle(self) -> None:
        """Serve the socket until it is closed, or the session ends."""
        self.expiry = Expiry(self.websocket.close)
        try:
            await super().handle()
        finally:
            await self.expiry.forget()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Admit, or close."""
        await super().handle_connection_init(message)
        self.expiry.begin(self.context.session)
        self.max_subscriptions_per_connection = self.context.operations

    async def handle_message(self, message: Message) -> None:
        """Take a message; one of no known shape ends the connection."""
        if not _well_formed(message):
            await self.handle_invalid_message("Failed to parse message")
            return
        if message.get("payload") is None:
            message.pop("payload", None)
        await super().handle_message(message)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what went wrong; that a client left is no news."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)


def _is_headers(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(text, str) for pair in value.items() for text in pair)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _well_formed(message: Any) -> bool:
    match message:
        case {"type": "subscribe", "id": str(id), "payload": payload}:
            return is_text(id) and asks(payload)
        case {"type": "complete", "id": str()}:
            return True
        case {"type": str(kind)}:
            return kind not in ("subscribe", "complete") and is_text(kind)
        case _:
            return False


def asks(payload: Any) -> bool:
    """A GraphQL request, by its shape."""
    match payload:
        case {"query": str(), **rest}:
            return isinstance(rest.get("variables"), dict | None) and isinstance(rest.get("operationName"), str | None)
        case _:
            return False


def is_text(text: str) -> bool:
    """Half a surrogate pair can't be sent back."""
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False
