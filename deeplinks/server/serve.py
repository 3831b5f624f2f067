"""Serving: uvicorn around the app, until a signal, or for the length of a block.

The server. It knows sockets and signals, and nothing of what is served.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from deeplinks.errors import SettingsError
from deeplinks.server.app import GRAPHQL_PATH, create_app
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.sockets import FIRST_MESSAGE, MESSAGE_LIMIT

# How long requests in flight may take once the end was asked for.
GRACE = 10
BACKLOG = 2048
# A socket is asked so often whether anybody is there, and has so long to say so: a large answer may be under way to it.
PING = 15.0
PONG = 30.0
# How long a socket has for its closing frame once the end was asked for.
FAREWELL = 1.0
# How long a socket may take nothing of what waits for it (seconds), and what it is told then: clients come back by themselves.
STALL = 20.0
TRY_AGAIN = 1013


class _SocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's sockets, where who answers no ping is let go at once: he may never take what is still to be sent.

    How large a message may be is said by whoever has admitted the other end.
    """

    _watching: asyncio.TimerHandle | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope.setdefault("state", {})[MESSAGE_LIMIT] = self._admit

    def _admit(self, most: int) -> None:
        self.conn.max_message_size = most

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(None)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self, before: int | None) -> None:
        """Look how much waits to be taken: who has taken nothing since the look before is let go."""
        waiting = self.transport.get_write_buffer_size()
        if before is not None and waiting >= before:
            self._let_go()
        else:
            self._watching = self.loop.call_later(STALL, self._watch, waiting)

    def _forget(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def _let_go(self) -> None:
        """Say that it was too slow, which it hears if it takes all that is under way first, and soon."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(TRY_AGAIN, "too slow: come back, and read on from where you are")
        # Uvicorn's own way to end a connection from here: the app hears of it, and sends nothing more.
        self.handle_parser_exception()
        self._watching = self.loop.call_later(FAREWELL, self.transport.abort)


class _Server(uvicorn.Server):
    """Uvicorn, which tells when it answers, and leaves the signals alone where they are somebody else's."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], signals: bool) -> None:
        super().__init__(config)
        self._ready = ready
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn waits until what was sent is taken, and who has stopped reading takes nothing.
        cutting = asyncio.get_running_loop().call_later(FAREWELL, self._cut)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, _SocketProtocol):
                connection.transport.abort()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        if not self._signals:
            yield
            return
        with super().capture_signals():
            yield


def _server(engine: Engine, settings: Settings, ready: Callable[[], None], signals: bool) -> _Server:
    config = uvicorn.Config(
        create_app(settings, engine),
        ws=_SocketProtocol,
        ws_max_size=FIRST_MESSAGE,
        ws_ping_interval=PING,
        ws_ping_timeout=PONG,
        # Small messages do not shrink, and a thousand sockets would each keep their own dictionary.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    return _Server(config, ready, signals)


def listen(settings: Settings) -> socket.socket:
    """The settings' address, ours from now on. Raises `SettingsError` for one that is taken, or is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's algorithm on and every small answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        why = f"{settings.host}:{settings.port} can't be listened on: {error.strerror}; another --port may be free"
        raise SettingsError(name="address", why=why) from error
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the server's address, without a path, once it answers.

    Raises `SettingsError` where the settings can't be served or the address is taken, and what `open_pool` raises.
    """
    settings.check_reach()
    async with open_engine(settings) as engine:
        with listen(settings) as listening:
            address = _address(listening)
            server = _server(engine, settings, lambda: ready(address) if ready else None, signals=True)
            # The schema is a hundred thousand objects that stay: looked through again and again, they would cost everybody
            # tenths of a second.
            gc.collect()
            gc.freeze()
            await server.serve([listening])


@asynccontextmanager
async def running(settings: Settings, engine: Engine | None = None) -> AsyncGenerator[str]:
    """A real server in this event loop for the length of the block, on a free port where the settings' port is 0.

    What comes out is the address of its GraphQL endpoint. Raises as `serve` does.
    """
    settings.check_reach()
    if engine is None:
        async with open_engine(settings) as own, running(settings, own) as endpoint:
            yield endpoint
        return
    with listen(settings) as listening:
        answering = asyncio.Event()
        server = _server(engine, settings, answering.set, signals=False)
        task = asyncio.create_task(server.serve([listening]))
        # One that ends before it answers is not waited for.
        task.add_done_callback(lambda _: answering.set())
        try:
            await answering.wait()
            yield f"{_address(listening)}{GRAPHQL_PATH}"
        finally:
            server.should_exit = True
            await task
