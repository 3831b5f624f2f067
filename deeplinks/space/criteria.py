"""Criteria: what people write to ask for associations, read into terms.

The space room. Here names and values are checked, and refused by name; nothing is looked up.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypedDict

from deeplinks.errors import InvalidError, MalformedIdError, WrongTypeError
from deeplinks.ids import canonical
from deeplinks.space.association import Association
from deeplinks.space.fields import FROM, TO, TYPE, VALUE, Field
from deeplinks.space.objects import checked_object
from deeplinks.space.terms import (
    Either,
    Every,
    Holds,
    Itself,
    Named,
    PointedBy,
    PointedByNobody,
    PointedBySome,
    PointsAt,
    PointsAtSome,
    PointsNowhere,
    Term,
    Unless,
)
from deeplinks.space.values import UnknownForm, kind_for, same

# What a field may be asked for: an association, its id, criteria of its own, or None for "there is none".
Wanted: TypeAlias = "Association | str | uuid.UUID | Q | Mapping[str, object] | None"

Test: TypeAlias = Callable[[object], bool]

_FORTH: Final[dict[object, Field]] = {"type": TYPE, "from": FROM, "from_": FROM, "to": TO, "value": VALUE}
_BACK: Final[dict[object, Field]] = {"typed": TYPE, "out": FROM, "in": TO, "in_": TO, "valued": VALUE}


class Criteria(TypedDict, total=False):
    """The fields that can be asked for."""

    id: Association | str | uuid.UUID
    type: Wanted
    from_: Wanted
    to: Wanted
    value: Wanted
    typed: Wanted
    out: Wanted
    in_: Wanted
    valued: Wanted
    data: object


class Q:
    """Criteria as a value: `Q(type=User) & ~Q(out={"type": Follows})`, for `deep.query`, `via` and nested criteria.

    Several fields of one Q all have to match. Raises `InvalidError`, `WrongTypeError` or `MalformedIdError`, which name the
    field and what it was given.
    """

    __slots__ = ("term",)

    term: Term

    def __init__(self, *criteria: Q | Mapping[str, object], **fields: object) -> None:
        self.term = _all([*map(_read, criteria), *_terms(fields)])

    def __and__(self, other: Q) -> Q:
        return _q(_all([self.term, other.term])) if isinstance(other, Q) else NotImplemented  # pyright: ignore[reportUnnecessaryIsInstance]

    def __or__(self, other: Q) -> Q:
        return _q(_any([self.term, other.term])) if isinstance(other, Q) else NotImplemented  # pyright: ignore[reportUnnecessaryIsInstance]

    def __invert__(self) -> Q:
        return _q(Unless(self.term))

    def __repr__(self) -> str:
        return f"Q({self.term})"


def _q(term: Term) -> Q:
    made = Q.__new__(Q)
    made.term = term
    return made


def _all(terms: Iterable[Term]) -> Term:
    flat = [one for term in terms for one in (term.terms if isinstance(term, Every) else (term,))]
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def _any(terms: Iterable[Term]) -> Term:
    flat = [one for term in terms for one in (term.terms if isinstance(term, Either) else (term,))]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def _read(criteria: object, what: str = "a query") -> Term:
    if isinstance(criteria, Q):
        return criteria.term
    if isinstance(criteria, Mapping):
        return _all(_terms(criteria))  # pyright: ignore[reportUnknownArgumentType]
    raise WrongTypeError(what=what, expected="criteria, which are a Q or a dict", value=criteria)


def _terms(fields: Mapping[Any, object]) -> list[Term]:
    return [_term(name, wanted) for name, wanted in fields.items()]


def _term(name: object, wanted: object) -> Term:
    if name in _FORTH:
        return _reference(_FORTH[name], str(name), wanted, PointsAt, PointsAtSome, PointsNowhere)
    if name in _BACK:
        return _reference(_BACK[name], str(name), wanted, PointedBy, PointedBySome, PointedByNobody)
    read = _OTHERS.get(name)
    if read is None:
        known = ", ".join(["type", "from_", "to", "value", "typed", "in_", "out", "valued", *map(str, _OTHERS)])
        raise InvalidError(what=f"the query field {name!r} (given {wanted!r})", why=f"the fields are {known}")
    return read(wanted)


def _reference(
    field: Field,
    name: str,
    wanted: object,
    exact: Callable[[Field, Named], Term],
    some: Callable[[Field, Term], Term],
    nothing: Callable[[Field], Term],
) -> Term:
    if wanted is None:
        return nothing(field)
    if isinstance(wanted, Q | Mapping):
        return some(field, _read(wanted))  # pyright: ignore[reportUnknownArgumentType]
    return exact(field, _named(name, wanted, "an association, an id, criteria or None"))


def _named(name: str, wanted: object, expected: str) -> Named:
    if isinstance(wanted, Association):
        return wanted
    if not isinstance(wanted, str | uuid.UUID):
        raise WrongTypeError(what=f"the query field {name}", expected=expected, value=wanted)
    try:
        return canonical(wanted)
    except MalformedIdError:
        raise MalformedIdError(value=wanted, association="a query", field=name) from None


def _itself(wanted: object) -> Term:
    return Itself(_named("id", wanted, "an association or an id"))


def _several(name: str, wanted: object) -> list[Term]:
    if isinstance(wanted, Q | Mapping):
        return [_read(wanted)]  # pyright: ignore[reportUnknownArgumentType]
    if not isinstance(wanted, list | tuple):
        raise WrongTypeError(what=f"the query field {name}", expected="criteria or a list of them", value=wanted)
    return [_read(one, f"the query field {name}") for one in wanted]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


# data, in the words of Hasura


def _data(wanted: object) -> Term:
    if not isinstance(wanted, Mapping):
        if wanted is None:
            return Holds(f"data={wanted!r}", _is_null(True), "_is_null", True)
        return Holds(f"data={wanted!r}", _equal("=", wanted), "_eq", wanted)
    return _all([_compared(name, value) for name, value in wanted.items()])  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _compared(name: object, wanted: object) -> Term:
    make = _OPERATORS.get(name)
    if make is None:
        why = f"the comparisons are {', '.join(map(str, _OPERATORS))}"
        raise InvalidError(what=f"the comparison {name!r} of data (given {wanted!r})", why=why)
    return Holds(f"data {name} {wanted!r}", make(wanted), str(name), wanted)


def _wrong(name: str, expected: str, wanted: object) -> WrongTypeError:
    return WrongTypeError(what=f"data {name} of a query", expected=expected, value=wanted)


def _equal(name: str, wanted: object) -> Test:
    if wanted is None or isinstance(wanted, Association):
        raise _wrong(name, "a value; `_is_null` asks for none, and `value` for an association", wanted)
    if kind_for(wanted) is None and not isinstance(wanted, UnknownForm):
        raise _wrong(name, "a text, a number, a bool, a date, a dict or a function", wanted)
    # Objects are kept frozen, and compared so.
    return partial(same, checked_object(wanted, "a query") if type(wanted) is dict else wanted)  # pyright: ignore[reportUnknownArgumentType]


def _differs(wanted: object) -> Test:
    equal = _equal("_neq", wanted)
    return lambda data: data is not None and not equal(data)


def _among(name: str, wanted: object) -> list[Test]:
    if not isinstance(wanted, list | tuple | set | frozenset):
        raise _wrong(name, "a list of values", wanted)
    return [_equal(name, one) for one in wanted]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _in(wanted: object) -> Test:
    tests = _among("_in", wanted)
    return lambda data: any(test(data) for test in tests)


def _not_in(wanted: object) -> Test:
    tests = _among("_nin", wanted)
    return lambda data: data is not None and not any(test(data) for test in tests)


def number(value: object) -> bool:
    """Whether it is compared as a number is."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _ordered(name: str, compare: Callable[[Any, Any], bool], wanted: object) -> Test:
    if isinstance(wanted, str):
        return lambda data: isinstance(data, str) and compare(data, wanted)
    if number(wanted):
        return lambda data: number(data) and compare(data, wanted)
    if isinstance(wanted, date):
        kind, moment = type(wanted), _moment(name, wanted)
        return lambda data: type(data) is kind and compare(data, moment)
    raise _wrong(name, "a text, a number, a date or a datetime", wanted)


