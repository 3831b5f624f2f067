"""Building: many new associations at once, checked as ever, told once, and none of them if it fails.

The space room. The quick way for the case that nobody listens and no group is open; in any other it is the ordinary one.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import islice, repeat
from typing import TYPE_CHECKING, Final, TypeAlias

from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.ids import new_id
from deeplinks.space.association import Association, Reference
from deeplinks.space.back_references import Members, added
from deeplinks.space.changing import now
from deeplinks.space.fields import FROM, TO, VALUE
from deeplinks.space.grouping import _UNLOCKED
from deeplinks.space.ledger import Batch
from deeplinks.space.register import Target, _New
from deeplinks.space.values import NOTHING, checked

if TYPE_CHECKING:
    from deeplinks.space.space import Space

# Where a link starts, where it ends, and maybe what it has as value.
Ends: TypeAlias = (
    "tuple[Association | None, Association | None] | tuple[Association | None, Association | None, Association | None]"
)

# Young objects from which on it costs more to walk them again and again than to call them old.
MANY: Final = 10_000


class _OtherEndError(Exception):
    """An end is not in this space: who it is, the ordinary way says."""


@contextmanager
def building(space: Space) -> Generator[Build]:
    """A block in which much is made: the collector rests, and what was made is noted for the storages at the end."""
    with collector_at_rest():
        if _watched(space):
            # The group knows how to undo it, and tells of each.
            with space._undoable():
                yield Build(space)
        else:
            with space.lock if space.ledgers else _UNLOCKED:
                yield from _quickly(space)
            space._ring()


def _quickly(space: Space) -> Generator[Build]:
    build = Build(space)
    try:
        yield build
        with space._locked():
            build.note()
    except BaseException:
        build.undo()
        raise


def _watched(space: Space) -> bool:
    """Whether somebody is to hear of each association, an index follows them, or a group may be undone."""
    return space.signals.heard or space.indexed or bool(space._together)


@contextmanager
def collector_at_rest() -> Generator[None]:
    """Building many objects that all live: the collector would walk them again and again, and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            _settle()
            gc.enable()


def _settle() -> None:
    # There and back again: what was made is old at once, and the collector does not walk it while it is young. To leave
    # it frozen would keep a space for ever that nobody has any more. What is old at once makes the collector look no more
    # often at the old: of little that is made again and again, none that nobody has any more would ever go.
    if gc.get_freeze_count() == 0 and gc.get_count()[0] > MANY:
        gc.freeze()
        gc.unfreeze()


