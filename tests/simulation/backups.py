"""Tables in memory copied as a backup is, and their log cut: what people do to a database behind everybody's back.

The simulation, and the regressions that it led to.
"""

from __future__ import annotations

from deeplinks import MemoryStorage
from deeplinks.storage.memory.rules import Rules
from deeplinks.storage.memory.shelves import Cabinet, Shelf
from deeplinks.tables import CHANGES, SPACES


def copied(rules: Rules) -> Rules:
    """The tables as they are now, for later."""
    copy = Rules(rules._clock, rules._random_bits)
    copy._cabinets = {name: _cabinet(cabinet) for name, cabinet in rules._cabinets.items()}
    copy._i, copy._tx = rules._i, rules._tx
    return copy


def _cabinet(cabinet: Cabinet) -> Cabinet:
    shelves = {space: Shelf(dict(shelf.rows)) for space, shelf in cabinet.shelves.items()}
    return Cabinet(cabinet.table, dict(cabinet.rows), shelves)


def prune(rules: Rules, space: str, floor: int) -> None:
    """Cut the log of a space below a floor."""
    row = rules.find(SPACES, (space,))
    if row is None or floor <= row["floor"]:
        return
    rules.replace(SPACES, row, row | {"floor": floor})
    for entry in [one for one in rules.of_space(CHANGES, space) if one["n"] <= floor]:
        rules.drop(CHANGES, entry)


def back_up(storage: MemoryStorage) -> Rules:
    """A backup of a storage in memory."""
    return copied(storage._memory._rules)


def set_back(storage: MemoryStorage, backup: Rules) -> None:
    """The storage is what it was."""
    storage._memory._rules = copied(backup)