def _moment(name: str, wanted: date) -> date:
    if isinstance(wanted, datetime) and wanted.tzinfo is None:
        raise _wrong(name, "a datetime with its time zone", wanted)
    return wanted


def _like(name: str, flags: re.RegexFlag, wanted: object) -> Test:
    if not isinstance(wanted, str):
        raise _wrong(name, "a text, in which % stands for any text and _ for one character", wanted)
    pattern = re.compile("".join(_piece(piece) for piece in re.findall(r"\\.|.", wanted, re.DOTALL)), flags | re.DOTALL)
    return lambda data: isinstance(data, str) and pattern.fullmatch(data) is not None


def _piece(piece: str) -> str:
    wild = {"%": ".*", "_": "."}.get(piece)
    return wild or re.escape(piece[1:] if len(piece) == 2 else piece)


def _is_null(wanted: object) -> Test:
    if not isinstance(wanted, bool):
        raise _wrong("_is_null", "True or False", wanted)
    return lambda data: (data is None) is wanted


_OPERATORS: Final[dict[object, Callable[[object], Test]]] = {
    "_eq": partial(_equal, "_eq"),
    "_neq": _differs,
    "_gt": partial(_ordered, "_gt", gt),
    "_gte": partial(_ordered, "_gte", ge),
    "_lt": partial(_ordered, "_lt", lt),
    "_lte": partial(_ordered, "_lte", le),
    "_in": _in,
    "_nin": _not_in,
    "_like": partial(_like, "_like", re.RegexFlag(0)),
    "_ilike": partial(_like, "_ilike", re.IGNORECASE),
    "_is_null": _is_null,
}
_OTHERS: Final[dict[object, Callable[[object], Term]]] = {
    "id": _itself,
    "data": _data,
    "_and": lambda wanted: _all(_several("_and", wanted)),
    "_or": lambda wanted: _any(_several("_or", wanted)),
    "_not": lambda wanted: Unless(_read(wanted, "the query field _not")),
}
