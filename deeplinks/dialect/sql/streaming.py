"""A stream as SQL: what comes next for a reader who is at some place of it, all of one moment.

The dialect's SQL. A place is put in when the statement is run; what becomes of the rows is not decided here.

A reader has seen the table as it was at some moment, a snapshot of PostgreSQL's. Rows that were changed since are found in
the log: its entries name their transactions, and within a space they become visible in the order of their numbers, so
those that the snapshot does not see are the last ones. Of these rows each is told that is not as it was told before.
"""

from __future__ import annotations

from collections.abc import Callable

from deeplinks.dialect.session import Session
from deeplinks.dialect.sql.conditions import holds, together, where
from deeplinks.dialect.sql.parameters import spelled
from deeplinks.dialect.sql.rows import row
from deeplinks.dialect.sql.sources import ledger, source
from deeplinks.dialect.sql.writer import Bound, Hole, Initial, Sql, Writer, literal, quoted, words
from deeplinks.dialect.statements import And, Compare, Condition, Stream
from deeplinks.dialect.values import Operand, Variables
from deeplinks.tables import CHANGES, SPACES

# Changed rows that are told at a time, at least; what is beyond them is read again in the order of the cursor.
MOST = 10_000
# The kind of the first row where the log was pruned past the place.
LOST = -1
SPACE = "_deep"
ROW, OLD = "x", "o"
_STANDS = "concat_ws(' ', c.n, c.tag)"


class Streaming:
    """A stream's statements, waiting for values: one that reads on in the table, one for readers who have read all of it."""

    def __init__(self, session: Session, statement: Stream) -> None:
        self._scanning = _Step(session, statement).scanning()
        self._heeding = _Step(session, statement).heeding()

    def bind(self, variables: Variables) -> Bound:
        """The two statements, with holes for the place. Raises `RequestError`."""
        return Bound(((self._scanning.bind(variables),), (self._heeding.bind(variables),)))


