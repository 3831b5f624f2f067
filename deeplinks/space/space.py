"""The space: its rooms put together, each with the one below it.

The space room. Synchronous, no I/O, never heard of a row. `grouping` < `telling` < `register` < `promising` < `changing` < `marking` <
`incoming`: each file is a class that knows those before it; what a storage does with a note is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deeplinks import tables
from deeplinks.space import walking
from deeplinks.space.association import Association
from deeplinks.space.changing import now
from deeplinks.space.collections import Collections
from deeplinks.space.incoming import Incoming

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep


class Space(Incoming):
    """All associations of a space and the one door through which they change.

    Everything that is refused is refused before anything has changed.
    """

    def __init__(self, root: Deep, id: str) -> None:
        super().__init__(root, id)
        self.itself = self
        self.collections = Collections(self)
        # What a synchronizer keeps of a space, by storage name: it lives and dies with the space, which never looks.
        self.kept: dict[str, object] = {}

    def populate(self) -> None:
        """Make the root and the built-in types, which every space has."""
        self.associations[self.id] = self.root
        for name, id in tables.BUILT_INS.items():
            built_in = Association(self, id, self._next_seq(), now())
            built_in._type = self.root
            self.built_ins[id] = self.built_in_names[name] = built_in
            if name in tables.DATA:
                self.kinds[built_in] = name

    def walk(
        self, start: Association, depth: int | None, via: walking.Via, direction: walking.Direction
    ) -> Iterator[Association]:
        """Those around an association, nearest first."""
        return walking.walk(start, depth, via, direction)
