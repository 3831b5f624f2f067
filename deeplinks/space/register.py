"""The register: what is in a space, found by id and by name, and what a setter may be given.

The space room. It looks and refuses; nothing changes here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.errors import (
    DestroyedError,
    InvalidError,
    MalformedIdError,
    NoDataError,
    OtherSpaceError,
    UnknownIdError,
    WrongTypeError,
    described,
)
from deeplinks.ids import canonical
from deeplinks.space import showing
from deeplinks.space.association import Association
from deeplinks.space.events import EventKind
from deeplinks.space.fields import TYPE, Field
from deeplinks.space.telling import Telling
from deeplinks.space.values import checked

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep
    from deeplinks.space.space import Space

# What a reference may be given.
Target: TypeAlias = Association | str | uuid.UUID | None


_KINDS = {kind.value: kind for kind in EventKind}


@dataclass(frozen=True, slots=True)
class _New:
    """An association that is about to be made, as errors name it."""

    type: Association

    def described(self) -> str:
        """A new one of that type."""
        root = self.type is self.type.space_of().root
        return "a new association" if root else f"a new {showing.called(self.type)}"


class Register(Telling):
    """All associations of a space, and its built-ins; `itself` is the whole space that this is a part of."""

    itself: Space
    contain: Association
    item: Association
    alive: Association
    # Whether there ever was a link that names: asked at every change.
    naming = False

    def __init__(self, root: Deep, id: str) -> None:
        super().__init__(root)
        self.id = id
        self.associations: dict[str, Association] = {}
        self.built_ins: dict[str, Association] = {}
        self.built_in_names: dict[str, Association] = {}
        self.kinds: dict[Association, str] = {}
        self._next_seq = count(1).__next__

    def next_seq(self) -> int:
        """The next number in this process's order of creation."""
        return self._next_seq()

    # looking

    def here(self) -> Space:
        """This space; what stands in for it in a destroyed association raises instead."""
        return self.itself

    def find(self, id: str) -> Association | None:
        """The association of that canonical id, built-ins too."""
        return self.associations.get(id) or self.built_ins.get(id)

    def look_up(self, item: object) -> Association | None:
        """The association that this is, or whose id it is in any spelling; None for anything else."""
        if isinstance(item, Association):
            return item
        try:
            return self.find(canonical(item))
        except InvalidError:
            return None

    def permanent(self, association: Association) -> bool:
        """Whether it is the root or a built-in: never marked, never destroyed."""
        return association is self.root or association.id in self.built_ins

    def name_of(self, association: Association) -> str | None:
        """The name people know it by."""
        if association is self.root:
            return "deep"
        if association.id not in self.built_ins:
            return None
        return next(name for name, one in self.built_in_names.items() if one is association)

    def kind_of(self, association: Association) -> str | None:
        """Which data an association may hold: the first data type in its type chain."""
        direct = self.kinds.get(association.type) if association.type else None
        return direct or next((self.kinds[type] for type in association.type_chain if type in self.kinds), None)

    # checking

    def event_key(self, event: object) -> EventKind | str:
        """The kind of event that is meant, or what stands for an event of people's own. Raises `WrongTypeError`."""
        if isinstance(event, Association) and event.destroyed:
            raise DestroyedError(association=repr(event))
        if isinstance(event, Association) and self.built_in_names["Event"] in event.type_chain:
            return event.id
        if not isinstance(event, str) or not event:
            raise WrongTypeError(
                what="an event kind", expected="one of deep.events, a text, or an instance of a deep.Event", value=event
            )
        return _KINDS.get(event, event)

    def own_type(self, type: Association | None) -> Association:
        """A type of this space, the root for none. Raises `WrongTypeError`, `OtherSpaceError`, `DestroyedError`."""
        return self._target(_New(self.root), TYPE, type) or self.root

    def _target(self, owner: Association | _New, field: Field, target: Target) -> Association | None:
        if target is None:
            return None
        if isinstance(target, Association):
            if target._space is not self:
                raise _stranger(owner, field, target)
            return target
        if not isinstance(target, str | uuid.UUID):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(
                what=f"{field.attribute} of {described(owner)}", expected="an association or an id", value=target
            )
        return self._named(owner, field, target)

    def _named(self, owner: Association | _New, field: Field, id: str | uuid.UUID) -> Association:
        try:
            found = self.find(canonical(id))
        except MalformedIdError:
            raise MalformedIdError(value=id, association=owner, field=field.attribute) from None
        if found is None:
            raise UnknownIdError(id=id, association=owner, field=field.attribute)
        return found

    def _data(
        self, association: Association | _New, kind: str | None, type: Association | None, data: object
    ) -> object:
        if kind is None:
            raise NoDataError(association=association, type=type, value=data)
        if isinstance(data, Association):
            raise WrongTypeError(
                what=f"data of {described(association)}", expected="a value; .value takes associations", value=data
            )
        return checked(kind, data, association)


def _stranger(owner: Association | _New, field: Field, target: Association) -> DestroyedError | OtherSpaceError:
    if target.destroyed:
        return DestroyedError(association=repr(target), owner=owner, field=field.attribute)
    return OtherSpaceError(association=repr(target), owner=owner, field=field.attribute)
