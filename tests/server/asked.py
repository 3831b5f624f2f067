"""Asking a server about its tables, and telling it of some."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.asking import ask, post

INSERT = "mutation ($rows: [deep_{table}_insert_input!]!) {{ insert_deep_{table}(objects: $rows) {{ affected_rows }} }}"


def new() -> str:
    return str(uuid4())


class Tables:
    """The tables behind an endpoint, with one space to play in."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.space = new()

    async def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The data; an error is a failure."""
        return await ask(self.address, query, **variables)

    async def error(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """What the one error says of itself, with its message; data is a failure."""
        answer = await post(self.address, query, **variables)
        assert answer.keys() == {"errors"}, answer
        (error,) = answer["errors"]
        return {"message": error["message"], **error["extensions"]}

    async def links(self, *rows: dict[str, Any], count: int = 0) -> list[str]:
        """Insert links, as given or blank, and give their ids."""
        given = [{"id": new(), "_deep": self.space, **row} for row in (*rows, *({} for _ in range(count)))]
        await self.ask(INSERT.format(table="links"), rows=given)
        return [row["id"] for row in given]

    async def data(self, table: str, *values: Any) -> list[str]:
        """Insert links with these data, and give their ids."""
        ids = await self.links(count=len(values))
        rows = [{"id": id, "_data": value} for id, value in zip(ids, values, strict=True)]
        await self.ask(INSERT.format(table=table), rows=rows)
        return ids
