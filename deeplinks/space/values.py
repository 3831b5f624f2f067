"""Data: what a String, a Number, a Function, a Boolean, an Object, a Map and a Date may hold, checked at the setter.

The space room. Values in, exact values out, or an error; nothing here knows an association's place or a row.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import astuple, dataclass
from datetime import date, datetime
from decimal import Decimal
from textwrap import dedent
from typing import Final, cast
from weakref import WeakKeyDictionary

import orjson

from deeplinks.errors import UnstorableError, WrongTypeError, described
from deeplinks.space.objects import (
    MOST_BITS,
    MOST_DIGITS,
    MOST_TEXT,
    Container,
    FrozenDict,
    FrozenMap,
    checked_map,
    checked_object,
    exact,
)

# PostgreSQL's numeric: digits after the point (manual, 8.1).
MOST_DECIMALS = 16_383


class _Nothing:
    """No data at all, which is not None."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function as text: what is stored, and all that is ever loaded. It is never run by itself."""

    language: str
    name: str
    source: str

    @classmethod
    def of(cls, function: Callable[..., object]) -> FunctionSource | None:
        """The source of a Python function as it was when it was first asked for, None where Python does not know it."""
        try:
            return _sources.get(function) or _sources.setdefault(function, cls._read(function))
        except Exception:  # noqa: BLE001  a callable of somebody's own class may raise anything when it is looked at
            return None

    @classmethod
    def _read(cls, function: Callable[..., object]) -> FunctionSource:
        name = getattr(function, "__name__", type(function).__name__)
        return cls("python", name, dedent(inspect.getsource(function)))


@dataclass(frozen=True, slots=True)
class UnknownForm:
    """Data of the table `objects` in none of the forms that docs/data.md tells, as another client wrote it: its JSON."""

    text: str


# Files change, and go, between a setter and the sending of a batch.
_sources: WeakKeyDictionary[Callable[..., object], FunctionSource] = WeakKeyDictionary()


