"""Serving: uvicorn around the app, until a signal, or for the length of a block.

The server. It knows sockets and signals, and nothing of what is served.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from deeplinks.server.app import GRAPHQL_PATH, create_app
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings

# How long requests in flight may take once the end was asked for.
GRACE = 10


class _Server(uvicorn.Server):
    """Uvicorn, which tells the address it got."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None], signals: bool) -> None:
        super().__init__(config)
        self._ready = ready
        self._signals = signals

    async def startup(self, sockets: list[object] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await super().startup()
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        if not self._signals:
            yield
            return
        with super().capture_signals():
            yield


def _server(app: ASGIApp, settings: Settings, ready: Callable[[str], None], signals: bool) -> _Server:
    config = uvicorn.Config(
        app,
        settings.host,
        settings.port,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return _Server(config, ready, signals)


async def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the server's address, without a path, once it answers.

    Raises `SettingsError` where the settings can't be served, and what `open_pool` raises.
    """
    settings.check_reach()
    async with open_engine(settings) as engine:
        await _server(create_app(settings, engine), settings, ready or _silent, signals=True).serve()


def _silent(address: str) -> None:
    """Nobody wants to know."""


@asynccontextmanager
async def running(settings: Settings, engine: Engine | None = None) -> AsyncGenerator[str]:
    """A real server in this event loop for the length of the block, on a free port where the settings' port is 0.

    What comes out is the address of its GraphQL endpoint.
    """
    settings.check_reach()
    if engine is None:
        async with open_engine(settings) as own, running(settings, own) as endpoint:
            yield endpoint
        return
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = _server(create_app(settings, engine), settings, address.set_result, signals=False)
    task = asyncio.create_task(server.serve())
    try:
        await asyncio.wait([task, address], return_when=asyncio.FIRST_COMPLETED)
        if not address.done():
            raise OSError(f"no server at {settings.host}:{settings.port}: the address is taken, or is not ours")
        yield f"{address.result()}{GRAPHQL_PATH}"
    finally:
        server.should_exit = True
        await task
