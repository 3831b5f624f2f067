"""The limit: uvicorn, answering fixed bytes that nobody has asked a database for. `python -m benchmarks.peers.bare BYTES`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

ANSWER = b'{"data":{"rows":"' + b"x" * (int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 100) + b'"}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Read the body and answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


async def serve(application: Any) -> None:
    """Serve on a free port and print the address, as our own server does."""
    config = uvicorn.Config(application, port=0, lifespan="on", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    print(f"serving http://{host}:{port}/v1/graphql", flush=True)
    await serving


async def whole(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The app with the lifespan that uvicorn asks for."""
    if scope["type"] != "lifespan":
        await app(scope, receive, send)
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


if __name__ == "__main__":
    asyncio.run(serve(whole))
