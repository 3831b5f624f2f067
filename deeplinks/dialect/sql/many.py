"""Many updates as one statement, where that means the same as one after another.

The dialect's SQL. Whether it means the same is decided here, by the shape of the updates alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeplinks.dialect.payload import Object, Objects, objects
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql.answers import follows, outcome
from deeplinks.dialect.sql.conditions import holds, together
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Slot, Sql, Writer, concatenated, quoted, words
from deeplinks.dialect.sql.writes import TARGET, defined, returning
from deeplinks.dialect.statements import UpdateMany
from deeplinks.dialect.values import Value
from deeplinks.errors import InvalidError
from deeplinks.ids import canonical
from deeplinks.tables import Column

# What an update carries beside its new values. No column of a table can be called so.
NUMBER, SPACE, ID, MASK = '"#"', '"#_deep"', '"#id"', '"#mask"'
FIXED = frozenset({"id", "_deep"})


@dataclass(frozen=True, slots=True)
class SetWise:
    """Updates of rows by (`_deep`, `id`), no row twice: `changes` are their new values, `keys` their rows."""

    keys: list[tuple[str, str]]
    changes: Objects

    def payload(self) -> list[Object]:
        """The updates as records for the one statement."""
        bits = {column.name: 1 << number for number, column in enumerate(self.changes.columns)}
        records: list[Object] = []
        for number, ((space, id), change) in enumerate(zip(self.keys, self.changes.rows, strict=True)):
            own: Object = {"#": number, "#_deep": space, "#id": id}
            if self.changes.partial:
                own["#mask"] = sum(bits[name] for name in change)
            records.append(own | change)
        return records


def set_wise(statement: UpdateMany, updates: Sequence[Value]) -> SetWise | None:
    """The updates as one set, or None where they have to be made one by one, in written order."""
    if "_deep" not in statement.table.by_name or follows(statement.answer):
        return None
    keys: list[tuple[str, str]] = []
    changes: list[Value] = []
    for update in updates:
        if not isinstance(update, dict) or update.keys() != {"where", "_set"}:
            return None
        key, change = _key(update["where"]), update["_set"]
        if key is None or not isinstance(change, dict) or not change or change.keys() & FIXED:
            return None
        keys.append(key)
        changes.append(change)
    if not keys or len({id for _, id in keys}) != len(keys):
        return None
    table, path = statement.table, statement.updates.path
    return SetWise(keys, objects(table, changes, path, "set_input", "._set", table.update_by_name))


def _key(where: Value) -> tuple[str, str] | None:
    if not isinstance(where, dict) or where.keys() != FIXED:
        return None
    space, id = where["_deep"], where["id"]
    if not isinstance(space, dict) or not isinstance(id, dict) or not space.keys() == id.keys() == {"_eq"}:
        return None
    try:
        # Two spellings of one id are one id.
        return canonical(space["_eq"]), canonical(id["_eq"])
    except (InvalidError, TypeError):
        return None


def update_many(session: Session, statement: UpdateMany, changes: Objects, rows: Slot) -> Sql:
    """The one statement; `rows` gives the records' JSON text."""
    writer = Writer(session)
    target = source(writer, statement.table, "update")
    record = f"g({NUMBER} bigint, {SPACE} uuid, {ID} uuid, {MASK} bigint, {defined(changes.columns)})"
    given = words("SELECT * FROM", f"json_to_recordset({writer.put(rows, 'json')})", "AS", record)
    match = (f"{TARGET}.{quoted('_deep')} = g.{SPACE}", f"{TARGET}.{quoted('id')} = g.{ID}")
    touching = words(
        "UPDATE",
        target.name,
        "AS",
        TARGET,
        "SET",
        ", ".join(_assigned(changes, number) for number in range(len(changes.columns))),
        "FROM given g WHERE",
        together((*match, holds(writer, TARGET, target.condition))),
        returning(statement.table, statement.answer, f"g.{NUMBER}"),
    )
    return writer.done(words(f"WITH given AS ({given}), touched AS ({touching})", _answered(writer, statement)))


def _assigned(changes: Objects, number: int) -> str:
    column: Column = changes.columns[number]
    name = quoted(column.name)
    if column.name not in changes.partial:
        return f"{name} = g.{name}"
    return f"{name} = CASE WHEN g.{MASK} & {1 << number} <> 0 THEN g.{name} ELSE {TARGET}.{name} END"


def _answered(writer: Writer, statement: UpdateMany) -> str:
    one = outcome(writer, statement.answer, "x", present=f"x.{NUMBER}")
    joined = f"given g LEFT JOIN touched x USING ({NUMBER})"
    answers = words("SELECT", f"g.{NUMBER},", one, "FROM", joined, "GROUP BY", f"g.{NUMBER}")
    text = concatenated("'['", "coalesce(string_agg(a.text, ',' ORDER BY a.number), '')", "']'")
    return words("SELECT", text, f"FROM ({answers}) a(number, text)")
