"""Climbing: what types say of many associations that are destroyed one after the other; each type is asked once.

The space room. It only remembers, until something may have changed; what a mark means is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.ledger import Ledger, Said
    from deeplinks.space.space import Space


class Climbed:
    """What is known of the types that were climbed: what typed marks say of them."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._said: dict[Ledger, Said] = {}

    def forget(self) -> None:
        """Types or marks have changed."""
        self._said.clear()

    def holding(self, association: Association) -> list[Ledger]:
        """The storages that hold it."""
        ledgers = self._space.ledgers.values()
        return [one for one in ledgers if one.holds_one(association, self._said.setdefault(one, {}))]

    def part(self, association: Association) -> None:
        """Tell the function of its Alive type that it is about to be destroyed; what that changes is looked at anew."""
        before = self._space.steps
        self._space.living.part(association)
        if self._space.steps != before:
            self.forget()
