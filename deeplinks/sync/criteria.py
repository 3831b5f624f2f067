"""Criteria as a filter over links: what a query asks of associations, in the words a storage takes.

The sync room. Pure functions: terms in, Hasura's conditions out. What can't be asked there with the same meaning is
refused, never said roughly. Every condition is true or false, never unknown, so that it may be negated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Final, TypeAlias, cast

from deeplinks.batch import Json
from deeplinks.errors import InvalidError
from deeplinks.space.association import Association
from deeplinks.space.criteria import number
from deeplinks.space.fields import TYPE
from deeplinks.space.ledger import TYPED
from deeplinks.space.objects import checked_object
from deeplinks.space.query import Query
from deeplinks.space.space import Space
from deeplinks.space.terms import (
    Either,
    Every,
    Holds,
    Itself,
    Look,
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
from deeplinks.space.values import same
from deeplinks.sync.numbers import number_text, number_value
from deeplinks.sync.rows import encoded, table_of
from deeplinks.tables import BUILT_INS, DATA, RESERVED_SPACE

Where: TypeAlias = dict[str, Json]

# Value chains of so many steps are followed.
DEEPEST: Final = 5
NEVER: Final[Where] = {"_or": []}
_BUILT_IN: Final[Where] = {"_deep": {"_eq": RESERVED_SPACE}}
_MARKS: Final[list[Json]] = [BUILT_INS[name] for name in TYPED.values()]
# The relation of a link to its data, by the table in which that rests.
_RELATION: Final[Mapping[str, str]] = {table: kind.lower() for kind, table in DATA.items()}
_HAS_DATA: Final[Where] = {"_or": [{relation: {}} for relation in _RELATION.values()]}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as a storage is asked: `where` its links are; `longer` is where those are whose value chain is too long to follow.

    `limit` and `offset` where the storage's order is the query's.
    """

    where: Where
    longer: Where | None
    limit: int | None
    offset: int | None

    @property
    def variables(self) -> Where:
        """The variables of `graphql/ask.graphql`."""
        cut: Where = {"limit": self.limit, "offset": self.offset}
        return {"where": self.where, "longer": self.longer, "by_data": self.longer is not None, **cut}


def asked(query: Query) -> Asked:
    """The query, as a storage can be asked. Raises `InvalidError` for criteria that mean something in memory alone."""
    reader = _Reader(query._space)
    named = reader.names(query._term)
    rows: Where = reader.own if named is None else {"_or": [reader.own, {**_BUILT_IN, "_and": [named]}]}
    where: Where = {"_and": [rows, reader.where(query._term, named is not None)]}
    longer = reader.chain(reader.own, DEEPEST + 1) if reader.by_data else None
    if query._order.keys:
        return Asked(where, longer, None, None)
    return Asked(where, longer, query._limit, query._offset or None)


