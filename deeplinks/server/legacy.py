"""GraphQL over WebSocket as clients of years ago speak it: the protocol `graphql-ws`, off unless it is asked for.

The server. It speaks the protocol; what an operation means, and what wakes a subscription, is decided behind it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_ws.handlers import BaseGraphQLWSHandler
from strawberry.subscriptions.protocols.graphql_ws.types import ConnectionInitMessage, OperationMessage

from deeplinks.server.sockets import Caller, Expiry, asks, is_text
from deeplinks.tasks import call_off

# Close codes of the modern protocol: the older one has none of its own.
BAD_REQUEST, SILENT = 4400, 4408
# How long a socket may stay without saying who it is (seconds).
SILENCE = 5.0


class LegacyProtocol(BaseGraphQLWSHandler[Caller, None]):
    """Strawberry's handler, with messages held against their shape, and an end for who stays silent."""

    async def handle(self) -> None:
        """Serve the socket until it is closed, or the session ends."""
        self.expiry = Expiry(self.websocket.close)
        waiting = asyncio.create_task(self._wait_for_init(), name="deeplinks silence")
        try:
            await super().handle()
        finally:
            await call_off(waiting)
            await self.expiry.forget()

    async def _wait_for_init(self) -> None:
        await asyncio.sleep(SILENCE)
        if not self.connection_acknowledged:
            await self.websocket.close(SILENT, "Connection initialisation timeout")

    async def handle_message(self, message: OperationMessage) -> None:
        """Take a message; one of no known shape ends the connection."""
        if not _well_formed(message):
            await self.send_message(
                {"type": "connection_error", "payload": {"message": "the message has no known shape"}}
            )
            await self.websocket.close(BAD_REQUEST, "Failed to parse message")
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Admit, or close."""
        if self.connection_acknowledged:
            return
        message["payload"] = message.get("payload") or {}
        await super().handle_connection_init(message)
        self.expiry.begin(self.context.session)
        self.max_subscriptions_per_connection = self.context.operations

    async def handle_async_results(
        self, operation_id: str, query: str, operation_name: str | None, variables: dict[str, object] | None
    ) -> None:
        """Answer an operation; that a client left is no news."""
        try:
            await super().handle_async_results(operation_id, query, operation_name, variables)
        except WebSocketDisconnected:
            pass


def _well_formed(message: Any) -> bool:
    match message:
        case {"type": "start", "id": str(id), "payload": payload}:
            return is_text(id) and asks(payload)
        case {"type": "stop", "id": str()}:
            return True
        case {"type": "connection_init", **rest}:
            return isinstance(rest.get("payload"), dict | None)
        case {"type": "connection_terminate"}:
            return True
        case _:
            return False
