"""The association: an id and four references, each to another association. It says what is true of itself.

The space room. Who cares about a change (a storage, a receiver) is the space's business and is not mentioned here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from keyword import iskeyword
from time import time_ns
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias, overload

from deeplinks.errors import DestroyedError, FunctionNotTrustedError
from deeplinks.space import showing
from deeplinks.space.back_references import BackReferences, In, Members, Out, Typed, Valued
from deeplinks.space.children import Children
from deeplinks.space.contents import MAPPINGS, Contents
from deeplinks.space.events import AnyHandler, Event, EventKind, Subscription
from deeplinks.space.expecting import version
from deeplinks.space.fields import FROM, TO, TYPE, VALUE
from deeplinks.space.ledger import Marker, StorageMarker, SyncState, upwards
from deeplinks.space.promises import Operation, Promise
from deeplinks.space.values import NOTHING, FunctionSource

if TYPE_CHECKING:
    from deeplinks.space.space import Space
    from deeplinks.space.walking import Direction, Via

# What a reference is kept as: an association, the id of one that is not here, or nothing.
Reference: TypeAlias = "Association | str | None"

# References are read and live sets made by the million: a view without an `__init__` of Python, `type(…) is` in place of
# isinstance.
new = object.__new__
# So many paths are offered to complete one.
MOST_PATHS: Final = 1_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Association(Contents):
    """A link: `type`, `from_`, `to` and `value` point at other associations; `typed`, `out`, `in_`, `valued` point back.

    One object an id, so `is` compares. Call it to make an instance of it: `alice = User()`.
    Setters raise `WrongTypeError`, `OtherSpaceError`, `DestroyedError` or `BuiltInError`, and then nothing has changed.
    """

    __slots__ = (
        "__weakref__",
        "_created_at",
        "_data",
        "_from",
        "_i",
        "_id",
        "_in",
        "_out",
        "_seq",
        "_space",
        "_to",
        "_type",
        "_typed",
        "_updated_at",
        "_value",
        "_valued",
    )

    _i: int | None
    _id: str
    _seq: int
    _space: Space
    _type: Association | str | None
    _from: Association | str | None
    _to: Association | str | None
    _value: Association | str | None
    _typed: Members
    _out: Members
    _in: Members
    _valued: Members
    _data: object
    _created_at: int | str
    _updated_at: int | str

    def __init__(self, space: Space, id: str, seq: int, now: int) -> None:
        self._space = space
        self._id = id
        self._seq = seq
        self._i = None
        self._type = self._from = self._to = self._value = None
        self._typed = self._out = self._in = self._valued = None
        self._data = NOTHING
        self._created_at = self._updated_at = now

    @property
    def id(self) -> str:
        """The canonical UUID; never changes."""
        return self._id

    @property
    def seq(self) -> int:
        """This process's order of creation."""
        return self._seq

    @property
    def i(self) -> int | None:
        """The stored order of creation, `_i`; None until the storage has told it."""
        return self._i

    # references

    @property
    def type(self) -> Association | None:
        """What this is an instance of."""
        target = self._type
        return None if type(target) is str else target  # pyright: ignore[reportReturnType]

    @type.setter
    def type(self, target: Association | str | uuid.UUID | None) -> None:
        self._space.refer(self, TYPE, target)

    @type.deleter
    def type(self) -> None:
        self._space.refer(self, TYPE, None)

    @property
    def from_(self) -> Association | None:
        """Where this link starts."""
        target = self._from
        return None if type(target) is str else target  # pyright: ignore[reportReturnType]

    @from_.setter
    def from_(self, target: Association | str | uuid.UUID | None) -> None:
        # The usual change, written out: a call in it would cost as much as all of it.
        space, old, type = self._space, self._from, self._type
        if (
            space.attended
            or type is space.contain
            or type is space.item
            or self._id in space.built_ins
            or isinstance(old, str)
            or not (target is None or (isinstance(target, Association) and target._space is space))
        ):
            space.refer(self, FROM, target)
        elif old is not target:
            if old is not None:
                members = old._out
                if isinstance(members, dict):
                    del members[self]
                    if not members:
                        old._out = None
                else:
                    old._out = None
            self._from = target
            if target is not None:
                members = target._out
                if isinstance(members, dict):
                    members[self] = None
                else:
                    target._out = self if members is None else {members: None, self: None}
            self._updated_at = time_ns()

    @from_.deleter
    def from_(self) -> None:
        self._space.refer(self, FROM, None)

    @property
    def to(self) -> Association | None:
        """Where this link ends."""
        target = self._to
        return None if type(target) is str else target  # pyright: ignore[reportReturnType]

    @to.setter
    def to(self, target: Association | str | uuid.UUID | None) -> None:
        # The usual change, written out: a call in it would cost as much as all of it.
        space, old, type = self._space, self._to, self._type
        if (
            space.attended
            or type is space.contain
            or type is space.item
            or self._id in space.built_ins
            or isinstance(old, str)
            or not (target is None or (isinstance(target, Association) and target._space is space))
        ):
            space.refer(self, TO, target)
        elif old is not target:
            if old is not None:
                members = old._in
                if isinstance(members, dict):
                    del members[self]
                    if not members:
                        old._in = None
                else:
                    old._in = None
            self._to = target
            if target is not None:
                members = target._in
                if isinstance(members, dict):
                    members[self] = None
                else:
                    target._in = self if members is None else {members: None, self: None}
            self._updated_at = time_ns()

    @to.deleter
    def to(self) -> None:
        self._space.refer(self, TO, None)

    @property
    def value(self) -> Association | None:
        """What this has as its value."""
        target = self._value
        return None if type(target) is str else target  # pyright: ignore[reportReturnType]

    @value.setter
    def value(self, target: Association | str | uuid.UUID | None) -> None:
        # The usual change, written out: a call in it would cost as much as all of it.
        space, old, type = self._space, self._value, self._type
        if (
            space.attended
            or type is space.contain
            or type is space.item
            or self._id in space.built_ins
            or isinstance(old, str)
            or not (target is None or (isinstance(target, Association) and target._space is space))
        ):
            space.refer(self, VALUE, target)
        elif old is not target:
            if old is not None:
                members = old._valued
                if isinstance(members, dict):
                    del members[self]
                    if not members:
                        old._valued = None
                else:
                    old._valued = None
            self._value = target
            if target is not None:
                members = target._valued
                if isinstance(members, dict):
                    members[self] = None
                else:
                    target._valued = self if members is None else {members: None, self: None}
            self._updated_at = time_ns()

    @value.deleter
    def value(self) -> None:
        self._space.refer(self, VALUE, None)

    # An id says where a reference points even when its target is not here.

    @property
    def type_id(self) -> str | None:
        """The id of the type, also of one that is not in this space."""
        return id_of(self._type)

    @property
    def from_id(self) -> str | None:
        """The id of `from_`, also of one that is not in this space."""
        return id_of(self._from)

    @property
    def to_id(self) -> str | None:
        """The id of `to`, also of one that is not in this space."""
        return id_of(self._to)

    @property
    def value_id(self) -> str | None:
        """The id of the value, also of one that is not in this space."""
        return id_of(self._value)

    @property
    def typed(self) -> BackReferences:
        """The live set of this one's instances."""
        view = new(Typed)
        view._owner = self
        return view

    @property
    def out(self) -> BackReferences:
        """The live set of the links that start here."""
        view = new(Out)
        view._owner = self
        return view

    @property
    def in_(self) -> BackReferences:
        """The live set of the links that end here."""
        view = new(In)
        view._owner = self
        return view

    @property
    def valued(self) -> BackReferences:
        """The live set of the associations that have this one as value."""
        view = new(Valued)
        view._owner = self
        return view

    # names

    @property
    def name(self) -> str | None:
        """What it is called: the name of a built-in, else the one that it was given last, in whatever contains it.

        Setting it renames it there; what is contained nowhere may have a name too; `del` takes every name away. Raises
        `InvalidError` for a name that another has there, `BuiltInError` for the root and for built-ins.
        """
        return self._space.names.named(self)

    @name.setter
    def name(self, name: str | None) -> None:
        self._space.names.rename(self, name)

    @name.deleter
    def name(self) -> None:
        self._space.names.rename(self, None)

    @property
    def path(self) -> str | None:
        """The shortest path from the root, `/Users/alice`, by which `deep[path]` finds it; None where there is none."""
        return self._space.names.path(self)

    @property
    def children(self) -> Children:
        """The associations that it contains, by name: a live mapping, in which names are given and taken away."""
        return Children(self._space.names, self)

    @overload
    def __getitem__(self, name: str | int) -> Association: ...
    @overload
    def __getitem__(self, name: slice) -> list[Association]: ...
    @overload
    def __getitem__(self, name: object) -> object: ...
    def __getitem__(self, name: object) -> object:
        """What is called so: an own child, its type's, that one's type's, …, or a built-in; `a["Users/alice"]` is a path.

        A Field gives what it gets, a Method itself bound to this one. Raises `UnknownNameError`, a KeyError. Where the
        value chain ends in an Array: who is at that place, or at the places of a slice; in an Object or a Map: what that
        key has, which comes before a name of its own or of its types; those of the root are not looked for then. Raises
        `NoPlaceError`, an IndexError, or `NoKeyError`, a KeyError.
        """
        holder = self._space.places.holder(self, name)
        if holder is not None:
            return self._space.places.at(holder, name)
        return self._space.living.get(self, name)  # pyright: ignore[reportArgumentType]

    def __setitem__(self, name: object, value: object) -> None:
        """Contain something under a name, in place of who had it here; what is no association is wrapped, as by `deep.wrap`.

        It is kept by a link of the built-in type `Contain`. Where the name is that of a Field, the Field is set. Where the
        value chain ends in an Array, an Object or a Map, the place or the key is set.
        """
        holder = self._space.places.setter(self, name)
        if holder is not None:
            self._space.places.put(holder, name, value)
            return
        self._space.living.put(self, name, value)  # pyright: ignore[reportArgumentType]

    def __delitem__(self, name: object) -> None:
        """Take a name away; who had it stays. A Field of that name deletes. Raises `UnknownNameError`.

        Where the value chain ends in an Array, an Object or a Map, take out who is at the place, or the key if there is one.
        """
        holder = self._space.places.holder(self, name)
        if holder is not None:
            self._space.places.take(holder, name)
            return
        self._space.living.take(self, name)  # pyright: ignore[reportArgumentType]

    if TYPE_CHECKING:
        # What a name leads to: names add it to the class when there is the first one, see there.
        def __getattr__(self, name: str) -> Association: ...

    def __dir__(self) -> list[str]:
        names = () if self.destroyed else self._space.names.seen(self)
        return [*super().__dir__(), *(name for name in names if name.isidentifier() and not iskeyword(name))]

    def _ipython_key_completions_(self) -> list[object]:
        form, _ = self._space.collections.end_of(self)
        return [*(self.keys() if form in MAPPINGS else ()), *self.children, *self._space.names.paths(self, MOST_PATHS)]

    def instances(self) -> Members:
        """The members of `typed`, as they are kept."""
        return self._typed

    @property
    def type_chain(self) -> list[Association]:
        """The type, its type, and so on up to the root; a cycle ends at its first repeat."""
        return list(upwards(self.type))

    def is_a(self, type: Association | str | uuid.UUID) -> bool:
        """Whether `type` is in the type chain."""
        wanted = type if isinstance(type, Association) else self._space.look_up(type)
        return any(wanted is one for one in self.type_chain)

    def is_(self, other: Association | str | uuid.UUID) -> bool:
        """Whether that is this one, given itself or its id."""
        return self._space.look_up(other) is self

    @property
    def state(self) -> dict[str, object]:
        """What this process keeps of it, in memory alone: never stored, and gone when it is destroyed. `del` empties it.

        What is set in it inside `together()`, where it was asked for there, is undone with all else; what its values
        hold is not.
        """
        return self._space.living.state(self)

    @state.deleter
    def state(self) -> None:
        self._space.living.empty(self)

    def walk(self, depth: int | None = None, *, via: Via = None, direction: Direction = "out") -> Iterator[Association]:
        """Those around this one within `depth` links, each once, nearest first: `alice.walk(2, via=Follows)`.

        A link is taken from its `from_` to its `to`, with `direction="in"` the other way, with `"both"` either way; `via`
        is its type, a list of types, or criteria. Raises `InvalidError` and what `deep.query` raises.
        """
        return self._space.walk(self, depth, via, direction)

    # data

    @property
    def val(self) -> Association:
        """The end of the value chain: the first without a value; in a cycle the first that repeats."""
        seen: set[Association] = set()
        end = self
        while end not in seen:
            seen.add(end)
            following = end.value
            if following is None:
                return end
            end = following
        return end

    @property
    def data(self) -> object:
        """What the end of the value chain holds: a text, a number, a function, a dict, a date, a bool; None if it holds none.

        Setting it changes the association at the end of the chain. Raises `NoDataError` where that one's type holds no
        data, `WrongTypeError` or `UnstorableError` for a value it can't hold.
        """
        return self.val.own_data()

    @data.setter
    def data(self, value: object) -> None:
        self._space.assign(self.val, value)

    @data.deleter
    def data(self) -> None:
        self._space.assign(self.val, NOTHING)

    def own_data(self) -> object:
        """The data of this very association, None if it holds none."""
        return None if self._data is NOTHING else self._data

    # times

    @property
    def created_at(self) -> datetime:
        """When it was made; never changes."""
        return _time(self._created_at)

    @property
    def updated_at(self) -> datetime:
        """When one of its references or its data last changed."""
        return _time(self._updated_at)

    def restore_times(self, created_at: str, updated_at: str) -> None:
        """Take over the times that a storage has."""
        self._created_at = created_at
        self.touch(updated_at)

    def restore_order(self, i: int | None) -> None:
        """Take over the order of creation that a storage has."""
        self._i = i

    def touch(self, updated_at: str) -> None:
        """The storage says when it was changed: the later of its rows counts."""
        known = self._updated_at
        # Two ISO texts of one zone compare as the moments do.
        self._updated_at = max(known, updated_at) if isinstance(known, str) else updated_at

    # making and ending

    def __call__(
        self,
        data: object = NOTHING,
        /,
        *args: object,
        from_: Association | str | uuid.UUID | None = None,
        to: Association | str | uuid.UUID | None = None,
        value: Association | str | uuid.UUID | None = None,
        **named: object,
    ) -> Association:
        """Make an instance of this: `Follows(from_=alice, to=bob)`, `deep.String("Alice")`.

        A Function that was made in this process runs instead, and gives what it gives; one that was loaded raises
        `FunctionNotTrustedError`.
        """
        if (callable(self._data) or isinstance(self._data, FunctionSource)) and not self._space.living.makes(self):
            return self._run(data, args, named, from_=from_, to=to, value=value)
        if args or named:
            raise TypeError(f"an instance takes one value and from_, to, value; not {[*args, *named]!r}")
        return self._space.construct(self, data, from_, to, value)

    def of(self, data: object) -> Association:
        """The first instance of this type that has this very data, or a new one: `deep.String.of("red")`.

        Calling the type always makes a new one. 1, 1.0 and True are three different pieces of data. Raises what calling
        it raises, and `NoDataError` where instances hold no data.
        """
        return self._space.interned(self, data)

    def _run(
        self, first: object, rest: tuple[object, ...], named: dict[str, object], **references: object
    ) -> Association:
        if isinstance(self._data, FunctionSource):
            raise FunctionNotTrustedError(association=self)
        function: Callable[..., Association] = self._data  # pyright: ignore[reportAssignmentType]
        given = {name: target for name, target in references.items() if target is not None}
        return function(*(() if first is NOTHING else (first,)), *rest, **given, **named)

    def destroy(self, *, cascade: bool = False) -> None:
        """End it: references to it are cleared, its instances become typed root, its rows are deleted.

        With `cascade` everything below it ends too: its instances, and theirs. A second time is a no-op. Raises
        `BuiltInError` for the root of a space and for built-ins.
        """
        if not self.destroyed:
            self._space.destroy(self, cascade=cascade)

    @property
    def destroyed(self) -> bool:
        """Whether it was destroyed, here or by somebody whose change came in."""
        return isinstance(self._space, Gone)

    def space_of(self) -> Space:
        """The space it is in. Raises `DestroyedError`."""
        return self._space.here()

    # events

    def on(self, kind: EventKind | str | Association, handler: AnyHandler) -> Subscription:
        """Let a handler hear one kind of event of this association; the root of a space hears everybody's.

        The kind is one of `deep.events`; any other text, and any instance of a `deep.Event`, is an event of people's own,
        whose handlers take what is emitted. Returns a disposer: call it, or use it in a `with` statement. Raises
        `WrongTypeError` for what is no kind and for what can't be called.
        """
        return self._space.subscribe(self._space.event_key(kind), handler, self)

    def once(self, kind: EventKind | str | Association, handler: AnyHandler) -> Subscription:
        """Let a handler hear the next event of a kind, and no other. Returns and raises what `on` does."""
        return self._space.subscribe(self._space.event_key(kind), handler, self, once=True)

    def off(self, kind: EventKind | str | Association, handler: AnyHandler) -> bool:
        """Stop every subscription of that handler to that kind; whether there was one."""
        return self._space.unsubscribe(self._space.event_key(kind), handler, self)

    def emit(
        self,
        kind: EventKind | str | Association,
        *facts: object,
        field: object = None,
        old: object = None,
        new: object = None,
        item: Association | None = None,
    ) -> None:
        """Tell an event of people's own, with any facts: its handlers are called with them.

        A kind of `deep.events` is told as an `Event` with the fields that are given, those of data up the value chain too.
        Nothing changes by it. Raises `WrongTypeError` for what is no kind, TypeError for what the kind does not take.
        """
        key, fields = self._space.event_key(kind), {"field": field, "old": old, "new": new, "item": item}
        if isinstance(key, EventKind):
            if facts:
                raise TypeError(f"{key} takes field, old, new and item; not {facts!r}")
            self._space.emit(key, Event(key, self, field, old, new, item))
        elif any(given is not None for given in fields.values()):
            raise TypeError(f"{key!r} takes facts by place; field, old, new and item are for kinds of deep.events")
        else:
            self._space.emit_own(key, self, facts)

    # storage markers

    def store(self, storage: object, marker: Marker | str = StorageMarker.one_true) -> Association:
        """Mark it for a storage, by the storage's name or the storage; returns itself.

        What it refers to comes along. Raises `WrongTypeError`, `BuiltInError`, `UnstorableError` for a function whose
        source can't be found, and `DestroyedError` after a purge.
        """
        self._space.store(self, storage, marker)
        return self

    def unstore(self, storage: object, marker: Marker | str | None = None, *, purge: bool = False) -> Association:
        """Take one mark away, or all its own marks. The row stays where it is.

        `purge=True` takes all of them and deletes the row; its id is then never stored there again.
        """
        self._space.unstore(self, storage, marker, purge)
        return self

    def is_stored(self, storage: object, marker: Marker | str | None = None) -> bool:
        """Whether it is stored there, by its own mark or its types'; with a marker: whether it carries that very mark."""
        return self._space.is_stored(self, storage, marker)

    def storages(self, storage: object = None) -> dict[str, list[Marker]] | list[Marker]:
        """Its own marks by storage name, or those for one storage."""
        return self._space.storages(self, storage)

    @property
    def sync(self) -> dict[str, SyncState]:
        """How far it is stored, by storage name: `pending`, `sent` or `stored`; those that do not hold it are left out."""
        return self._space.sync_states(self)

    @property
    def version(self) -> int | None:
        """The number of its last change in the storage that has it, as far as it was read; None until the storage told it.

        Of what was loaded whole it is the number at which that was. `deep.expect` takes it.
        """
        return version(self._space, self)

    # promises

    @property
    def promise(self) -> Promise:
        """What is still to be done of it: `await alice.promise` waits until its changes are written everywhere.

        Assign a coroutine or a function, and it runs after those assigned before; `del` forgets them. Waiting raises what
        an operation raised, once, and `InvalidError` for a storage that nobody writes to now.
        """
        return self._space.promise_of(self)

    @promise.setter
    def promise(self, operation: Operation | Promise) -> None:
        self._space.promise_also(self, operation)

    @promise.deleter
    def promise(self) -> None:
        self._space.forget_promise(self)

    # what people see

    def __str__(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return showing.line(self)

    def described(self) -> str:
        """Its name, or what it is, and its short id: as errors say it."""
        return showing.described(self)

    def _repr_html_(self) -> str:
        return showing.page(self)

    def __bool__(self) -> bool:
        return True

    def __reduce__(self) -> NoReturn:
        # A copy would be a second object of one id.
        raise TypeError(f"an association stays in its space and its process; copy or send its id, {self.id}")


class Gone:
    """Where a destroyed association is: every use of it says so."""

    __slots__ = ("_id",)

    def __init__(self, id: str) -> None:
        self._id = id

    def __getattr__(self, name: str) -> object:
        raise DestroyedError(association=self._id)


def here(reference: Reference) -> Association | None:
    """The association a reference leads to; None where it is not here."""
    return None if isinstance(reference, str) else reference


def id_of(reference: Reference) -> str | None:
    """The id a reference holds, also of one that is not here."""
    return reference.id if isinstance(reference, Association) else reference


def _time(moment: int | str) -> datetime:
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).astimezone(UTC)
    return EPOCH + timedelta(microseconds=moment // 1000)
