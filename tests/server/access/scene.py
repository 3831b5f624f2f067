"""A scene for the matrix: two users in one space, one in another, each with a link and data in every table; and an oracle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from deeplinks.dialect.session import Session
from deeplinks.server import answers
from deeplinks.server.bodies import Request
from deeplinks.server.engine import STREAMED, Engine
from tests.server.asked import new

PERMISSIONS = Path(__file__).parent / "permissions.toml"
DATA = ("strings", "numbers", "functions", "objects")
TABLES = ("links", *DATA)
RELATIONS = {"strings": "string", "numbers": "number", "functions": "function", "objects": "object"}

# What the file says, once more and by hand: role -> table -> verbs.
EVERYTHING = {"select", "aggregate", "insert", "update", "delete"}
GRANTS: Mapping[str, Mapping[str, set[str]]] = {
    "nobody": {},
    "reader": {"links": {"select"}, "strings": {"select"}},
    "member": dict.fromkeys(TABLES, EVERYTHING),
    "owner": {
        "links": EVERYTHING,
        "strings": EVERYTHING,
        "numbers": {"select", "aggregate", "update"},
    },
    "writer": {"links": {"insert"}, "strings": {"insert"}},
    "admin": dict.fromkeys(TABLES, EVERYTHING),
}


@dataclass(frozen=True)
class User:
    id: str
    space: str


@dataclass(frozen=True)
class Held:
    """A link that somebody has, and what its data say, a secret each."""

    id: str
    user: User
    secrets: Mapping[str, str] = field(default_factory=dict)


def may(role: str, table: str, *verbs: str) -> bool:
    """The oracle: what is granted."""
    return set(verbs) <= GRANTS[role].get(table, set())


def visible(role: str, asker: User, held: Held) -> bool:
    """The oracle: whose rows."""
    same = {"member": asker.space == held.user.space, "owner": asker == held.user, "reader": asker == held.user}
    return role == "admin" or same.get(role, False)


class Scene:
    """The tables with their rows, seen by the database's owner, and a way to ask as anybody."""

    def __init__(self, engine: Engine, connection: psycopg.Connection[Any]) -> None:
        self.engine = engine
        self.connection = connection
        own, other = new(), new()
        self.users = {"alice": User(new(), own), "bob": User(new(), own), "eve": User(new(), other)}
        self.held = {name: self.hold(user) for name, user in self.users.items()}

    def hold(self, user: User) -> Held:
        """A new link of the user, with new data."""
        id = new()
        mark = id.replace("-", "")
        secrets = {"strings": f"canary{mark}", "numbers": f"7{int(mark[:14], 16)}"}
        secrets |= {"functions": f"canaryf{mark}", "objects": f"canaryo{mark}"}
        with self.connection.transaction():
            self.connection.execute(
                "insert into deep.links (id, _deep, _from) values (%s, %s, %s)", (id, user.space, user.id)
            )
        return Held(id, user, secrets)

    def give(self, held: Held, table: str) -> Held:
        """Data of that table for the link: one datum at a time."""
        value = held.secrets[table]
        said = json.dumps({"source": value}) if table in ("functions", "objects") else value
        with self.connection.transaction():
            self.connection.execute(
                f"insert into deep.{table} (id, _deep, _data) values (%s, %s, %s)", (held.id, held.user.space, said)
            )
        return held

    def fresh(self, user: User, table: str) -> Held:
        """A new link with data of that table."""
        held = self.hold(user)
        return held if table == "links" else self.give(held, table)

    def there(self, table: str, id: str) -> dict[str, Any] | None:
        """The row, as the owner sees it."""
        row = self.connection.execute(f"select to_jsonb(t) from deep.{table} t where id = %s", (id,)).fetchone()
        return row[0] if row else None

    def session(self, role: str, user: User) -> Session:
        headers = {"x-hasura-role": role, "x-hasura-user-id": user.id, "x-hasura-space": user.space}
        return self.engine.admission.admit(headers)

    async def ask(self, role: str, user: User, query: str, **variables: Any) -> str:
        """The whole answer as text; of a subscription the first one."""
        asked = Request(query, variables, None)
        if query.startswith("subscription"):
            stream = self.engine.stream(asked, self.session(role, user))
            try:
                result = await anext(stream)
            finally:
                await stream.aclose()
        else:
            result = await self.engine.execute(asked, self.session(role, user), STREAMED)
        return answers.encoded(answers.response(result)).decode()