class Build:
    """What a `with deep.bulk() as build:` makes things with.

    Each verb checks all that it is given before it makes anything; what the block raises unmakes whatever it made.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._batches: list[Batch] = []
        # Whether all storages store what is of a type, as long as the marks stay as they are.
        self._stored: dict[Reference, bool] = {}

    def __call__(
        self,
        type: Association,
        from_: Target = None,
        to: Target = None,
        value: Target = None,
        data: object = NOTHING,
    ) -> Association:
        """One association, as the type itself makes it."""
        return self._one(type, from_, to, value, data)

    def nodes(self, type: Association, count: int) -> list[Association]:
        """So many instances of a type. Raises what calling the type raises."""
        if not self._quick(type):
            return [self._one(type) for _ in range(count)]
        with self._making(type, count) as batch:
            return batch.made

    def links(self, type: Association, ends: Iterable[Ends], data: Iterable[object] | None = None) -> list[Association]:
        """A link for each pair `(from_, to)`, or triple `(from_, to, value)`; raises what calling the type raises.

        `data`, of a type whose instances hold some, is what each link holds itself, with None where that is nothing;
        `InvalidError` where there are not as many.
        """
        given: Sequence[Ends] = list(ends)
        held = [NOTHING] * len(given) if data is None else [NOTHING if one is None else one for one in data]
        if len(held) != len(given):
            raise InvalidError(what=f"the data of {len(given)} links", why=f"there are {len(held)} pieces of it")
        # A function is anything that can be called, which an association can be too.
        if not self._quick(type) or (data is not None and self._kind(type) == "Function"):
            return [self._one(type, *each, data=one) for each, one in zip(given, held, strict=True)]
        whole = () if data is None else self._checked(type, held)
        try:
            return self._linked(type, given, whole)
        except (AttributeError, TypeError, ValueError, _OtherEndError):
            # An id, maybe: each end is looked at as an ordinary link's is.
            return self._linked(type, [self._found(_New(type), each) for each in given], whole)

    def _kind(self, type: Association) -> str | None:
        return self._space.kinds.get(type) or self._space.kind_of(type)

    def _checked(self, type: Association, values: Iterable[object]) -> list[object]:
        """Data as it is kept. Raises what giving it to an instance raises."""
        kind, new = self._kind(type), _New(type)
        return [NOTHING if one is NOTHING else self._space._data(new, kind, type, one) for one in values]

    def data(self, type: Association, values: Iterable[object]) -> list[Association]:
        """An instance of a data type for each value: `build.data(deep.String, texts)`. Raises what calling it raises."""
        given = list(values)
        kind = self._kind(type)
        if kind is None or kind == "Function" or not self._quick(type):
            return [self._one(type, data=value) for value in given]
        new = _New(type)
        whole = [checked(kind, value, new) for value in given]
        with self._making(type, len(whole)) as batch:
            _fill(batch.made, whole)
        return batch.made

    def strings(self, texts: Iterable[str]) -> list[Association]:
        """A String for each text."""
        return self.data(self._space.built_in_names["String"], texts)

    # the ordinary way

    def _one(
        self,
        type: Association,
        from_: Target = None,
        to: Target = None,
        value: Target = None,
        data: object = NOTHING,
    ) -> Association:
        association = type.space_of().construct(type, data, from_, to, value)
        targets = {one for one in (association.from_, association.to, association.value) if one is not None}
        self._batches.append(Batch(type, [association], targets))
        return association

    # the quick way

    def _quick(self, type: Association) -> bool:
        """Whether nobody has a say in the making of an instance but the type."""
        space = self._space
        if space.own_type(type) is not type:
            raise WrongTypeError(what="the type of what is built", expected="an association", value=type)
        if _watched(space) or (space.alive._typed is not None and space.living.hook(type) is not None):
            return False
        # Items and Contains say something by being made.
        return type is space.root or type in space.kinds or not space.permanent(type)

    @contextmanager
    def _making(self, type: Association, count: int) -> Generator[Batch]:
        """So many instances, which are unmade if their references or data can't be set."""
        space = self._space
        ids, seqs = new_id.many(count), [*islice(iter(space._next_seq, None), count)]
        made = [*map(Association, repeat(space), ids, seqs, repeat(now()))]
        for one in made:
            one._type = type
        space.associations.update(zip(ids, made, strict=True))
        type._typed = _joined(type._typed, made)
        batch = Batch(type, made, set())
        try:
            yield batch
        except BaseException:
            for one in reversed(made):
                space._unmake(one)
            raise
        self._batches.append(batch)

    def _found(self, new: _New, ends: Sequence[Target]) -> Ends:
        """The associations that are meant. Raises what an ordinary link raises."""
        if not 2 <= len(ends) <= 3:
            raise WrongTypeError(what=f"the ends of {new}", expected="(from_, to) or (from_, to, value)", value=ends)
        start, end, value = ends if len(ends) == 3 else (*ends, None)
        target = self._space._target
        return target(new, FROM, start), target(new, TO, end), target(new, VALUE, value)

    def _linked(self, type: Association, given: Sequence[Ends], whole: Sequence[object]) -> list[Association]:
        with self._making(type, len(given)) as batch:
            self._join(batch, given)
            if whole:
                _fill(batch.made, whole)
        return batch.made

    def _join(self, batch: Batch, given: Sequence[Ends]) -> None:
        """Set the references of links and the back references of their ends; each end is touched once: there goes the time.

        Raises `AttributeError` or `_OtherEndError` for what is no association of this space.
        """
        space, targets, known = self._space, batch.targets, None
        for one, ends in zip(batch.made, given, strict=True):
            start, end, value = ends if len(ends) == 3 else (*ends, None)
            if start is not None:
                if start._space is not space:
                    raise _OtherEndError
                if start._type is not known:
                    known = self._learn(start, targets)
                one._from, members = start, start._out
                if type(members) is dict:
                    members[one] = None
                else:
                    start._out = one if members is None else added(members, one)
            if end is not None:
                if end._space is not space:
                    raise _OtherEndError
                if end._type is not known:
                    known = self._learn(end, targets)
                one._to, members = end, end._in
                if type(members) is dict:
                    members[one] = None
                else:
                    end._in = one if members is None else added(members, one)
            if value is not None:
                if value._space is not space:
                    raise _OtherEndError
                targets.add(value)
                one._value, members = value, value._valued
                value._valued = one if members is None else added(members, one)

    def _learn(self, target: Association, targets: set[Association]) -> Reference:
        """Whoever is stored by its type does not come along: of those the type is enough."""
        type = target._type
        if type not in self._stored:
            verdicts = {ledger.verdict(type) for ledger in self._space.ledgers.values()}
            self._stored[type] = verdicts <= {True}
        if not self._stored[type]:
            targets.add(target)
            return None
        return type

    # the end

    def note(self) -> None:
        """What was made and is still there is to be written to the storages that hold it."""
        ledgers = self._space.ledgers.values()
        batches = [batch.still() for batch in self._batches] if ledgers else []
        for ledger in ledgers:
            ledger.build(batches)

    def undo(self) -> None:
        """Nothing was made."""
        for batch in reversed(self._batches):
            for one in reversed(batch.made):
                if one._space is self._space:
                    self._unmake(one)

    def _unmake(self, one: Association) -> None:
        space = self._space
        pointed = any(members is not None for members in (one._typed, one._out, one._in, one._valued))
        if pointed or space.signals.heard or any(ledger.concerns(one) for ledger in space.ledgers.values()):
            space.destroy(one)
        else:
            space._unmake(one)


def _fill(made: Sequence[Association], whole: Sequence[object]) -> None:
    for one, data in zip(made, whole, strict=True):
        one._data = data


def _joined(members: Members, made: Sequence[Association]) -> Members:
    """Members with many more."""
    if len(made) < 2:
        return added(members, made[0]) if made else members
    if not isinstance(members, dict):
        members = {} if members is None else {members: None}
    members.update(zip(made, repeat(None)))
    return members
