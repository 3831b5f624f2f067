"""Terms: what a query asks of an association, one small class a question.

The space room. A term says whether it matches, what it finds from its index, and whom a change may touch; it keeps no state.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from deeplinks.errors import DestroyedError, OtherSpaceError
from deeplinks.space import showing
from deeplinks.space.association import Association, here
from deeplinks.space.back_references import each
from deeplinks.space.ends import Ends
from deeplinks.space.fields import DATA, TYPE, VALUE, Field
from deeplinks.space.telling import and_valued

if TYPE_CHECKING:
    from deeplinks.space.space import Space

# An association that a criterion names: itself, or its id, which need not be here.
Named: TypeAlias = Association | str

# The size of what no index knows: all associations have to be looked at.
UNKNOWN: Final = sys.maxsize


@dataclass(frozen=True, slots=True)
class Moved:
    """A change as terms hear it: `field` of `one` is other now, and `target` was or is at its other end."""

    field: Field | str
    one: Association
    target: Association | None = None


class Look:
    """One look at a space: it counts whom it visits, and finds nothing twice."""

    __slots__ = ("_found", "ends", "space", "visited")

    def __init__(self, space: Space) -> None:
        self.space = space
        self.visited = 0
        self.ends = Ends()
        self._found: dict[int, list[Association]] = {}

    def visit(self, associations: Iterable[Association]) -> Iterator[Association]:
        """These, counted."""
        for association in associations:
            self.visited += 1
            yield association

    def everything(self) -> Iterator[Association]:
        """All that is in the space, built-ins too."""
        return self.visit([*self.space.associations.values(), *self.space.built_ins.values()])

    def found(self, term: Term) -> list[Association]:
        """What a term finds, looked for once."""
        known = self._found.get(id(term))
        if known is None:
            known = self._found[id(term)] = list(term.find(self))
        return known

    def named(self, name: Named) -> Association | None:
        """The association of that name; None where it is not here."""
        found = self.space.find(name) if isinstance(name, str) else name
        return found if found is not None and found._space is self.space else None

    def pointing(self, field: Field, target: Association) -> list[Association]:
        """Who points at it through that field: at the root as a type, the built-ins too."""
        own = list(each(field.members(target)))
        return [*own, *self.space.built_ins.values()] if field is TYPE and target is self.space.root else own


class Term(ABC):
    """A question that an association answers with yes or no."""

    __slots__ = ()

    @abstractmethod
    def matches(self, one: Association, look: Look) -> bool:
        """Whether the answer is yes."""

    def find(self, look: Look) -> Iterator[Association]:
        """All whose answer is yes, each once; without an index that is to look at all."""
        return (one for one in look.everything() if self.matches(one, look))

    def size(self, look: Look, most: int) -> int:
        """How many `find` begins with; something above `most` as soon as it is more."""
        return UNKNOWN

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        """Those whose answer may be another one since a change."""
        return iter(())

    def names(self, one: Association, look: Look) -> bool:
        """Whether it asks for this very association, and not for some that are like it."""
        return False

    def check(self, space: Space) -> None:  # noqa: B027  most terms name nobody
        """Raises `OtherSpaceError` or `DestroyedError` for a criterion that is not of this space."""

    @property
    def fields(self) -> frozenset[Field | str]:
        """Of which fields a change may touch somebody."""
        return frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Itself(Term):
    """`id=`: this one."""

    name: Named

    def matches(self, one: Association, look: Look) -> bool:
        return one is look.named(self.name)

    def find(self, look: Look) -> Iterator[Association]:
        found = look.named(self.name)
        return look.visit(() if found is None else (found,))

    def size(self, look: Look, most: int) -> int:
        return 1

    def names(self, one: Association, look: Look) -> bool:
        return self.matches(one, look)

    def check(self, space: Space) -> None:
        _check(self.name, "id", space)

    def __str__(self) -> str:
        return f"id={_shown(self.name)}"


@dataclass(frozen=True, slots=True, eq=False)
class PointsAt(Term):
    """`type=`, `from_=`, `to=`, `value=` of an association."""

    field: Field
    name: Named

    def matches(self, one: Association, look: Look) -> bool:
        target = here(getattr(one, self.field.slot))
        return target is not None and target is look.named(self.name)

    def find(self, look: Look) -> Iterator[Association]:
        return look.visit(self._members(look))

    def _members(self, look: Look) -> list[Association]:
        target = look.named(self.name)
        return [] if target is None else look.pointing(self.field, target)

    def size(self, look: Look, most: int) -> int:
        target = look.named(self.name)
        return 0 if target is None else _count(self.field, target, look)

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return iter((moved.one,) if moved.field is self.field else ())

    def check(self, space: Space) -> None:
        _check(self.name, self.field.attribute, space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset((self.field,))

    def __str__(self) -> str:
        return f"{self.field.attribute}={_shown(self.name)}"


@dataclass(frozen=True, slots=True, eq=False)
class PointsNowhere(Term):
    """`type=None` and its like: the reference reads None."""

    field: Field

    def matches(self, one: Association, look: Look) -> bool:
        return here(getattr(one, self.field.slot)) is None

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return iter((moved.one,) if moved.field is self.field else ())

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset((self.field,))

    def __str__(self) -> str:
        return f"{self.field.attribute}=None"


@dataclass(frozen=True, slots=True, eq=False)
class PointsAtSome(Term):
    """`type={...}` and its like: the reference leads to one that matches."""

    field: Field
    term: Term

    def matches(self, one: Association, look: Look) -> bool:
        target = here(getattr(one, self.field.slot))
        return target is not None and self.term.matches(target, look)

    def find(self, look: Look) -> Iterator[Association]:
        return (one for target in look.found(self.term) for one in look.visit(look.pointing(self.field, target)))

    def size(self, look: Look, most: int) -> int:
        begins = self.term.size(look, most)
        if begins >= most:
            return begins
        return sum(_count(self.field, target, look) for target in look.found(self.term))

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        if moved.field is self.field:
            yield moved.one
        for target in self.term.touched(moved, look):
            yield from look.pointing(self.field, target)

    def check(self, space: Space) -> None:
        self.term.check(space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return self.term.fields | {self.field}

    def __str__(self) -> str:
        return f"{self.field.attribute}=({self.term})"


@dataclass(frozen=True, slots=True, eq=False)
class PointedBy(Term):
    """`typed=`, `out=`, `in_=`, `valued=` of an association: the one at which that points."""

    field: Field
    name: Named

    def matches(self, one: Association, look: Look) -> bool:
        source = look.named(self.name)
        return source is not None and getattr(source, self.field.slot) is one

    def find(self, look: Look) -> Iterator[Association]:
        source = look.named(self.name)
        target = None if source is None else here(getattr(source, self.field.slot))
        return look.visit(() if target is None else (target,))

    def size(self, look: Look, most: int) -> int:
        return 1

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return _ends(self.field, moved)

    def names(self, one: Association, look: Look) -> bool:
        return self.matches(one, look)

    def check(self, space: Space) -> None:
        _check(self.name, self.field.back_name, space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset((self.field,))

    def __str__(self) -> str:
        return f"{self.field.back_name}={_shown(self.name)}"


@dataclass(frozen=True, slots=True, eq=False)
class PointedByNobody(Term):
    """`typed=None` and its like: nobody points here."""

    field: Field

    def matches(self, one: Association, look: Look) -> bool:
        return not look.pointing(self.field, one)

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return _ends(self.field, moved)

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset((self.field,))

    def __str__(self) -> str:
        return f"{self.field.back_name}=None"


@dataclass(frozen=True, slots=True, eq=False)
class PointedBySome(Term):
    """`out={...}` and its like: at least one that matches points here."""

    field: Field
    term: Term

    def matches(self, one: Association, look: Look) -> bool:
        return any(self.term.matches(source, look) for source in look.visit(look.pointing(self.field, one)))

    def find(self, look: Look) -> Iterator[Association]:
        targets = (here(getattr(source, self.field.slot)) for source in look.found(self.term))
        return look.visit(dict.fromkeys(target for target in targets if target is not None))

    def size(self, look: Look, most: int) -> int:
        return self.term.size(look, most)

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        yield from _ends(self.field, moved)
        for source in self.term.touched(moved, look):
            target = here(getattr(source, self.field.slot))
            if target is not None:
                yield target

    def check(self, space: Space) -> None:
        self.term.check(space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return self.term.fields | {self.field}

    def __str__(self) -> str:
        return f"{self.field.back_name}=({self.term})"


@dataclass(frozen=True, slots=True, eq=False)
class Holds(Term):
    """`data=`: what is at the end of the value chain stands a test; `name` and `wanted` are the comparison in Hasura's words."""

    text: str
    test: Callable[[object], bool]
    name: str
    wanted: object

    def matches(self, one: Association, look: Look) -> bool:
        return self.test(look.ends.data(one))

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return iter(and_valued(moved.one) if moved.field in (DATA, VALUE) else ())

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset((DATA, VALUE))

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class _Several(Term):
    terms: tuple[Term, ...]

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return (one for term in self.terms for one in term.touched(moved, look))

    def names(self, one: Association, look: Look) -> bool:
        return any(term.names(one, look) for term in self.terms)

    def check(self, space: Space) -> None:
        for term in self.terms:
            term.check(space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return frozenset[Field | str]().union(*(term.fields for term in self.terms))


class Every(_Several):
    """All of these questions; none at all is answered with yes."""

    __slots__ = ()

    def matches(self, one: Association, look: Look) -> bool:
        return all(term.matches(one, look) for term in self.terms)

    def smallest(self, look: Look, most: int = UNKNOWN) -> tuple[int, Term | None]:
        """The size of the smallest index and its term; None where no index helps."""
        best: Term | None = None
        # Those whose size is known at once come first: they bound what is spent on the others.
        for term in sorted(self.terms, key=lambda term: not isinstance(term, Itself | PointsAt | PointedBy)):
            size = term.size(look, most)
            if size < most:
                most, best = size, term
        return most, best

    def find(self, look: Look) -> Iterator[Association]:
        start = self.terms[0] if len(self.terms) == 1 else self.smallest(look)[1]
        rest = [term for term in self.terms if term is not start]
        begin = look.everything() if start is None else start.find(look)
        return (one for one in begin if all(term.matches(one, look) for term in rest))

    def size(self, look: Look, most: int) -> int:
        return min((term.size(look, most) for term in self.terms), default=UNKNOWN)

    def __str__(self) -> str:
        return ", ".join(map(str, self.terms))


class Either(_Several):
    """At least one of these questions; none at all is answered with no."""

    __slots__ = ()

    def matches(self, one: Association, look: Look) -> bool:
        return any(term.matches(one, look) for term in self.terms)

    def find(self, look: Look) -> Iterator[Association]:
        if self.size(look, UNKNOWN - 1) == UNKNOWN:
            return Term.find(self, look)
        return iter(dict.fromkeys(one for term in self.terms for one in term.find(look)))

    def size(self, look: Look, most: int) -> int:
        total = 0
        for term in self.terms:
            total += min(term.size(look, most), UNKNOWN - total)
            if total > most:
                break
        return total

    def __str__(self) -> str:
        return " | ".join(f"({term})" for term in self.terms)


@dataclass(frozen=True, slots=True, eq=False)
class Unless(Term):
    """The question answered the other way."""

    term: Term

    def matches(self, one: Association, look: Look) -> bool:
        return not self.term.matches(one, look)

    def touched(self, moved: Moved, look: Look) -> Iterator[Association]:
        return self.term.touched(moved, look)

    def check(self, space: Space) -> None:
        self.term.check(space)

    @property
    def fields(self) -> frozenset[Field | str]:
        return self.term.fields

    def __str__(self) -> str:
        return f"~({self.term})"


def _count(field: Field, target: Association, look: Look) -> int:
    members = field.members(target)
    own = len(members) if isinstance(members, dict) else int(members is not None)
    return own + (len(look.space.built_ins) if field is TYPE and target is look.space.root else 0)


def _ends(field: Field, moved: Moved) -> Iterator[Association]:
    return iter((moved.target,) if moved.field is field and moved.target is not None else ())


def _check(name: Named, field: str, space: Space) -> None:
    if isinstance(name, str) or name._space is space:
        return
    error = DestroyedError if name.destroyed else OtherSpaceError
    raise error(association=repr(name), owner="the query", field=field)


def _shown(name: Named) -> str:
    return name if isinstance(name, str) else showing.called(name)