class _Step:
    """One statement. It gives rows of (kind, number, text, value, key): the first tells of the moment, the others of rows."""

    def __init__(self, session: Session, statement: Stream) -> None:
        self.statement = statement
        self.writer = Writer(session)
        self.rows = source(self.writer, statement.table)
        self.column = quoted(statement.column.name)
        self.type = statement.column.sql_type
        self.space = _space(statement.where)

    def scanning(self) -> Sql:
        parts = [self._seen(), self._heard(), self._changed(self._passed()), self._next()]
        return self._done(parts, ("changed", "next"))

    def heeding(self) -> Sql:
        return self._done([self._seen(), self._heard(), self._changed("true")], ("changed",))

    def _done(self, parts: list[str], told: tuple[str, ...]) -> Sql:
        rows = [
            words("UNION ALL SELECT", f"{number}, number, text, value, key FROM {name}")
            for number, name in enumerate(told, 1)
        ]
        return self.writer.done(words("WITH", ", ".join(parts), self._moment(), *rows, "ORDER BY 1, 2"))

    def _moment(self) -> str:
        """The batch's size, the snapshot, the initial value, and where the log stands in the words of the hub's looks."""
        # Pruning leaves the newest entry: where none is seen, some are gone that were to be heard.
        lost = words("SELECT", "bool_or(n IS NULL AND floor > 0) FROM seen")
        kind = f"CASE WHEN ({lost}) THEN {LOST} ELSE 0 END AS kind,"
        size = f"{self._size()} AS number,"
        begun = f"{self._initial()}::text AS value,"
        return words("SELECT", kind, size, "pg_current_snapshot()::text AS text,", begun, self._stands(), "AS key")

    def _stands(self) -> str:
        if self.space is None:
            return "pg_current_snapshot()::text"
        entries = f"{ledger(CHANGES)} c WHERE c._deep = {self._named()} ORDER BY c.n DESC LIMIT 1"
        return f"coalesce(({words('SELECT', _STANDS, 'FROM', entries)}), '')"

    def _seen(self) -> str:
        """The spaces, each with its newest entry that the reader's snapshot sees."""
        visible = f"pg_visible_in_snapshot(c.tx::text::xid8, {self._since()})"
        # A transaction that is still to come was one of another server, out of whose backup this database is made.
        restored = "NOT pg_visible_in_snapshot(c.tx::text::xid8, pg_current_snapshot())"
        entries = f"{ledger(CHANGES)} c WHERE c._deep = s.id AND ({visible} OR {restored}) ORDER BY c.n DESC LIMIT 1"
        newest = f"({words('SELECT c.n FROM', entries)}) AS n"
        chosen = where(f"s.id = {self._named()}" if self.space is not None else "true")
        return f"seen AS MATERIALIZED ({words('SELECT s.id, s.floor,', newest, 'FROM', ledger(SPACES), 's', chosen)})"

    def _heard(self) -> str:
        """The rows of the table that were touched since."""
        since = f"c._deep = s.id AND c.n > coalesce(s.n, 0) AND {self._of_table()} AND c.operation <> 'delete'"
        # With an offset it is done for each space by itself, through the index.
        entries = words("SELECT c.id FROM", ledger(CHANGES), "c WHERE", since, "OFFSET 0")
        touched = words("SELECT DISTINCT s.id AS space, s.n, c.id FROM", f"seen s CROSS JOIN LATERAL ({entries}) c")
        return f"heard AS MATERIALIZED ({touched})"

    def _changed(self, passed: str) -> str:
        """Of these the ones to tell: but for those that were there already, with this value, and were told then."""
        found = f"heard h JOIN {self.rows.name} {ROW} ON {ROW}._deep = h.space AND {ROW}.id = h.id"
        begun = f"({ROW}.{self.column} {self._after()} {self._initial()})"
        chosen = where(self._meant(ROW), begun, passed, f"(NOT EXISTS ({self._told_before()}))")
        return self._numbered("changed", words("FROM", found, chosen), self._size(most_of))

    def _told_before(self) -> str:
        since = f"c._deep = h.space AND c.id = h.id AND {self._of_table()} AND c.n > coalesce(h.n, 0)"
        first = words("SELECT c.before FROM", ledger(CHANGES), "c WHERE", since, "ORDER BY c.n LIMIT 1")
        image = f"jsonb_populate_record(NULL::{self.rows.name}, f.before)"
        same = f"({OLD}.{self.column} = {ROW}.{self.column})"
        told = where("(f.before IS NOT NULL)", same, self._meant(OLD))
        return words("SELECT FROM", f"({first}) f CROSS JOIN LATERAL {image} {OLD}", told)

    def _next(self) -> str:
        """The batch after the place."""
        beyond = f"({self._row()} {self._after()} {self._edge()})"
        found = words("FROM", self.rows.name, ROW, where(self._meant(ROW), beyond))
        return self._numbered("next", found, self._size())

    def _numbered(self, name: str, found: str, limit: str) -> str:
        direction = " DESC" if self.statement.descending else ""
        order = f"ORDER BY {ROW}.{self.column}{direction}, {ROW}.id{direction}"
        text = f"{row(self.writer, ROW, self.statement.selection)} AS text,"
        key = f"{ROW}.{self.column}::text AS value, {ROW}.id::text AS key"
        rows = words("SELECT", f"row_number() OVER ({order}) AS number,", text, key, found, order, "LIMIT", limit)
        return f"{name} AS ({rows})"

    # pieces

    def _meant(self, alias: str) -> str:
        """The row is the session's to see, and is asked for."""
        return together(
            (holds(self.writer, alias, self.rows.condition), holds(self.writer, alias, self.statement.where))
        )

    def _passed(self) -> str:
        return f"({self._row()} {'>=' if self.statement.descending else '<='} {self._edge()})"

    def _row(self) -> str:
        return f"({ROW}.{self.column}, {ROW}.id)"

    def _of_table(self) -> str:
        return f"c.{quoted('table')} = {literal(self.statement.table.name)}"

    def _after(self) -> str:
        return "<" if self.statement.descending else ">"

    def _edge(self) -> str:
        return f"({self._initial(Hole.EDGE)}, {self._hole(Hole.KEY, 'uuid')})"

    def _initial(self, hole: Hole = Hole.INITIAL) -> str:
        slot = spelled(self.statement.initial)
        return self.writer.put(lambda variables: Initial(hole, slot(variables)), self.type)

    def _size(self, make: Callable[[int], int] = int) -> str:
        """The size of the batches, no more than the session may have at a time; or what is made of it."""
        limit = self.rows.limit
        return self.writer.put(lambda variables: str(make(_size_of(self.statement, limit, variables))), "bigint")

    def _since(self) -> str:
        return f"coalesce({self._hole(Hole.SINCE, 'pg_snapshot')}, pg_current_snapshot())"

    def _named(self) -> str:
        assert self.space is not None
        slot = spelled(self.space)
        return self.writer.put(slot, "uuid")

    def _hole(self, hole: Hole, type_name: str) -> str:
        return self.writer.put(lambda _: hole, type_name)


def most_of(size: int) -> int:
    """How many changed rows a step tells at most, where batches have this size."""
    return max(MOST, size)


def _size_of(statement: Stream, limit: int | None, variables: Variables) -> int:
    size = statement.batch_size.value(variables)
    assert isinstance(size, int)
    return size if limit is None else max(1, min(size, limit))


def _space(condition: Condition) -> Operand | None:
    """The value that every row has as its space, where the condition demands one."""
    parts: list[Condition] = [condition]
    while parts:
        match parts.pop():
            case And(more):
                parts += more
            case Compare(column, "_eq", operand) if column.name == SPACE:
                return operand
            case _:
                pass
    return None
