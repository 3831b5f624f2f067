"""Who may come in by a browser: the Host that a request names, and the origins whose pages may ask.

The server. It reads two headers before anything else is read; secrets and tokens are looked at behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from deeplinks.server.settings import Settings, is_loopback

# A name without its port; an IPv6 address keeps its brackets out.
_HOST: Final = re.compile(r"\[(?P<v6>[0-9a-fA-F:.]+)\](?::\d+)?|(?P<name>[^:]*)(?::\d+)?")
FOREIGN_HOST: Final = {
    "message": "this server has no secret and answers to localhost only, not to the host that was asked for",
    "extensions": {"path": "$", "code": "access-denied"},
}


class Gate:
    """An ASGI app around another: without a secret it lets those in who ask for this machine by its own name.

    A page whose own name was made to mean 127.0.0.1 is of the same origin as the server, for a browser.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._guards = not settings.secrets
        self._own = settings.host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or not self._guards or self._answers_to(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Before it is accepted, a closing is an HTTP 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await JSONResponse({"errors": [FOREIGN_HOST]}, 403)(scope, receive, send)

    def _answers_to(self, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        name = (found["v6"] or found["name"] or "").lower().rstrip(".") if found else ""
        return bool(name) and (name == self._own.lower() or is_loopback(name))


def origins(domains: Sequence[str]) -> re.Pattern[str]:
    """What matches the origins of these domains; `*` stands for everything in one, and alone for all."""
    patterns = (".*" if domain == "*" else re.escape(domain).replace(r"\*", "[^/?#@]*") for domain in domains)
    return re.compile("|".join(patterns) or "(?!)")
