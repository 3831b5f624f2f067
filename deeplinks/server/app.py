"""The ASGI app: GraphQL, health and version, around one engine.

The server. It puts rooms together and knows their addresses; what happens in them is theirs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from deeplinks.errors import SchemaMissingError
from deeplinks.server.access import may_read_metrics
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.gate import Gate, origins
from deeplinks.server.logs import log
from deeplinks.server.observing import Observer
from deeplinks.server.pages import page_routes
from deeplinks.server.settings import Settings
from deeplinks.server.tracing import Tracing
from deeplinks.server.view import View
from deeplinks.storage.migrations import require

if TYPE_CHECKING:
    from deeplinks.server.metrics import Meter

GRAPHQL_PATH = "/v1/graphql"
# What is shorter than that is not worth compressing (bytes): Hasura's measure.
SHORT = 700


def create_app(settings: Settings, engine: Engine | None = None) -> Starlette:
    """The app. It opens an engine for its life, or serves the one it is given, which stays open."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            used = engine or await stack.enter_async_context(open_engine(settings))
            app.state.engine = used
            stack.enter_context(observed(app, used, settings))
            yield

    view = View(settings)
    routes = [
        Route(GRAPHQL_PATH, view, methods=["GET", "POST"]),
        WebSocketRoute(GRAPHQL_PATH, view),
        Route("/healthz", health),
        Route("/v1/version", told_version),
        Route("/metrics", told_metrics),
        *page_routes(settings),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=_around(settings))
    app.state.engine, app.state.meter = engine, None
    return app


def _around(settings: Settings) -> list[Middleware]:
    """What every request passes, the outermost first."""
    first = [Middleware(Tracing), Middleware(Gate, settings=settings)]
    if settings.compress:
        first.append(Middleware(GZipMiddleware, minimum_size=SHORT, compresslevel=1))
    if not settings.cors_domains:
        return first
    cors = Middleware(
        CORSMiddleware,
        allow_origin_regex=origins(settings.cors_domains).pattern,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        # A token may come in a cookie; never to everybody's pages.
        allow_credentials="*" not in settings.cors_domains,
        expose_headers=["retry-after"],
        max_age=600,
    )
    return [*first, cors]


@contextmanager
def observed(app: Starlette, engine: Engine, settings: Settings) -> Generator[None]:
    """The engine's requests are counted and logged as the settings want it, for the length of the block."""
    observers: list[Observer] = [log] if settings.log_requests else []
    app.state.meter = _meter(engine) if settings.metrics else None
    if app.state.meter is not None:
        observers.append(app.state.meter.observe)
    engine.observers.extend(observers)
    try:
        yield
    finally:
        for observer in observers:
            engine.observers.remove(observer)


def _meter(engine: Engine) -> Meter | None:
    """None without the library: the page says so."""
    try:
        from deeplinks.server.metrics import Meter
    except ImportError:
        return None
    return Meter(engine)


async def health(request: Request) -> Response:
    """OK where the database answers and has our tables."""
    engine: Engine = request.app.state.engine
    try:
        async with engine.database.pool.connection() as connection:
            await require(connection)
    except SchemaMissingError:
        return PlainTextResponse("the database has no deeplinks tables: run `deeplinks migrate` on it", 500)
    except (psycopg.Error, PoolTimeout, TooManyRequests):
        return PlainTextResponse("the database can't be reached", 503)
    return PlainTextResponse("OK")


async def told_metrics(request: Request) -> Response:
    """Figures for Prometheus: for everybody on this machine where there is no secret, else for who knows one."""
    settings: Settings = request.app.state.engine.settings
    if not may_read_metrics(request.headers, settings):
        why = "it takes authorization: Bearer with HASURA_GRAPHQL_METRICS_SECRET, or x-hasura-admin-secret\n"
        return PlainTextResponse(why, 401, {"www-authenticate": "Bearer"})
    if request.app.state.meter is None:
        why = "pip install 'deeplinks[metrics]'" if settings.metrics else "METRICS=true"
        return PlainTextResponse(f"there are no figures without {why}\n", 404)
    return Response(request.app.state.meter.told(), media_type="text/plain; version=0.0.4")


async def told_version(request: Request) -> Response:
    """What this is, in Hasura's form."""
    return JSONResponse({"server_type": "deeplinks", "version": _version()})


def _version() -> str:
    try:
        return version("deeplinks")
    except PackageNotFoundError:
        return "0"
