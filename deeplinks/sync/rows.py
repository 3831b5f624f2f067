"""A row of an association, and an association's value of a row: the one place that knows both spellings.

The sync room. Pure functions; rule 12 of the design says how numbers travel, `forms` how JSON and dates do.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Set
from datetime import date
from decimal import Decimal

from deeplinks import tables
from deeplinks.batch import Content, Json, Row
from deeplinks.errors import StorageError
from deeplinks.space.association import Association
from deeplinks.space.fields import DATA
from deeplinks.space.objects import FrozenDict, FrozenMap
from deeplinks.space.values import FunctionSource, UnknownForm
from deeplinks.sync import forms
from deeplinks.sync.numbers import number_text, number_value

COLUMN = {name: f"_{name}" for name in tables.REFERENCES}


def link_row(space: str, association: Association, values: Mapping[str, object]) -> Row:
    """The whole row of an association that is new to the storage."""
    return whole_row(space, association, reference_columns(values))


def whole_row(space: str, association: Association, columns: Row) -> Row:
    """The whole row of an association, of the columns of all its references."""
    named: Row = {"id": association.id, "_deep": space, "created_at": association.created_at.isoformat()}
    return columns | named


def reference_columns(values: Mapping[str, object]) -> Row:
    """The columns of those references that are among the values."""
    return {COLUMN[name]: value for name, value in values.items() if name in COLUMN}  # pyright: ignore[reportReturnType]


def sent(content: Content, ids: Set[str]) -> dict[str, dict[str, object]]:
    """What a batch said of these associations: field -> value, references as ids."""
    found: dict[str, dict[str, object]] = {id: {} for id in ids}
    links = ((str(row["id"]), row) for row in content.links)
    for id, row in itertools.chain(links, content.updates):
        if id in found:
            found[id] |= {name: row[column] for name, column in COLUMN.items() if column in row}
    for deleted in content.data_deletes.values():
        for id in found.keys() & set(deleted):
            found[id][DATA] = None
    for table, upserts in content.data.items():
        for id, data in upserts:
            if id in found:
                found[id][DATA] = decoded(table, data)
    return found


def table_of(data: object) -> str:
    """The table in which data of this Python type rests."""
    if isinstance(data, str):
        return tables.HOLDING["String"]
    if isinstance(data, bool | FrozenDict | FrozenMap | date | UnknownForm):
        return tables.HOLDING["Object"]
    if isinstance(data, int | float | Decimal):
        return tables.HOLDING["Number"]
    return tables.HOLDING["Function"]


def encoded(data: object) -> Json:
    """Data as its row has it."""
    if isinstance(data, str):
        return data
    if isinstance(data, bool | FrozenDict | FrozenMap | date | UnknownForm):
        return forms.encoded(data)
    if isinstance(data, int | float | Decimal):
        return number_text(data)
    source = data if isinstance(data, FunctionSource) else FunctionSource.of(data)  # pyright: ignore[reportArgumentType]
    if source is None:
        raise StorageError(storage="-", why=f"the source of {data!r} can't be found any more")
    return {"language": source.language, "name": source.name, "source": source.source}


def decoded(table: str, data: Json) -> object:
    """Data as an association has it. Functions stay text: they are never run on load."""
    if table == tables.HOLDING["Number"]:
        if isinstance(data, float):
            raise StorageError(storage="-", why="it gives numerics as JSON numbers, whose digits are cut; ask for text")
        return number_value(str(data))
    if table == tables.HOLDING["Function"]:
        return _function(data)
    return forms.decoded(data) if table == tables.HOLDING["Object"] else data


def _function(data: Json) -> FunctionSource:
    known: dict[str, Json] = data if isinstance(data, dict) else {"source": data}
    language, name, source = (str(known.get(part) or "") for part in ("language", "name", "source"))
    return FunctionSource(language, name, source)
