"""The space: its rooms put together, each with the one below it.

The space room. Synchronous, no I/O, never heard of a row. `grouping` < `telling` < `register` < `promising` < `changing` < `quick` < `marking` <
`incoming`: each file is a class that knows those before it; what a storage does with a note is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deeplinks import tables
from deeplinks.space import walking
from deeplinks.space.alive import Living
from deeplinks.space.arrays import Arrays
from deeplinks.space.association import Association
from deeplinks.space.changing import now
from deeplinks.space.collections import Collections
from deeplinks.space.contents import Places
from deeplinks.space.expecting import Sighting
from deeplinks.space.incoming import Incoming
from deeplinks.space.mappings import Mappings
from deeplinks.space.membership import Memberships
from deeplinks.space.names import CONTAIN, ContainType, Names
from deeplinks.space.policies import Policies

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep


_CLASSES = {CONTAIN: ContainType}


class Space(Incoming):
    """All associations of a space and the one door through which they change.

    Everything that is refused is refused before anything has changed.
    """

    def __init__(self, root: Deep, id: str) -> None:
        super().__init__(root, id)
        self.itself = self
        self.collections = Collections(self)
        self.arrays = Arrays(self)
        self.mappings = Mappings(self)
        self.places = Places(self)
        self.names = Names(self)
        self.living = Living(self)
        self.policies = Policies(self)
        # What whoever reads a storage knows of versions there, by storage name.
        self.sightings: dict[str, Sighting] = {}
        # What a synchronizer keeps of a space, by storage name: it lives and dies with the space, which never looks.
        self.kept: dict[str, object] = {}

    def populate(self) -> None:
        """Make the root and the built-in types, which every space has."""
        self.associations[self.id] = self.root
        for name, id in tables.BUILT_INS.items():
            built_in = _CLASSES.get(name, Association)(self, id, self._next_seq(), now())
            built_in._type = self.root
            self.built_ins[id] = self.built_in_names[name] = built_in
            if name in tables.HOLDING:
                self.kinds[built_in] = name
        for name in ("Alive", "Field", "Method"):
            self.kinds[self.built_in_names[name]] = "Function"
        self.known_members = Memberships(self.built_in_names["Item"])
        self.contain, self.alive = self.built_in_names["Contain"], self.built_in_names["Alive"]
        self.item = self.built_in_names["Item"]

    def walk(
        self, start: Association, depth: int | None, via: walking.Via, direction: walking.Direction
    ) -> Iterator[Association]:
        """Those around an association, nearest first."""
        return walking.walk(start, depth, via, direction)
