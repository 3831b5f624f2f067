"""Data: what a String, a Number and a Function may hold, checked at the setter.

The space room. Values in, exact values out, or an error; nothing here knows an association's place or a row.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import astuple, dataclass
from decimal import Decimal
from textwrap import dedent
from typing import Final
from weakref import WeakKeyDictionary

import orjson

from deeplinks.errors import UnstorableError, WrongTypeError

# PostgreSQL's numeric: digits after the point (manual, 8.1); CPython turns no longer ints into text by default.
MOST_DECIMALS = 16_383
MOST_DIGITS = 4_300
MOST_TEXT = 16 * 1024 * 1024


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
        except (OSError, TypeError):
            return None

    @classmethod
    def _read(cls, function: Callable[..., object]) -> FunctionSource:
        name = getattr(function, "__name__", type(function).__name__)
        return cls("python", name, dedent(inspect.getsource(function)))


# Files change, and go, between a setter and the sending of a batch.
_sources: WeakKeyDictionary[Callable[..., object], FunctionSource] = WeakKeyDictionary()


def same(one: object, other: object) -> bool:
    """Equal as data: 1, 1.0 and True are three different values, and so are Decimals of other digits."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    return str(one) == str(other) if isinstance(one, Decimal) else one == other


def told_back(data: object, incoming: object) -> bool:
    """Whether a storage tells what it was told: data that is the same, or the text of this very function."""
    if isinstance(incoming, FunctionSource) and callable(data):
        return FunctionSource.of(data) == incoming
    return same(data, incoming)


def text_bytes(data: object) -> int:
    """How many bytes its text takes in JSON, between the quotes."""
    if isinstance(data, str):
        return len(orjson.dumps(data)) - 2
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
        raise WrongTypeError(what=f"data of {association}, a String,", expected="a str", value=value)
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
        raise WrongTypeError(what=f"data of {association}, a Number,", expected=expected, value=value)
    if isinstance(value, int):
        return _integer(value, association)
    # A Decimal is asked itself: as a float it may be infinite.
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise _unstorable(value, association, "it is not a finite number")
    if isinstance(value, Decimal):
        return _decimal(value, association)
    return float(value) + 0.0  # -0.0 becomes 0.0, as numeric has no negative zero


def _integer(value: int, association: object) -> int:
    if value.bit_length() > 14_000 and abs(value) >= 10**MOST_DIGITS:
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
        raise WrongTypeError(what=f"data of {association}, a Function,", expected=expected, value=value)
    for part in parts:
        _check_text(part, association)
    return value


def _unstorable(value: object, association: object, why: str) -> UnstorableError:
    shown = ascii(value)
    return UnstorableError(value=shown if len(shown) <= 60 else f"{shown[:60]}…", association=association, why=why)


_CHECKS: dict[str, Callable[[object, object], object]] = {"String": _string, "Number": _number, "Function": _function}
