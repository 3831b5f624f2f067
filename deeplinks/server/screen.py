"""What a server that has begun says of itself, in one screen: where everything is, and for whom.

The server. It makes text of settings; nothing is opened or asked here. No password and no secret may come out.
"""

from __future__ import annotations

from collections.abc import Iterator

from deeplinks.server.settings import Settings
from deeplinks.storage.postgres import describe

GRAPHQL_PATH = "/v1/graphql"


def screen(settings: Settings, address: str, *, embedded: bool = False) -> str:
    """The lines, for a server that answers at this address."""
    return "\n".join(f"{name:<10}{said}" for name, said in _lines(settings, address, embedded))


def _lines(settings: Settings, address: str, embedded: bool) -> Iterator[tuple[str, str]]:
    yield "GraphQL", f"{address}{GRAPHQL_PATH}"
    yield "sockets", f"{address.replace('http', 'ws', 1)}{GRAPHQL_PATH}"
    yield "explorer", f"{address}/" if settings.development else "for development: start it with --dev"
    yield "health", f"{address}/healthz"
    yield "metrics", f"{address}/metrics" if settings.metrics else "off (METRICS)"
    yield "database", f"{describe(settings.database)}{', embedded' if embedded else ''}"
    yield "profile", "development: GET, and the schema for everybody" if settings.development else "production"
    yield "secret", "x-hasura-admin-secret" if settings.secrets else "none: only this machine is served"
    yield "log", f"{'a line a request' if settings.log_requests else 'no requests'}, {settings.log_form}, on stderr"
