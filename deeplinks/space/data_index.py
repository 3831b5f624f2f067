"""The index by data: who holds exactly this, by its type; made at the first question and right at every later one.

The space room. It follows what changed since it was asked last; 1, 1.0 and True are three different pieces of data.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from threading import Lock
from typing import Final, TypeAlias

from deeplinks.errors import InvalidError
from deeplinks.space.association import Association, Reference
from deeplinks.space.values import NOTHING, FunctionSource, checked, key, kind_for

Held: TypeAlias = dict[Reference, dict[Association, None]]

# So many changes may wait for a question, and as many as there are associations in the index: then they are followed at
# once, so that an index which nobody asks any more does not keep what is gone.
MOST_WAITING: Final = 1024


class DataIndex:
    """Associations by their own data and their type."""

    def __init__(self) -> None:
        self._held: dict[Hashable, Held] = {}
        self._placed: dict[Association, tuple[Hashable, Reference]] = {}
        self._changed: dict[Association, None] = {}
        self._lock = Lock()
        self.kept = False

    def begin(self, associations: Iterable[Association]) -> None:
        """Be kept from now on."""
        with self._lock:
            if not self.kept:
                # First kept, then filled: what changes meanwhile is not missed.
                self.kept = True
                self._changed.update(dict.fromkeys(tuple(associations)))

    def changed(self, association: Association) -> None:
        """Its data or its type changed, or it came or went."""
        if self.kept:
            if len(self._changed) > MOST_WAITING + len(self._placed):
                with self._lock:
                    self._catch_up()
            self._changed[association] = None

    def first(self, keys: Iterable[Hashable], type: Association) -> Association | None:
        """The first of that type that has such data."""
        with self._lock:
            self._catch_up()
            return next((next(iter(held[type])) for one in keys if type in (held := self._held.get(one, {}))), None)

    def all(self, keys: Iterable[Hashable]) -> list[Association]:
        """All that have such data, in the order in which they were made."""
        with self._lock:
            self._catch_up()
            held = [self._held[one] for one in dict.fromkeys(keys) if one in self._held]
            return sorted((one for by_type in held for same in by_type.values() for one in same), key=_by_seq)

    def _catch_up(self) -> None:
        while self._changed:
            # The first to come is the first to be found.
            association = next(iter(self._changed))
            del self._changed[association]
            self._displace(association)
            if association._data is not NOTHING and not association.destroyed:
                self._place(association)

    def _place(self, association: Association) -> None:
        at = self._placed[association] = key(association._data), association._type
        self._held.setdefault(at[0], {}).setdefault(at[1], {})[association] = None

    def _displace(self, association: Association) -> None:
        at = self._placed.pop(association, None)
        if at is None:
            return
        by_type = self._held[at[0]]
        del by_type[at[1]][association]
        if not by_type[at[1]]:
            del by_type[at[1]]
        if not by_type:
            del self._held[at[0]]


def keys(value: object) -> tuple[Hashable, ...]:
    """What to look for to find a value: nothing for what is no data, for a function also its text as loaded."""
    kind = None if isinstance(value, Association) else kind_for(value)
    try:
        data = NOTHING if kind is None else checked(kind, value, f"a new {kind}")
    except InvalidError:
        data = NOTHING
    if data is NOTHING:
        return ()
    source = FunctionSource.of(data) if callable(data) else None
    return (key(data),) if source is None else (key(data), key(source))


def _by_seq(association: Association) -> int:
    return association.seq
