"""By what name a request is found again, here and at whoever sent it: W3C's traceparent, and x-request-id.

The server. Names are taken from headers, made where there are none, and given back; what is logged under them is not known.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
_REQUEST: Final = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a request belongs to, its own span in it, and the id that its sender gave it."""

    id: str
    span: str
    flags: str = "00"
    request: str | None = None

    @property
    def parent(self) -> str:
        """What it is to whatever it leads to, as `traceparent` writes it."""
        return f"00-{self.id}-{self.span}-{self.flags}"


current: ContextVar[Trace | None] = ContextVar("deeplinks_trace", default=None)


def traced(headers: Headers) -> Trace:
    """The trace that headers name, or a new one."""
    named = _PARENT.fullmatch(headers.get("traceparent", ""))
    asked = headers.get("x-request-id", "")
    request = asked if _REQUEST.fullmatch(asked) else None
    if named is None:
        return Trace(secrets.token_hex(16), secrets.token_hex(8), request=request)
    return Trace(named[1], secrets.token_hex(8), named[2], request)


class Tracing:
    """An ASGI app around another: what happens in it belongs to a trace, and its answers say to which."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        trace = traced(Headers(scope=scope))

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["traceparent"] = trace.parent
                if trace.request is not None:
                    headers["x-request-id"] = trace.request
            await send(message)

        token = current.set(trace)
        try:
            await self._app(scope, receive, told)
        finally:
            current.reset(token)
