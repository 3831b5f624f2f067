"""The one place where a table is named in SQL: every reference goes through the session that may see it.

The dialect's SQL. Whoever writes a table's name elsewhere has opened a way around access.
"""

from __future__ import annotations

from dataclasses import dataclass

from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.sql.writer import Writer, quoted
from deeplinks.dialect.statements import ADMIN, ALWAYS, Condition
from deeplinks.tables import SCHEMA, Table


@dataclass(frozen=True, slots=True)
class Source:
    """A table as a session sees it: its name, and the condition every row of it has to meet."""

    name: str
    condition: Condition


def source(writer: Writer, table: Table) -> Source:
    """The table for the writer's session; an admin's is without filter. Raises `RequestError`: other roles see none."""
    if writer.session.role != ADMIN:
        raise unknown_field(table.graphql_name, "query_root", "$.selectionSet")
    return Source(f"{quoted(SCHEMA)}.{quoted(table.name)}", ALWAYS)
