"""Nested inserts as SQL: one statement a layer, in order, and at last the answer over the rows that were asked for.

The dialect's SQL. What a layer is, and what comes first, is decided where rows are taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from deeplinks.dialect.nesting import Layer
from deeplinks.dialect.payload import encoded
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql.answers import answered
from deeplinks.dialect.sql.checking import check_inserted
from deeplinks.dialect.sql.sources import whole
from deeplinks.dialect.sql.writer import Recalled, Sql, Step, Writer, words
from deeplinks.dialect.sql.writes import TARGET, defined, inserted, returned
from deeplinks.dialect.statements import Insert
from deeplinks.dialect.values import Variables


def nested(session: Session, statement: Insert, layers: Sequence[Layer], variables: Variables) -> tuple[Step, ...]:
    """The steps of a nested insert: each layer tells the rows it touched. Raises `RequestError`."""
    steps = [_layer(session, layer, variables) for layer in layers]
    return (*steps, _answer(session, statement, layers).bind(variables))


def _layer(session: Session, layer: Layer, variables: Variables) -> Step:
    writer, rows = Writer(session), encoded(layer.objects.rows, layer.path)
    touching = inserted(writer, layer.table, layer.objects, layer.conflict, lambda _: rows)
    table = whole(layer.table)
    held = check_inserted(writer, layer.table, TARGET, layer.conflict)
    shown = returned(table.columns if layer.first else [table.by_name[name] for name in table.key], *held)
    told = "SELECT coalesce(json_agg(x), '[]')::text FROM touched x"
    step = writer.done(words(f"WITH touched AS ({words(touching, shown)})", told)).bind(variables)
    return replace(step, check=_check(layer), place=layer.path)


def _check(layer: Layer) -> Callable[[bytes], None] | None:
    return (lambda answer: layer.check(row["id"] for row in _rows(answer))) if layer.needed else None


def _answer(session: Session, statement: Insert, layers: Sequence[Layer]) -> Sql:
    writer = Writer(session)
    first = [number for number, layer in enumerate(layers) if layer.first]
    rows = Recalled(lambda answers: _joined([answers[number] for number in first]))
    count = Recalled(lambda answers: str(sum(map(len, map(_rows, answers)))))
    touched = f"json_to_recordset({writer.put(lambda _: rows, 'json')}) AS x({defined(whole(statement.table).columns)})"
    return writer.done(answered(writer, statement.answer, touched, "x", lambda _: count))


def _rows(answer: bytes) -> list[dict[str, Any]]:
    return orjson.loads(answer)


def _joined(lists: Sequence[bytes]) -> bytes:
    """One JSON list of what the lists hold."""
    return b"[" + b",".join(inner for each in lists if (inner := each.strip()[1:-1])) + b"]"
