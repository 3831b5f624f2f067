"""Rows as JSON text, made by PostgreSQL: pieces of text put together, the fastest way that is exact.

The dialect's SQL. It writes what rows show and which rows are shown; what becomes of the text is not its business.
"""

from __future__ import annotations

from deeplinks.dialect.sql.aggregates import aggregated
from deeplinks.dialect.sql.choosing import chosen
from deeplinks.dialect.sql.conditions import meets
from deeplinks.dialect.sql.parameters import steps
from deeplinks.dialect.sql.spelling import spelled
from deeplinks.dialect.sql.writer import Writer, concatenated, literal, quoted, words
from deeplinks.dialect.statements import Nested, NestedAggregate, Pick, Select, Selection, Typename


def row(writer: Writer, alias: str, selection: Selection) -> str:
    """The JSON object that the row called `alias` shows."""
    pieces: list[str] = []
    text = "{"
    for item in selection:
        text += f'{"," if len(text) > 1 or pieces else ""}"{item.key}":'
        if isinstance(item, Typename):
            text += f'"{item.name}"'
            continue
        before, value, after = _shown(writer, alias, item)
        pieces += [literal(text + before), value]
        text = after
    return concatenated(*pieces, literal(text + "}"))


def _shown(writer: Writer, alias: str, item: Pick | Nested | NestedAggregate) -> tuple[str, str, str]:
    """Text before, an expression that is never null, text after."""
    match item:
        case Nested():
            return "", _nested(writer, alias, item), ""
        case NestedAggregate(_, relation, aggregate):
            theirs = writer.alias()
            return "", f"({aggregated(writer, aggregate, row, theirs, meets(theirs, alias, relation))})", ""
        case Pick(_, column, path):
            name = f"{alias}.{quoted(column.name)}"
            if path is not None:
                return "", f"coalesce(({name} #> {steps(writer, path)})::text, 'null')", ""
            return spelled(writer, name, column.scalar, column.nullable)


def _nested(writer: Writer, alias: str, nested: Nested) -> str:
    relation, theirs = nested.relation, writer.alias()
    # A role's limit is about lists.
    related = selected(writer, nested.select, theirs, meets(theirs, alias, relation), limited=relation.many)
    if relation.many:
        return f"({listed(writer, related)})"
    return f"coalesce(({related} LIMIT 1), 'null')"


def selected(writer: Writer, select: Select, alias: str, joined: str = "true", limited: bool = True) -> str:
    """A statement that gives a text a row, in the order asked for."""
    return chosen(writer, select, alias, row(writer, alias, select.selection), joined, limited=limited)


def listed(writer: Writer, texts: str) -> str:
    """A statement that gives one text: the JSON list of what `texts` gives, in its order, `[]` of nothing."""
    alias = writer.alias()
    return words("SELECT", concatenated("'['", series(f"{alias}.text"), "']'"), "FROM", f"({texts}) {alias}(text)")


def series(text: str, present: str = "") -> str:
    """The texts of all rows with commas between them; of those alone where the column `present` is not null."""
    chosen = f" FILTER (WHERE {present} IS NOT NULL)" if present else ""
    return f"coalesce(string_agg({text}, ','){chosen}, '')"
