"""GraphQL over WebSocket: what strawberry's handler of `graphql-transport-ws` needs to know of us, and what we are strict about.

The server. It speaks the protocol; what an operation means, and what wakes a subscription, is decided behind it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message
from strawberry.types import ExecutionResult

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.server.access import admit
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine

# What a closing frame has room for.
REASON = 123
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
        self.session = admit({**self.headers, **said}, self.engine.settings)
        if self.message_limit is not None:
            self.message_limit(self.engine.limits(self.session).body)

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


class Protocol(BaseGraphQLTransportWSHandler[Caller, None]):
    """Strawberry's handler, with messages held against their shape before anything is made of them."""

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
        case {"type": "subscribe", "id": str(id), "payload": {"query": str(), **rest}}:
            variables, name = rest.get("variables"), rest.get("operationName")
            return _is_text(id) and isinstance(variables, dict | None) and isinstance(name, str | None)
        case {"type": "complete", "id": str()}:
            return True
        case {"type": str(kind)}:
            return kind not in ("subscribe", "complete") and _is_text(kind)
        case _:
            return False


def _is_text(text: str) -> bool:
    """Half a surrogate pair can't be sent back."""
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False
