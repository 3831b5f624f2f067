"""A whole server to attack: the app over a PostgreSQL of its own, whose log tells of every error with its state."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from deeplinks.server.app import create_app
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate
from deeplinks.tables import RESERVED_SPACE
from tests.attacks.positions import IDS, PLAY
from tests.conftest import POSTGRES_VERSION
from tests.server.access.scene import PERMISSIONS

GUARDED = "90000000-0000-4000-8000-000000000000"
SQL = Path(__file__).parent / "guarded.sql"
LOGGED = {"log_error_verbosity": "verbose", "log_line_prefix": "%d ", "fsync": "off"}
_entry = re.compile(r"^\S+ (?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}): (.*)$", re.MULTILINE)


@dataclass(slots=True)
class Target:
    """The server, a client of it, and what was found wrong."""

    client: httpx.AsyncClient
    url: str
    log: Path
    faults: list[str] = field(default_factory=list[str])
    asked: int = 0

    async def ask(self, name: str, body: Any, headers: Mapping[str, bytes] | None = None) -> dict[str, Any]:
        """The answer. A status of 5xx, an answer that is none, and a code of our own fault are noted under the name."""
        self.asked += 1
        try:
            answer = await self.client.post("/v1/graphql", content=body, headers=headers)
        except Exception as error:  # noqa: BLE001
            # Whatever came through the app unheard: it is what is sought here.
            self.faults.append(f"{name}: {error!r}: {body[:2000]!r}")
            return {}
        told: dict[str, Any] = (
            answer.json() if answer.headers.get("content-type", "").startswith("application/") else {}
        )
        if answer.status_code >= 500 or answer.status_code == 404 or _own_fault(told):
            self.faults.append(f"{name}: {answer.status_code} {answer.text[:500]}: {body[:2000]!r}")
        return told

    def errors(self) -> list[tuple[str, str]]:
        """The errors in PostgreSQL's log: states with messages."""
        return _entry.findall(self.log.read_text(errors="replace"))

    def plant(self) -> None:
        """Have the guarded rows and those to play with, and no others."""
        with psycopg.connect(self.url) as connection:
            # Without triggers: what is permanent goes too, and nothing is logged or buried.
            connection.execute("set session_replication_role = replica")
            for table in ("strings", "numbers", "functions", "objects", "changes", "batches", "tombstones"):
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier("deep", table)))
            connection.execute("delete from deep.links where _deep <> %s", [RESERVED_SPACE])
            connection.execute("delete from deep.spaces where id <> %s", [RESERVED_SPACE])
            connection.execute("set session_replication_role = origin")
            add = "insert into deep.links (id, _deep) values (%s, %s) on conflict do nothing"
            for id, space in [*((id, GUARDED) for id in IDS), (PLAY, PLAY)]:
                connection.execute(add, [id, space])
            connection.execute("insert into deep.strings (id, _data) values (%s, 'guarded')", [IDS[0]])
            data = '{"a": [1, {"b": "x"}]}'
            connection.execute("insert into deep.functions (id, _data) values (%s, %s)", [IDS[1], data])

    def digest(self) -> str:
        """All that is not to be played with: one number for all guarded rows."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(SQL.read_bytes(), {"play": PLAY}).fetchone()
        assert row is not None
        return str(row[0])


def _own_fault(told: dict[str, Any]) -> bool:
    # A row that one statement touches twice is "unexpected" under Hasura too.
    errors = [error["extensions"] for error in told.get("errors", ())]
    return any(error["code"] == "unexpected" and error.get("sqlstate") != "21000" for error in errors)


@asynccontextmanager
async def target() -> AsyncGenerator[Target]:
    """The app over a fresh PostgreSQL, with guarded rows and a space to play in."""
    with temporary(version=POSTGRES_VERSION, settings=LOGGED) as server:
        await migrate(server.url)
        async with open_engine(
            Settings(database_url=server.url, port=0, development=True, permissions=PERMISSIONS)
        ) as engine:
            transport = httpx.ASGITransport(create_app(engine.settings, engine), raise_app_exceptions=False)
            headers = {"content-type": "application/json"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60
            ) as client:
                made = Target(client, server.url, server.folder / "log")
                made.plant()
                yield made
