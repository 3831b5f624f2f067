"""Objects and Maps by their keys: one datum, of which each change makes a new one, told with the key, the old and the new.

The space room. What may be in one is said in `objects`; here it is only looked up, set and taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from deeplinks.errors import InvalidError, NoKeyError, WrongTypeError, described
from deeplinks.space.association import Association
from deeplinks.space.collections import OBJECT
from deeplinks.space.objects import FrozenDict, FrozenMap, Mapped, emptied, with_key, without_key
from deeplinks.space.values import NOTHING, same

if TYPE_CHECKING:
    from deeplinks.space.space import Space


class Mappings:
    """The Objects and Maps of one space."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def data(self, mapping: Association) -> Mapped:
        """What it holds; nothing yet is no keys. Raises `InvalidError` where it holds something else."""
        data = mapping._data
        if isinstance(data, FrozenDict | FrozenMap):
            return data
        if data is not NOTHING:
            raise InvalidError(what=f"a key of {described(mapping)}", why=f"its data has no keys: {data!r}")
        return emptied(self._space.collections.form(mapping) or OBJECT)

    def holds(self, mapping: Association, key: object) -> bool:
        """Whether there is such a key."""
        return _has(self.data(mapping), key)

    def at(self, mapping: Association, key: object) -> object:
        """What a key has. Raises `NoKeyError`."""
        data = self.data(mapping)
        if not _has(data, key):
            raise NoKeyError(association=mapping, key=key)
        return data[key]  # pyright: ignore[reportArgumentType]

    def put(self, mapping: Association, key: object, value: object) -> None:
        """Set what a key has. Raises `UnstorableError`."""
        self._change(mapping, key, lambda data: with_key(data, key, value, mapping))

    def update(self, mapping: Association, given: Iterable[object], keys: Mapping[str, object]) -> None:
        """Set many keys, told one by one, all or nothing. Raises `WrongTypeError` and `UnstorableError`."""
        # Before anything is set: a mapping is other people's code.
        wanted = [pair for one in (*given, keys) for pair in _pairs(mapping, one)]
        with self._space._undoable():
            for key, value in wanted:
                self.put(mapping, key, value)

    def take(self, mapping: Association, key: object) -> None:
        """Take a key out. Raises `NoKeyError`."""
        self.at(mapping, key)
        self._change(mapping, key, lambda data: without_key(data, key))

    def clear(self, mapping: Association) -> None:
        """Take all keys out."""
        if self.data(mapping):
            self._space.assign(mapping, emptied(self._space.collections.form(mapping) or OBJECT))

    def _change(self, mapping: Association, key: object, edit: Callable[[Mapped], Mapped]) -> None:
        space = self._space
        with space._locked():
            old = self.data(mapping)
            new = edit(old)
            before, after = (data[key] if _has(data, key) else NOTHING for data in (old, new))  # pyright: ignore[reportArgumentType]
            if before is after or (before is not NOTHING and after is not NOTHING and same(before, after)):
                return
            space._assign(mapping, new)
        space._ring()
        if space.signals.heard:
            space.tell_key(mapping, key, before, after, old, new)
            space.dispatcher.deliver()


def _pairs(mapping: Association, given: object) -> list[tuple[object, object]]:
    try:
        return list(dict(given).items())  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownArgumentType]
    except (TypeError, ValueError):
        what, expected = f"update of {described(mapping)}", "a mapping, or pairs of keys and values"
        raise WrongTypeError(what=what, expected=expected, value=given) from None


def _has(data: Mapped, key: object) -> bool:
    return (isinstance(data, FrozenMap) or isinstance(key, str)) and key in data
