"""Children: the associations that one contains, by name, as a mapping that is live.

The space room. Exactly the own children: nothing inherited, no path, and a Field is the association itself.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from deeplinks.errors import UnknownNameError

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.names import Names


class Children(MutableMapping[str, "Association"]):
    """The own children of `owner` by name, now and at every later look; setting and deleting name and take the name away.

    Getting and deleting raise `UnknownNameError`, a KeyError; setting raises what `deep.wrap` raises.
    """

    __slots__ = ("_names", "_owner")

    def __init__(self, names: Names, owner: Association) -> None:
        self._names = names
        self._owner = owner

    def __getitem__(self, name: str) -> Association:
        found = self._names.child(self._owner, name)
        if found is None:
            raise UnknownNameError(name=name, association=self._owner)
        return found

    def __setitem__(self, name: str, child: object) -> None:
        self._names.put(self._owner, name, child)

    def __delitem__(self, name: str) -> None:
        self._names.take(self._owner, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.children(self._owner))

    def __len__(self) -> int:
        return self._names.count(self._owner)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return repr(self._names.children(self._owner))