class _Reader:
    """Reads the terms of one space's queries. `by_data`: something was asked about data."""

    def __init__(self, space: Space) -> None:
        self.by_data = False
        self._look = Look(space)
        self._space = space
        self.own: Where = {
            "_deep": {"_eq": space.root.id},
            # A mark is a link in a storage alone.
            "_not": {"_type": {"_in": _MARKS, "_is_null": False}},
        }
        self._there: Where = {"_or": [self.own, _BUILT_IN]}

    def names(self, term: Term) -> Where | None:
        """Which built-ins are asked for by name; None where nobody can be."""
        if isinstance(term, Itself | PointedBy):
            return self.where(term, among_built_ins=True)
        if isinstance(term, Every | Either):
            found = [named for one in term.terms if (named := self.names(one)) is not None]
            return {"_or": [*found]} if found else None
        return None

    def where(self, term: Term, among_built_ins: bool) -> Where:
        """The condition about a link, which may be one of the built-ins': their rows have no type, and read root."""
        match term:
            case Itself(name):
                return _is(name)
            case Every(terms):
                return {"_and": [self.where(one, among_built_ins) for one in terms]}
            case Either(terms):
                return {"_or": [self.where(one, among_built_ins) for one in terms]}
            case Unless(inner):
                return {"_not": self.where(inner, among_built_ins)}
            case PointsAt(field, name):
                found: Where = {field.name: {"_and": [self._there, _is(name)]}}
                here: Where = {"_and": [{f"_{field.name}": {"_eq": _id(name)}}, found]}
                root = field is TYPE and _id(name) == self._space.root.id
                return _or(here, _BUILT_IN if root and among_built_ins else None)
            case PointsAtSome(field, inner):
                found = {field.name: {"_and": [self._there, self.where(inner, among_built_ins=True)]}}
                root = field is TYPE and inner.matches(self._space.root, self._look)
                return _or(found, _BUILT_IN if root and among_built_ins else None)
            case PointsNowhere(field):
                nowhere: Where = {"_not": {field.name: self._there}}
                return {"_and": [nowhere, {"_not": _BUILT_IN}]} if field is TYPE and among_built_ins else nowhere
            case Holds():
                self.by_data = True
                return self._end(_data(term), DEEPEST)
            case _:
                return self._pointed(term)

    def _pointed(self, term: Term) -> Where:
        root, built_ins = _is(self._space.root), self._space.built_ins
        match term:
            case PointedBy(field, name):
                found: Where = {field.back_name: {"_and": [self.own, _is(name)]}}
                return root if field is TYPE and _id(name) in built_ins else found
            case PointedByNobody(field):
                nobody: Where = {"_not": {field.back_name: self.own}}
                # The built-ins point at it, as their type.
                return {"_and": [nobody, {"_not": root}]} if field is TYPE else nobody
            case PointedBySome(field, inner):
                found = {field.back_name: {"_and": [self.own, self.where(inner, among_built_ins=False)]}}
                some = field is TYPE and any(inner.matches(one, self._look) for one in built_ins.values())
                return _or(found, root if some else None)
            case _:
                raise _refused(f"{term} is not known there")

    def _end(self, data: Where, steps: int) -> Where:
        """The condition about the end of a value chain."""
        last: Where = {"_and": [data, {"_not": {"value": self._there}}]}
        if not steps:
            return last
        return {"_or": [last, {"value": {"_and": [self._there, self._end(data, steps - 1)]}}]}

    def chain(self, rows: Where, steps: int) -> Where:
        """Those of the rows whose value chain has so many steps."""
        return {"_and": [rows, {"value": self.chain(self._there, steps - 1)}]} if steps else rows


def _id(name: Named) -> str:
    return name.id if isinstance(name, Association) else name


def _is(name: Named) -> Where:
    return {"id": {"_eq": _id(name)}}


def _or(one: Where, other: Where | None) -> Where:
    return one if other is None else {"_or": [one, other]}


def _refused(why: str) -> InvalidError:
    return InvalidError(what="ask", why=f"{why}; ask what is in memory with deep.query")


# data


def _data(term: Holds) -> Where:
    """What the data has to be, of the association that holds it."""
    name, wanted = term.name, term.wanted
    match name:
        case "_is_null":
            return {"_not": _HAS_DATA} if wanted else _HAS_DATA
        case "_eq":
            return _equal(wanted)
        case "_neq":
            return {"_and": [_HAS_DATA, {"_not": _equal(wanted)}]}
        case "_in":
            return {"_or": [_equal(one) for one in _values(wanted)]}
        case "_nin":
            return {"_and": [_HAS_DATA, *({"_not": _equal(one)} for one in _values(wanted))]}
        case "_like" | "_ilike":
            return {"string": {"_data": {name: _pattern(name, str(wanted))}}}
        case _:
            return _ordered(name, wanted)


def _values(wanted: object) -> Iterable[object]:
    return cast("Iterable[object]", wanted)


def _equal(wanted: object) -> Where:
    value = checked_object(wanted, "a query") if type(wanted) is dict else wanted  # pyright: ignore[reportUnknownArgumentType]
    table = table_of(value)
    if table == DATA["Function"]:
        raise _refused("functions are compared in memory alone")
    if table != DATA["Number"]:
        return {_RELATION[table]: {"_data": {"_eq": encoded(value)}}}
    text = _number(value)
    # 1 and 1.0 are two values: their texts differ.
    found: Where = {"number": {"_data": {"_eq": text, "_cast": {"String": {"_eq": text}}}}}
    return found if same(number_value(text), value) else NEVER


def _ordered(name: str, wanted: object) -> Where:
    if isinstance(wanted, date):
        raise _refused("dates and times are ordered in memory alone")
    if number(wanted):
        return {"number": {"_data": {name: _number(wanted)}}}
    return {"string": {"_data": {name: cast("str", wanted)}}}


def _number(value: object) -> str:
    number = cast("int | float", value)
    if not isfinite(number):
        raise _refused(f"no number {number} is stored")
    return number_text(number)


def _pattern(name: str, pattern: str) -> str:
    if name == "_ilike" and not pattern.isascii():
        raise _refused(f"{name} {pattern!r}: a storage knows the two cases of ASCII letters alone")
    # A backslash at the end stands for itself here, and for nothing there.
    alone = (len(pattern) - len(pattern.rstrip("\\"))) % 2
    return pattern + "\\" * alone
