"""The explorer for people, GraphiQL out of files of our own: nothing of it comes from elsewhere.

The server. It hands out files; what is asked with them goes the way of every request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from deeplinks.server.settings import Settings

PAGE: Final = Path(__file__).parent / "page"
# Made by `ide/build.py`, and in every wheel.
BUILT: Final = Path(__file__).parent / "ide"
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def page_routes(settings: Settings) -> list[BaseRoute]:
    """What there is at `/`: the explorer in development, and a word about where GraphQL is otherwise."""
    if not settings.development:
        return [Route("/", _elsewhere)]

    async def page(request: Request) -> Response:
        name = "index.html" if (BUILT / "graphiql.js").exists() else "missing.html"
        text = (PAGE / name).read_text(encoding="utf-8")
        if settings.secrets:
            text = text.replace("<body>", "<body data-secret>")
        return HTMLResponse(text, headers=HEADERS)

    return [Route("/", page), Route("/ide/{name}", _file)]


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    for folder in (PAGE, BUILT):
        if not name.endswith(".html") and name in {file.name for file in folder.glob("*")}:
            return FileResponse(folder / name, headers=HEADERS)
    return PlainTextResponse("there is no such file", 404)


async def _elsewhere(request: Request) -> Response:
    return PlainTextResponse(
        "deeplinks: GraphQL is at /v1/graphql; the explorer is for development: `deeplinks serve --dev`\n", 404
    )
