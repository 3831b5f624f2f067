"""Conditions as SQL: three-valued logic is PostgreSQL's own, relations become EXISTS.

The dialect's SQL. It writes conditions over rows that have an alias already.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.dialect.sql.figures import counted
from deeplinks.dialect.sql.parameters import put
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Writer, quoted, words
from deeplinks.dialect.statements import COUNTED, And, Compare, Condition, Counted, IsNull, Not, Or, Related, Rule
from deeplinks.tables import TABLES, Relation

SYMBOLS = {
    "_eq": "=",
    "_neq": "<>",
    "_gt": ">",
    "_gte": ">=",
    "_lt": "<",
    "_lte": "<=",
    "_like": "LIKE",
    "_nlike": "NOT LIKE",
    "_ilike": "ILIKE",
    "_nilike": "NOT ILIKE",
    "_similar": "SIMILAR TO",
    "_nsimilar": "NOT SIMILAR TO",
    "_regex": "~",
    "_nregex": "!~",
    "_iregex": "~*",
    "_niregex": "!~*",
    "_contains": "@>",
    "_contained_in": "<@",
    "_has_key": "?",
    "_has_keys_any": "?|",
    "_has_keys_all": "?&",
}


def where(*texts: str) -> str:
    """`WHERE …` for all of the texts that say something, or nothing."""
    text = together(texts)
    return "" if text == "true" else f"WHERE {text}"


def holds(writer: Writer, alias: str, condition: Condition) -> str:
    """The condition about the row called `alias`."""
    match condition:
        case And(parts):
            return together(holds(writer, alias, part) for part in parts)
        case Or(parts):
            return _joined(" OR ", "false", (holds(writer, alias, part) for part in parts))
        case Not(part):
            return f"(NOT {holds(writer, alias, part)})"
        case IsNull(column):
            return f"({alias}.{quoted(column.name)} IS NULL)"
        case Compare():
            return _compared(writer, alias, condition)
        case Related():
            return _related(writer, alias, condition)
        case Counted():
            return _counted(writer, alias, condition)
        case Rule(part):
            return holds(writer.ours(), alias, part)


def together(texts: Iterable[str]) -> str:
    """All of the conditions."""
    return _joined(" AND ", "true", texts)


def _joined(operator: str, empty: str, texts: Iterable[str]) -> str:
    # What changes nothing is left out: "true" of an AND, "false" of an OR.
    parts = [text for text in texts if text != empty]
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else f"({operator.join(parts)})"


def _compared(writer: Writer, alias: str, compare: Compare) -> str:
    column = f"{alias}.{quoted(compare.column.name)}"
    if compare.as_text:
        # As data is sorted everywhere: by code points, whatever the database was made with.
        column = f'({column}::text COLLATE "C")'
    operand = put(writer, compare.operand)
    match compare.operator:
        case "_in":
            return f"({column} = ANY({operand}))"
        case "_nin":
            # Of an empty list true even for null, of any other unknown: as in Hasura.
            return f"(NOT ({column} = ANY({operand})))"
        case operator:
            return f"({column} {SYMBOLS[operator]} {operand})"


def meets(theirs: str, ours: str, relation: Relation) -> str:
    """The row called `theirs` is one to which the relation leads from the row called `ours`."""
    return f"({theirs}.{quoted(relation.theirs)} = {ours}.{quoted(relation.ours)})"


def _related(writer: Writer, alias: str, related: Related) -> str:
    relation, theirs = related.relation, writer.alias()
    rows = source(writer, TABLES[relation.table])
    seen, asked = holds(writer, theirs, rows.condition), holds(writer, theirs, related.condition)
    return f"EXISTS ({words('SELECT FROM', rows.name, theirs, where(meets(theirs, alias, relation), seen, asked))})"


def _counted(writer: Writer, alias: str, condition: Counted) -> str:
    relation, theirs, figure = condition.relation, writer.alias(), writer.alias()
    rows = source(writer, TABLES[relation.table])
    seen, asked = holds(writer, theirs, rows.condition), holds(writer, theirs, condition.condition)
    number = f"{counted(theirs, condition.count)} AS {quoted(COUNTED.name)}"
    found = words("SELECT", number, "FROM", rows.name, theirs, where(meets(theirs, alias, relation), seen, asked))
    return f"EXISTS ({words('SELECT FROM', f'({found})', figure, where(holds(writer, figure, condition.predicate)))})"
