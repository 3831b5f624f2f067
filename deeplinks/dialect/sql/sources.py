"""The one place where a table is named in SQL: every reference goes through the session that may see it.

The dialect's SQL. Whoever writes a table's name elsewhere has opened a way around access.
"""

from __future__ import annotations

from dataclasses import dataclass

from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.session import Rules
from deeplinks.dialect.sql.writer import Writer, quoted
from deeplinks.dialect.statements import ALWAYS, And, Condition, Rule
from deeplinks.tables import CHANGES, SCHEMA, TABLES, Table


@dataclass(frozen=True, slots=True)
class Source:
    """A table as a session sees it: its name, the condition every row of it has to meet, and how many a list shows."""

    name: str
    condition: Condition
    limit: int | None = None


def ledger(table: Table) -> str:
    """The log, or the spaces, for a statement's own use: by it rows are found, and nothing of it is ever shown."""
    return f"{quoted(SCHEMA)}.{quoted(table.name)}"


def function(name: str) -> str:
    """One of our own functions."""
    return f"{quoted(SCHEMA)}.{name}"


def source(writer: Writer, table: Table, verb: str = "select") -> Source:
    """The table for the writer's session and for what is to be done with its rows; an admin's is without filter.

    Raises `RequestError` where the session does not see it.
    """
    name = ledger(table)
    if not writer.session.ruled:
        return Source(name, ALWAYS)
    rights = writer.session.rights
    seen = rights.tables.get(table.name)
    if seen is None or verb not in seen.verbs:
        raise unknown_field(table.graphql_name, "query_root", "$.selectionSet")
    rules = rights.of(table)
    if table.name == CHANGES.name:
        # Conditions name tables by this function, too.
        from deeplinks.dialect.sql.masks import masked

        name = masked(writer, name)
    return Source(name, Rule(_rows(rules, verb)), rules.limit)


def _rows(rules: Rules, verb: str) -> Condition:
    # What may be changed or deleted may be seen, or the count of touched rows would tell of hidden ones.
    return And((rules.select, {"update": rules.update, "delete": rules.delete}.get(verb, ALWAYS)))


def whole(table: Table) -> Table:
    """The table with all of its columns, whoever asks: for what is read between a mutation and its answer."""
    return TABLES[table.name]
