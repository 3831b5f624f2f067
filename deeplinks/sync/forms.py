"""The forms of Boolean, Object, Map and Date as jsonb: what docs/data.md tells people, both ways.

The sync room. JSON is itself; an object whose only key is one of FORMS is what that says, and `$object` is around an
object that merely looks so. Nothing that a client wrote is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, NoReturn, cast

import orjson

from deeplinks.batch import Json
from deeplinks.errors import InvalidError
from deeplinks.space.objects import FrozenDict, FrozenMap
from deeplinks.space.values import UnknownForm, checked
from deeplinks.sync.numbers import number_text, number_value, plain

MAP: Final = "$map"
DATE: Final = "$date"
DATETIME: Final = "$datetime"
NUMBER: Final = "$number"
DECIMAL: Final = "$decimal"
OBJECT: Final = "$object"
FORMS: Final = frozenset({MAP, DATE, DATETIME, NUMBER, DECIMAL, OBJECT})


def encoded(data: bool | FrozenDict | FrozenMap | date | UnknownForm) -> Json:
    """Data as its row has it."""
    if isinstance(data, UnknownForm):
        return orjson.loads(data.text)
    if isinstance(data, datetime):
        return {DATETIME: data.isoformat()}
    if isinstance(data, date):
        return {DATE: data.isoformat()}
    if isinstance(data, FrozenMap):
        return {MAP: [[_value(key), _value(value)] for key, value in data.pairs()]}
    return _value(data)


def _value(value: object) -> Json:
    if isinstance(value, dict):
        return _object(cast("dict[str, object]", value))
    if isinstance(value, list):
        return [_value(item) for item in cast("list[object]", value)]
    if isinstance(value, Decimal):
        return {DECIMAL: number_text(value)}
    if isinstance(value, int | float) and not plain(value):
        return {NUMBER: number_text(value)}
    return cast("Json", value)


def _object(value: dict[str, object]) -> Json:
    found: dict[str, Json] = {name: _value(item) for name, item in value.items()}
    return {OBJECT: found} if _form(value) else found


def _form(value: Mapping[str, object]) -> str:
    """The form that an object is in, or looks as if it were; nothing for JSON that is itself."""
    name = next(iter(value)) if len(value) == 1 else ""
    return name if name in FORMS else ""


# reading


def decoded(data: Json) -> object:
    """Data as an association has it."""
    try:
        if isinstance(data, bool):
            return data
        read = _WHOLE.get(_form(data), _whole_object) if isinstance(data, dict) else _nothing_known
        return read(data)  # pyright: ignore[reportArgumentType]
    except (InvalidError, InvalidOperation, ValueError, TypeError, AttributeError):
        return UnknownForm(json.dumps(data, ensure_ascii=False))


def _nothing_known(data: Json) -> NoReturn:
    raise TypeError(type(data))


def _whole_object(data: dict[str, Json]) -> object:
    return checked("Object", _plain(data), "it")


def _map(data: dict[str, Json]) -> object:
    return checked("Map", [(_plain(key), _plain(value)) for key, value in _pairs(data[MAP])], "it")


def _pairs(data: Json) -> list[list[Json]]:
    return cast("list[list[Json]]", data)


def _date(data: dict[str, Json]) -> object:
    return date.fromisoformat(cast("str", data[DATE]))


def _datetime(data: dict[str, Json]) -> object:
    return checked("Date", datetime.fromisoformat(cast("str", data[DATETIME])), "it")


_WHOLE: Final[Mapping[str, Callable[[dict[str, Json]], object]]] = {MAP: _map, DATE: _date, DATETIME: _datetime}


def _plain(value: Json) -> object:
    """A value as Python has it."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    form = _form(value)
    if form in _NUMBERS:
        return _NUMBERS[form](cast("str", value[form]))
    inner = value[form] if form == OBJECT else value
    return {name: _plain(item) for name, item in cast("dict[str, Json]", inner).items()}


_NUMBERS: Final[Mapping[str, Callable[[str], object]]] = {NUMBER: number_value, DECIMAL: Decimal}
