"""Values as rows hold them, read from what a request gives and shown as an answer tells them; each scalar once.

The dialect's interpreter. A uuid is canonical text, a bigint an int, a numeric a Decimal, a time an aware datetime in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from deeplinks.dialect.interpret.faults import NotInterpretedError, ViolationError, syntax
from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Value
from deeplinks.errors import InvalidError
from deeplinks.ids import canonical
from deeplinks.tables import Column

# What rows hold: of every scalar something else, so nothing more can be said of it here.
Stored: TypeAlias = Any

BIGINT = (-(2**63), 2**63 - 1)
# What PostgreSQL takes for a time beside ISO 8601.
TIMES_OF_ITS_OWN = frozenset({"now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity"})
_numeric = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,7})?\s*", re.ASCII).fullmatch
_whole = re.compile(r"\s*[+-]?\d+\s*", re.ASCII).fullmatch
# PostgreSQL's limits: digits before the point, and after it.
LONGEST = (131072, 16383)


def stored(column: Column, value: Value) -> Stored:
    """A checked value as a row holds it. Raises `ViolationError` where the column's type has no such value."""
    return stored_as(column.scalar, value)


def stored_as(scalar: str, value: Value) -> Stored:
    """A checked value of this scalar. Raises `ViolationError` where the type has no such value."""
    return None if value is None else READ[scalar](value)


def shown(column: Column, value: Stored, session: Session) -> Value:
    """A row's value as an answer tells it to this session."""
    return shown_as(column.scalar, value, session)


def shown_as(scalar: str, value: Stored, session: Session) -> Value:
    """A value of this scalar as an answer tells it to this session."""
    if value is None:
        return None
    if scalar in ("bigint", "numeric", "Float"):
        return _number(value, session)
    if scalar == "timestamptz":
        return time_text(value)
    return copied(value) if scalar == "jsonb" else value


def _number(value: int | Decimal, session: Session) -> Value:
    if isinstance(value, int):
        return str(value) if session.stringify_numerics else value
    text = numeric_text(value)
    if session.stringify_numerics:
        return text
    return Decimal(text) if "." in text or not value.is_finite() else int(text)


def numeric_text(value: Decimal) -> str:
    """Every digit, no exponent, zero without a sign: as PostgreSQL writes a numeric."""
    return format(value if value else abs(value), "f")


def time_text(value: datetime) -> str:
    """A time as PostgreSQL's JSON has it: no zeros behind a fraction."""
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    return f"{value.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}+00:00"


def copied(value: Value) -> Value:
    """A JSON value of its own: what is handed out can be changed by whoever got it."""
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


# reading


def _uuid(value: Value) -> str:
    try:
        return canonical(value)
    except InvalidError:
        raise syntax("uuid", value) from None


def _bigint(value: Value) -> int:
    text = str(value)
    if not _whole(text):
        raise syntax("bigint", value)
    number = int(text) if len(text) < 40 else BIGINT[1] + 1
    if not BIGINT[0] <= number <= BIGINT[1]:
        raise ViolationError("22003", f'value "{text}" is out of range for type bigint')
    return number


def _decimal(value: Value) -> Decimal:
    text = str(value)
    if text.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise NotInterpretedError(f"the numeric {text}")
    if not _numeric(text):
        raise syntax("numeric", value)
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() >= LONGEST[0] or -exponent > LONGEST[1]:
        raise ViolationError("22003", "value overflows numeric format")
    # 1e5 has no digits behind the point: the Decimal that is written 100000.
    return Decimal(format(number, "f")) if exponent > 0 else number


def _text(value: Value) -> str:
    assert isinstance(value, str)
    if "\0" in value:
        raise ViolationError("22P05", "unsupported Unicode escape sequence")
    if not value.isascii():
        _encodable(value)
    return value


def _encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        why = "the request holds half a surrogate pair, which is no text"
        raise RequestError(why, ROOT, "data-exception") from None


def _time(value: Value) -> datetime:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        if str(value).strip().lower() in TIMES_OF_ITS_OWN or str(value).upper().endswith((" BC", " AD")):
            raise NotInterpretedError(f"the time {value}") from None
        raise ViolationError("22007", f'invalid input syntax for type timestamp with time zone: "{value}"') from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _json(value: Value) -> Stored:
    match value:
        case dict():
            return {_text(name): _json(item) for name, item in value.items()}
        case list():
            return [_json(item) for item in value]
        case str():
            return _text(value)
        case float() | Decimal():
            return _json_number(value)
        case None | bool() | int():
            return value


def _json_number(value: float | Decimal) -> int | float:
    # As a JSON parser reads what PostgreSQL writes.
    text = numeric_text(_decimal(value))
    return float(text) if "." in text else int(text)


def _as_it_is(value: Value) -> Stored:
    return value


READ: Mapping[str, Callable[[Value], Stored]] = {
    "uuid": _uuid,
    "bigint": _bigint,
    "Int": _as_it_is,
    "numeric": _decimal,
    "String": _text,
    "Boolean": _as_it_is,
    "jsonb": _json,
    "timestamptz": _time,
}
