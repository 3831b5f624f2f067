"""Deep: a space, and its root association.

The space room. The door for people: it finds, makes and groups; what a change does is the space's business.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from contextlib import AbstractContextManager
from typing import Self, TypeVar, Unpack, overload

from deeplinks.errors import UnknownIdError, UnknownNameError
from deeplinks.ids import canonical, is_id, new_id
from deeplinks.space import copying, ledger, showing
from deeplinks.space.alive import Reason
from deeplinks.space.association import Association
from deeplinks.space.bulk import Build, building
from deeplinks.space.changing import now
from deeplinks.space.criteria import Criteria, Q
from deeplinks.space.data_index import keys
from deeplinks.space.events import EventKind, Signals
from deeplinks.space.expecting import expecting
from deeplinks.space.json_data import Json
from deeplinks.space.plan import Order
from deeplinks.space.policies import Policy
from deeplinks.space.query import Query
from deeplinks.space.space import Space
from deeplinks.space.walking import Direction, Via, shortest_path
from deeplinks.tables import BUILT_INS

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
    Array: Association
    """The type of lists: `deep.Array(["a", "b"])`. Each member has a place, and may have several; it is used as a Python list."""
    Item: Association
    """The type of the links that hold members, from a set to each: ordinary associations, which `tags.out` shows."""
    Boolean: Association
    Object: Association
    """The type of JSON objects: `deep.Object({"a": 1})`. Used as a Python dict; each change makes and tells one new datum."""
    Map: Association
    """The type of mappings whose keys are texts, numbers, bools or None, and keep their order: `deep.Map({1: "a"})`."""
    Date: Association
    """The type of dates and of moments, which have a time zone: `deep.Date(datetime.now(UTC))`."""
    Contain: Association
    """The type of the links that name, from a container to a child, with the name as their value."""
    Alive: Association
    """The type of types whose instances run a function when they are made and destroyed: `deep.Alive(function)`."""
    Field: Association
    """The type of functions that are read, set and deleted as if they were what a name leads to: `deep.Field(function)`."""
    Method: Association
    """The type of functions that a name leads to, bound to whom they are asked of: `deep.Method(function)`."""
    Event: Association
    """The type of types of people's own events: `Greeted = deep.Event(); greeted = Greeted(); a.on(greeted, print)`."""

    StorageMarker: Association
    """The type of storage markers of one's own, which say like `one_true` what is stored: `a.store("database", deep.StorageMarker())`."""

    reasons: type[Reason] = Reason
    events: type[EventKind] = EventKind
    storage_markers: type[ledger.StorageMarker] = ledger.StorageMarker

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
        Who was moved or destroyed and comes back is the last in `ids`, in back references and in `children`.
        """
        return self._space.together()

    def forget_storage(self, storage: object) -> None:
        """End a storage's name in this space: nobody is marked for it any more, and what waited for it is dropped.

        Each mark is told as `store_removed`. What the storage has stays there; one that is synchronized under the name
        again begins anew. Raises `InvalidError` while it is synchronized, and inside a `together()`.
        """
        self._space.forget_storage(storage)

    def expect(
        self, association: Association, version: int | None = None, *, storage: str | None = None
    ) -> AbstractContextManager[None]:
        """A `together()` that is written only if nobody else changed an association since: `with deep.expect(alice, version):`.

        `version` is `alice.version` as it was when she was looked at; without one, as it is now. Raises `StaleError` at once,
        and nothing is changed, where somebody else is known to have changed her; what the storage finds out is set aside, and
        raised by `flush`. `InvalidError` where no storage has told her version, or several have and none is named.
        """
        return expecting(self._space, association, version, storage)

    def on_conflict(self, type: Association, policy: Policy | None, *, field: str | None = None) -> None:
        """Who wins where this process and another change one field of an instance of a type: `deep.on_conflict(Note, merge)`.

        `"mine"`, the later commit, is what happens without a policy; `"theirs"` gives up what was changed here;
        `StaleError` sets it aside instead; a function is given (base, mine, theirs) and gives what is to be: it merges data,
        and of a `field` that is named references, as ids. The nearest type decides, for data also that of what has it as
        its value; None takes a policy away. The signal `conflict` tells both values all the same, but not of `StaleError`.
        Raises `WrongTypeError`.
        """
        self._space.policies.set(type, policy, field)

    def to_dict(self) -> dict[str, Json]:
        """All of it as plain values for JSON, in the order of making: ids, references, data, marks and times.

        Exact, with Python's `json`. Raises `UnstorableError` for a function whose source can't be found.
        """
        return copying.as_dict(self._space)

    @classmethod
    def from_dict(cls, told: Mapping[str, object]) -> Self:
        """The space that `to_dict` told of, with its id and all others, back references in the order of making.

        What is stored is to be written, whatever its storage has. Functions come back as text and never run. Raises
        `InvalidError` for a field that is not known, and for what a setter would refuse.
        """
        deep = cls(space=copying.space_id(told))
        copying.fill(deep._space, told)
        return deep

    def copy(self, associations: Iterable[Association | str | uuid.UUID]) -> dict[Association, Association]:
        """These once more, with new ids: what they refer to among themselves is copied, what is outside is the same.

        Gives the copies by their originals. Marks, states and subscriptions are not copied. Raises `BuiltInError` for the
        root and built-ins, and what making an association raises; then nothing is copied.
        """
        return copying.copied(self._space, associations)

    def bulk(self) -> AbstractContextManager[Build]:
        """Make much at once: `with deep.bulk() as build: build.links(Follows, pairs)`; nothing of it is made if it raises.

        Python's collector of cycles rests meanwhile. What was made is noted for the storages at the end of the block; it
        is sent in as many batches as it takes.
        """
        return building(self._space)

    def wrap(self, value: object) -> Association:
        """An association for a value: an association is its own; of anything else a new one is made.

        A text, a number, a bool, a date and a function become data; a dict becomes an Object, or a Map if a key is no text; a
        list becomes an Array and a set a Set of what is wrapped. Text is text, never an id: `deep[id]` looks one up. Raises `WrongTypeError` for anything else, `UnstorableError`,
        `OtherSpaceError` and `DestroyedError`.
        """
        return self._space.collections.wrap(value)

    def with_data(self, value: object) -> list[Association]:
        """All associations that have this very data themselves, in the order in which they were made.

        Found in an index that is made at the first question and kept from then on. 1, 1.0 and True are three different
        pieces of data.
        """
        return self._space.held().all(keys(value))

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

    def alive(self, function: Callable[[Association, Reason], object]) -> Association:
        """A type whose instances run a function, as a decorator: it hears `construction` and `destruction`.

        What it raises at a construction or a destruction undoes that. It runs for what is made and destroyed here, never
        for what comes from a storage.
        """
        return self.Alive(function)

    def field(self, function: Callable[..., object]) -> Association:
        """A Field, as a decorator; name it in a type, and it is there for all instances: `User["age"] = age`.

        The function takes the owner, and what it gives is what one gets; one that takes an `Access` too is also called
        to set and to delete, for which items are used: `alice["age"] = 5`.
        """
        return self.Field(function)

    def method(self, function: Callable[..., object]) -> Association:
        """A Method, as a decorator; name it in a type, and call it on instances: `User["greet"] = greet; alice.greet()`."""
        return self.Method(function)

    def ensure(self, id: str | uuid.UUID, type: Association | None = None) -> Association:
        """The association of that id, made if it is not here, with that type or typed root; for loaders of one's own.

        Raises `MalformedIdError`, `WrongTypeError`, `OtherSpaceError`.
        """
        return self._space.ensure(canonical(id), self._space.own_type(type))

    def __getitem__(self, id: str | uuid.UUID | Association) -> Association:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The association of that id, or at the end of that path of names: `deep["Users/alice"]`; an id is never a path.

        Looking never creates: raises `UnknownIdError` or `UnknownNameError`, which are KeyErrors.
        """
        if isinstance(id, str) and not is_id(id):
            return super().__getitem__(id)
        found = self.get(id)
        if found is None:
            raise UnknownIdError(id=id)
        return found

    @overload
    def get(self, id: str | uuid.UUID | Association) -> Association | None: ...
    @overload
    def get(self, id: str | uuid.UUID | Association, default: T) -> Association | T: ...
    def get(self, id: str | uuid.UUID | Association, default: object = None) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The association of that id or path, or the default."""
        if isinstance(id, str) and not is_id(id):
            found = self._space.names.look(self, id)
            return default if found is None else found
        found = self._space.find(canonical(id.id if isinstance(id, Association) else id))
        if found is None or (isinstance(id, Association) and found is not id):
            return default
        return found

    def __contains__(self, id: object) -> bool:
        found = self._space.look_up(id)
        if found is None and isinstance(id, str):
            found = self._space.names.look(self, id)
        return found is not None and found._space is self._space

    def __len__(self) -> int:
        return len(self._space.associations)

    def __iter__(self) -> Iterator[Association]:
        return iter(tuple(self._space.associations.values()))

    def __setattr__(self, name: str, value: object) -> None:
        # `deep.Users = User` is the same as deep["Users"] = User. The root alone can do so: it would cost each setting of
        # a reference too much.
        if name.startswith("_") or (hasattr(type(self), name) and name not in BUILT_INS):
            super().__setattr__(name, value)
        else:
            self._space.living.put(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            super().__delattr__(name)
            return
        try:
            self._space.living.take(self, name)
        except UnknownNameError:
            raise AttributeError(f"a space has no attribute {name!r}") from None

    def __repr__(self) -> str:
        return showing.space_line(self)
