"""The ASGI app: GraphQL, health and version, around one engine.

The server. It puts rooms together and knows their addresses; what happens in them is theirs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from deeplinks.errors import SchemaMissingError
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.gate import Gate, origins
from deeplinks.server.pages import page_routes
from deeplinks.server.settings import Settings
from deeplinks.server.view import View
from deeplinks.storage.migrations import require

GRAPHQL_PATH = "/v1/graphql"


def create_app(settings: Settings, engine: Engine | None = None) -> Starlette:
    """The app. It opens an engine for its life, or serves the one it is given, which stays open."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        if engine is not None:
            app.state.engine = engine
            yield
            return
        async with open_engine(settings) as own:
            app.state.engine = own
            yield

    view = View(settings)
    routes = [
        Route(GRAPHQL_PATH, view, methods=["GET", "POST"]),
        WebSocketRoute(GRAPHQL_PATH, view),
        Route("/healthz", health),
        Route("/v1/version", told_version),
        *page_routes(settings),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=_around(settings))
    app.state.engine = engine
    return app


def _around(settings: Settings) -> list[Middleware]:
    """What every request passes, the outermost first."""
    gate = Middleware(Gate, settings=settings)
    if not settings.cors_domains:
        return [gate]
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
    return [gate, cors]


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


async def told_version(request: Request) -> Response:
    """What this is, in Hasura's form."""
    return JSONResponse({"server_type": "deeplinks", "version": _version()})


def _version() -> str:
    try:
        return version("deeplinks")
    except PackageNotFoundError:
        return "0"
