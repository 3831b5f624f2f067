"""Rows as JSON text, made by PostgreSQL: pieces of text put together, the fastest way that is exact.

The dialect's SQL. It writes what rows show and which rows are shown; what becomes of the text is not its business.
"""

from __future__ import annotations

from deeplinks.dialect.sql.conditions import holds, meets, where
from deeplinks.dialect.sql.ordering import distinct_on, order_by
from deeplinks.dialect.sql.parameters import count
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Writer, literal, quoted, words
from deeplinks.dialect.statements import Nested, Pick, Select, Selection, Typename
from deeplinks.tables import Column

# PostgreSQL's own JSON spelling: text escaped, times in ISO 8601, quotes around NaN and the infinities.
SPELLED = frozenset({"String", "timestamptz", "numeric"})
NUMBERS = frozenset({"bigint", "numeric"})


def concatenated(*pieces: str) -> str:
    """One text of the pieces, which are never null."""
    return " || ".join(pieces)


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


def _shown(writer: Writer, alias: str, item: Pick | Nested) -> tuple[str, str, str]:
    """Text before, an expression that is never null, text after."""
    if isinstance(item, Nested):
        return "", _nested(writer, alias, item), ""
    column = item.column
    name = f"{alias}.{quoted(column.name)}"
    if not _in_quotes(writer, column):
        text = f"to_json({name})::text" if column.scalar in SPELLED else f"{name}::text"
        return "", f"coalesce({text}, 'null')" if column.nullable else text, ""
    if column.nullable:
        return "", f"coalesce('\"' || {name}::text || '\"', 'null')", ""
    return '"', f"{name}::text", '"'


def _in_quotes(writer: Writer, column: Column) -> bool:
    return column.scalar == "uuid" or (column.scalar in NUMBERS and writer.session.stringify_numerics)


def _nested(writer: Writer, alias: str, nested: Nested) -> str:
    relation, theirs = nested.relation, writer.alias()
    related = selected(writer, nested.select, theirs, meets(theirs, alias, relation))
    if relation.many:
        return f"({listed(writer, related)})"
    return f"coalesce(({related} LIMIT 1), 'null')"


def selected(writer: Writer, select: Select, alias: str, joined: str = "true") -> str:
    """A statement that gives a text a row, in the order asked for."""
    table = source(writer, select.table)
    text = row(writer, alias, select.selection)
    seen, asked = holds(writer, alias, table.condition), holds(writer, alias, select.where)
    ordered = order_by(writer, alias, select.order_by)
    head = words("SELECT", distinct_on(alias, select.distinct_on), text)
    cut = _cut(writer, select, table.limit)
    return words(head, "FROM", table.name, alias, where(joined, seen, asked), ordered, cut)


def _cut(writer: Writer, select: Select, most: int | None) -> str:
    limit = f"LIMIT {count(writer, select.limit)}" if select.limit else ""
    if most is not None:
        # LEAST passes over a null.
        limit = f"LIMIT LEAST({count(writer, select.limit)}, {most})" if select.limit else f"LIMIT {most}"
    offset = f"OFFSET {count(writer, select.offset)}" if select.offset else ""
    return words(limit, offset)


def listed(writer: Writer, texts: str) -> str:
    """A statement that gives one text: the JSON list of what `texts` gives, in its order, `[]` of nothing."""
    alias = writer.alias()
    return words("SELECT", concatenated("'['", series(f"{alias}.text"), "']'"), "FROM", f"({texts}) {alias}(text)")


def series(text: str, present: str = "") -> str:
    """The texts of all rows with commas between them; of those alone where the column `present` is not null."""
    chosen = f" FILTER (WHERE {present} IS NOT NULL)" if present else ""
    return f"coalesce(string_agg({text}, ','){chosen}, '')"
