"""Data as JSON-able values and back, exactly: what is no text, number or bool is a dict with one key, which says its kind.

The space room. It knows values only; the form of a row is another one, and is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias, cast

from deeplinks.errors import InvalidError, UnstorableError, described
from deeplinks.space.objects import FrozenMap
from deeplinks.space.values import FunctionSource, UnknownForm, checked, kind_for

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


def encoded(data: object, association: object) -> Json:
    """Data as JSON-able values. Raises `UnstorableError` for a function whose source can't be found."""
    if data is None or isinstance(data, str | int | float):
        return data
    if isinstance(data, list):
        return [encoded(item, association) for item in cast("list[object]", data)]
    if isinstance(data, dict):
        items = cast("dict[str, object]", data).items()
        return {"object": {name: encoded(item, association) for name, item in items}}
    if isinstance(data, FrozenMap):
        return {"map": [[encoded(key, association), encoded(item, association)] for key, item in data.pairs()]}
    if isinstance(data, Decimal):
        return {"decimal": str(data)}
    if isinstance(data, date):
        return {"datetime" if isinstance(data, datetime) else "date": data.isoformat()}
    return {"unknown": data.text} if isinstance(data, UnknownForm) else _function(data, association)


def _function(data: object, association: object) -> Json:
    source = FunctionSource.of(data) if callable(data) else data
    if not isinstance(source, FunctionSource):
        raise UnstorableError(value=repr(data), association=association, why="its source can't be found")
    return {"function": {"language": source.language, "name": source.name, "source": source.source}}


def decoded(data: Json, association: object) -> object:
    """Data of its own type again, checked. Raises `InvalidError` for what is in no known form, and as a setter does."""
    try:
        value = _decoded(data)
    except (ValueError, TypeError, KeyError, ArithmeticError, AttributeError):
        raise InvalidError(what=f"data of {described(association)}", why=f"{data!a:.60} is in no known form") from None
    if isinstance(value, UnknownForm):
        return value
    # A Map is read as its pairs, which alone could be anything.
    kind = "Map" if isinstance(data, dict) and "map" in data else kind_for(value)
    if kind is None:
        raise InvalidError(what=f"data of {described(association)}", why=f"no data is {data!a:.60}")
    return checked(kind, value, association)


def _decoded(data: Json) -> object:
    if isinstance(data, list):
        return [_decoded(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((form, inner),) = data.items()
    return _FORMS[form](inner)


def _object(inner: dict[str, Json]) -> object:
    return {name: _decoded(item) for name, item in inner.items()}


def _pairs(inner: list[list[Json]]) -> object:
    return [(_decoded(key), _decoded(item)) for key, item in inner]


def _source(inner: dict[str, str]) -> object:
    return FunctionSource(**inner)


_FORMS: Final[Mapping[str, Callable[..., object]]] = {
    "object": _object,
    "map": _pairs,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "unknown": UnknownForm,
    "function": _source,
}
