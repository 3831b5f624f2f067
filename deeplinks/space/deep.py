"""Deep: a space, and its root association.

The space room. The door for people: it finds, makes and groups; what a change does is the space's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, KeysView, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar, Unpack, overload

from deeplinks.errors import UnknownIdError
from deeplinks.ids import canonical, new_id
from deeplinks.space import showing
from deeplinks.space.association import Association
from deeplinks.space.changing import now
from deeplinks.space.criteria import Criteria, Q
from deeplinks.space.events import EventKind, Signals
from deeplinks.space.ledger import StorageMarker
from deeplinks.space.plan import Order
from deeplinks.space.query import Query
from deeplinks.space.space import Space
from deeplinks.space.walking import Direction, Via, shortest_path

T = TypeVar("T")


class Deep(Association):
    """A space and its root association: `deep()` makes an association, `deep.String("a")` one with data.

    `Deep(space=id)` names the space; its root has the same id. Nothing is shared between spaces.
    """

    __slots__ = ()

    String: Association
    Number: Association
    Function: Association
    Set: Association
    """The type of sets: `deep.Set(["a", alice])`. What is in one is held by Items, and is asked for as of a Python set."""
    Item: Association
    """The type of the links that hold members, from a set to each: ordinary associations, which `tags.out` shows."""

    events: type[EventKind] = EventKind
    storage_markers: type[StorageMarker] = StorageMarker

    def __init__(self, space: str | uuid.UUID | None = None) -> None:
        id = new_id() if space is None else canonical(space)
        kept = Space(self, id)
        super().__init__(kept, id, kept.next_seq(), now())
        kept.populate()

    @property
    def space(self) -> Space:
        """The space itself, for those who carry it to and from storages."""
        return self._space

    @property
    def signals(self) -> Signals:
        """The blinker signals of this space."""
        return self._space.signals

    @property
    def ids(self) -> KeysView[str]:
        """The ids of all associations, the root's first; built-ins are left out."""
        return self._space.associations.keys()

    def together(self) -> AbstractContextManager[None]:
        """One thought: `with deep.together():` is told once, sent whole, and undone if it raises.

        At its end it raises `GroupTooLargeError` for more than one request can carry, `InvalidError` after an `await`.
        """
        return self._space.together()

    def wrap(self, value: object) -> Association:
        """An association for a value: an association is its own; a text, a number, a function or a set becomes a new one.

        Text is text, never an id: `deep[id]` looks one up. Raises `WrongTypeError` for anything else, `UnstorableError`,
        `OtherSpaceError` and `DestroyedError`.
        """
        return self._space.collections.wrap(value)

    def query(
        self,
        *criteria: Q | Mapping[str, object],
        order_by: Order | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **fields: Unpack[Criteria],
    ) -> Query:
        """Ask for associations: `deep.query(type=User, out={"type": Follows})`; answered when it is looked at.

        Fields are `id`, `type`, `from_`, `to`, `value`, `typed`, `out`, `in_`, `valued` and `data`, all of which have to match;
        criteria are dicts of them, and `Q`, which also combines with `&`, `|` and `~`. Raises `InvalidError`, `WrongTypeError`,
        `MalformedIdError`, `OtherSpaceError` or `DestroyedError`, which name the field and what it was given.
        """
        return Query(self._space, criteria, fields, order_by, limit, offset)

    def shortest_path(
        self, a: Association, b: Association, *, via: Via = None, direction: Direction = "out"
    ) -> list[Association]:
        """A shortest way along links: `[alice, follows, bob]`; the first found where there are several, empty for none.

        `via` and `direction` are those of `walk`, and so is what is raised.
        """
        return shortest_path(self[a], self[b], via, direction)

    def __getitem__(self, id: str | uuid.UUID | Association) -> Association:
        """The association of that id. Looking never creates: raises `UnknownIdError`, a KeyError."""
        found = self.get(id)
        if found is None:
            raise UnknownIdError(id=id)
        return found

    @overload
    def get(self, id: str | uuid.UUID | Association) -> Association | None: ...
    @overload
    def get(self, id: str | uuid.UUID | Association, default: T) -> Association | T: ...
    def get(self, id: str | uuid.UUID | Association, default: object = None) -> object:
        """The association of that id, or the default."""
        found = self._space.find(canonical(id.id if isinstance(id, Association) else id))
        if found is None or (isinstance(id, Association) and found is not id):
            return default
        return found

    def __contains__(self, id: object) -> bool:
        found = self._space.look_up(id)
        return found is not None and found._space is self._space

    def __len__(self) -> int:
        return len(self._space.associations)

    def __iter__(self) -> Iterator[Association]:
        return iter(tuple(self._space.associations.values()))

    def __getattr__(self, name: str) -> Association:
        # Underscored names are asked for before there is a space to ask.
        built_in = None if name.startswith("_") else self._space.built_in_names.get(name)
        if built_in is None:
            raise AttributeError(f"a space has no attribute {name!r}")
        return built_in

    def __repr__(self) -> str:
        return showing.space_line(self)
