"""The four references as values: their slots, the slot of the back references, the events they tell.

The space room. A table in place of a ladder of ifs; it says nothing of what a reference means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deeplinks.space.events import EventKind

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.back_references import Members


@dataclass(frozen=True, slots=True)
class Field:
    """One reference: `name` as rows say it, `attribute` as Python says it."""

    name: str
    attribute: str
    slot: str
    back_name: str
    back_slot: str
    set_kind: EventKind
    deleted_kind: EventKind
    added_kind: EventKind
    removed_kind: EventKind
    changed_kind: EventKind
    """Told of who points through this field, when what it points at has changed."""

    def members(self, association: Association) -> Members:
        """Who points at the association through this field."""
        return getattr(association, self.back_slot)


def _field(name: str, attribute: str, back: str) -> Field:
    kinds = (f"{name}_set", f"{name}_deleted", f"{back}_added", f"{back}_deleted", f"{back}_changed")
    return Field(name, attribute, f"_{name}", back, f"_{back}", *map(EventKind, kinds))


TYPE = _field("type", "type", "typed")
FROM = _field("from", "from_", "out")
TO = _field("to", "to", "in")
VALUE = _field("value", "value", "valued")
FIELDS = (TYPE, FROM, TO, VALUE)
DATA = "data"
