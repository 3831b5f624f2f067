"""A whole space as plain values, so that two moments can be compared; and an ear that writes down what it hears."""

from typing import Any

from deeplinks import Association, Deep, Event
from deeplinks.space.fields import FIELDS
from deeplinks.space.ledger import Ledger

BACK = ("typed", "out", "in_", "valued")


def dump(deep: Deep) -> dict[str, Any]:
    """Everything that a refused or undone change must leave as it was."""
    return {
        "associations": {one.id: of(one) for one in (*deep, *deep.space.built_ins.values())},
        "unresolved": {
            id: [(source.id, field.name) for source, field in waiting] for id, waiting in deep.space.unresolved.items()
        },
        "ledgers": {name: of_ledger(ledger) for name, ledger in deep.space.ledgers.items()},
        "subscriptions": {one.id: len(own) for one, own in deep.space._subscriptions.items()},
        "open": len(deep.space._together),
    }


def of(association: Association) -> dict[str, Any]:
    """One association: references as ids, back references in order, data with its type, times."""
    data = association.own_data()
    return {
        **{field.name: getattr(association, f"{field.name}_id") for field in FIELDS},
        **{back: [one.id for one in getattr(association, back)] for back in BACK},
        "data": (type(data), repr(data)),
        "times": (association.created_at, association.updated_at),
        "handle": id(association),
    }


def of_ledger(ledger: Ledger) -> dict[str, Any]:
    """One ledger: marks, and what waits."""
    return {
        "one": {marker: {one.id for one in marked} for marker, marked in ledger.one.items()},
        "typed": {marker: {one.id: id for one, id in marked.items()} for marker, marked in ledger.typed.items()},
        "known": {one.id for one in ledger.known},
        "purged": set(ledger.purged),
        "waiting": [
            (entry.association.id, entry.created, entry.destroyed, dict(entry.old), entry.final)
            for entry in ledger.changes
        ],
        "marks": sorted(ledger.changes._marks),
        "lost": len(ledger.changes._lost),
    }


def unordered(space: dict[str, Any]) -> dict[str, Any]:
    """A dump without the order of back references: what an undone change moved comes back as the last."""
    plain = {
        id: {name: frozenset(value) if name in BACK else value for name, value in one.items()}
        for id, one in space["associations"].items()
    }
    return {**space, "associations": plain}


class Ear:
    """Hears events and writes down `name:kind`, in order."""

    def __init__(self, **associations: Association) -> None:
        self.log: list[str] = []
        self.events: list[Event] = []
        self._names = {one.id: name for name, one in associations.items()}

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.log.append(f"{self._names.get(event.source.id, '?')}:{event.kind}")

    @classmethod
    def on(cls, deep: Deep, **associations: Association) -> "Ear":
        """An ear for every kind of event of these associations."""
        ear = cls(**associations)
        for association in associations.values():
            for kind in deep.events:
                association.on(kind, ear)
        return ear