def same(one: object, other: object) -> bool:
    """Equal as data: 1, 1.0 and True are three different values, and so are Decimals of other digits."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, str | int | float):
        return one == other
    if isinstance(one, Decimal | datetime):
        return str(one) == str(other)
    return one == other and (not isinstance(one, Container) or exact(one) == exact(other))


def key(data: object) -> Hashable:
    """What two pieces of data have in common if, and only if, they are `same`. A function is itself."""
    if isinstance(data, str):
        return data
    if isinstance(data, date):
        return type(data), data.isoformat()
    if isinstance(data, int | float | Decimal | FrozenDict | FrozenMap):
        return exact(data)
    try:
        hash(data)
    except TypeError:
        return _Itself(id(data))
    return _Itself(data)


@dataclass(frozen=True, slots=True)
class _Itself:
    data: Hashable


def told_back(data: object, incoming: object) -> bool:
    """Whether a storage tells what it was told: data that is the same, or the text of this very function."""
    if isinstance(incoming, FunctionSource) and callable(data):
        return FunctionSource.of(data) == incoming
    return same(data, incoming)


def text_bytes(data: object) -> int:
    """How many bytes its text takes in JSON, between the quotes."""
    if isinstance(data, str):
        return len(orjson.dumps(data)) - 2
    if isinstance(data, FrozenDict | FrozenMap):
        return data.bytes
    source = FunctionSource.of(data) if callable(data) else data
    return text_bytes(source.source) if isinstance(source, FunctionSource) else 0


def check_source(data: object, association: object) -> None:
    """Refuse a function that a storage could not hold, for lack of its source. Raises `UnstorableError`."""
    if callable(data) and FunctionSource.of(data) is None:
        raise _unstorable(data, association, "a storage keeps a function as text, and its source can't be found")


def checked(kind: str, value: object, association: object) -> object:
    """The value as this kind holds it. Raises `WrongTypeError` for another type, `UnstorableError` for a bad value."""
    check = _CHECKS.get(kind)
    if check is None:
        raise WrongTypeError(what=f"data of a {kind}", expected="nothing", value=value)
    return check(value, association)


def _string(value: object, association: object) -> str:
    if not isinstance(value, str):
        raise WrongTypeError(what=f"data of {described(association)}, a String,", expected="a str", value=value)
    _check_text(value, association)
    return str.__str__(value)  # an Enum's own str() is its name


def _check_text(value: str, association: object) -> None:
    if "\x00" in value:
        raise _unstorable(value, association, f"it has U+0000 at position {value.index(chr(0))}")
    if not value.isascii():
        _check_encodes(value, association)
    # A character takes six bytes of JSON at most.
    if len(value) * 6 > MOST_TEXT and (bytes := len(orjson.dumps(value))) > MOST_TEXT:
        raise _unstorable(value, association, f"it takes {bytes} bytes as JSON and the most is {MOST_TEXT}")


def _check_encodes(value: str, association: object) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _unstorable(value, association, f"it has a lone surrogate at position {error.start}") from None


def _number(value: object, association: object) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        expected = "an int, a float or a Decimal"
        raise WrongTypeError(what=f"data of {described(association)}, a Number,", expected=expected, value=value)
    if isinstance(value, int):
        return _integer(value, association)
    # A Decimal is asked itself: as a float it may be infinite.
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise _unstorable(value, association, "it is not a finite number")
    if isinstance(value, Decimal):
        return _decimal(value, association)
    return float(value) + 0.0  # -0.0 becomes 0.0, as numeric has no negative zero


def _integer(value: int, association: object) -> int:
    if value.bit_length() > MOST_BITS and abs(value) >= 10**MOST_DIGITS:
        raise _unstorable(f"an int of {value.bit_length()} bits", association, f"the most is {MOST_DIGITS} digits")
    return int(value)


def _decimal(value: Decimal, association: object) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > MOST_DECIMALS or value.adjusted() >= MOST_DIGITS:
        raise _unstorable(
            value, association, f"it has more than {MOST_DIGITS} digits, or {MOST_DECIMALS} after the point"
        )
    return Decimal(value) if value else Decimal(value).copy_abs()


def _function(value: object, association: object) -> object:
    parts = astuple(value) if isinstance(value, FunctionSource) else ()
    if not (callable(value) or parts) or not all(isinstance(part, str) for part in parts):
        expected = "a callable or a FunctionSource, which is three texts"
        raise WrongTypeError(what=f"data of {described(association)}, a Function,", expected=expected, value=value)
    for part in parts:
        _check_text(part, association)
    return value


def _boolean(value: object, association: object) -> bool:
    if not isinstance(value, bool):
        raise WrongTypeError(
            what=f"data of {described(association)}, a Boolean,", expected="True or False", value=value
        )
    return value


def _object(value: object, association: object) -> FrozenDict:
    if not isinstance(value, Mapping):
        raise WrongTypeError(what=f"data of {described(association)}, an Object,", expected="a dict", value=value)
    return checked_object(cast("Mapping[object, object]", value), association)


def _map(value: object, association: object) -> FrozenMap:
    if not isinstance(value, Mapping | list | tuple):
        raise WrongTypeError(
            what=f"data of {described(association)}, a Map,", expected="a dict, or a list of pairs", value=value
        )
    return checked_map(cast("object", value), association)


def _date(value: object, association: object) -> date:
    if not isinstance(value, date):
        raise WrongTypeError(
            what=f"data of {described(association)}, a Date,", expected="a date or a datetime", value=value
        )
    if not isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    if value.utcoffset() is None:
        raise _unstorable(value, association, "it has no time zone; say which, as in datetime.now(UTC)")
    # As it comes back: of its time zone the offset alone is kept.
    return datetime.fromisoformat(datetime.isoformat(value))


def _unstorable(value: object, association: object, why: str) -> UnstorableError:
    shown = ascii(value)
    return UnstorableError(value=shown if len(shown) <= 60 else f"{shown[:60]}…", association=association, why=why)


_CHECKS: dict[str, Callable[[object, object], object]] = {
    "String": _string,
    "Number": _number,
    "Function": _function,
    "Boolean": _boolean,
    "Object": _object,
    "Map": _map,
    "Date": _date,
}


def kind_for(value: object) -> str | None:
    """The built-in type whose data such a value is."""
    if isinstance(value, str):
        return "String"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float | Decimal):
        return "Number"
    if isinstance(value, date):
        return "Date"
    if isinstance(value, Mapping):
        names = all(isinstance(key, str) for key in cast("Mapping[object, object]", value))
        return "Object" if names and not isinstance(value, FrozenMap) else "Map"
    return "Function" if callable(value) or isinstance(value, FunctionSource) else None
