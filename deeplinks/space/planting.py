"""Planting: many associations that a storage is known to have, made at once, as when a space is read from a file.

The space room. The quick way for the case that nobody listens and nothing follows; in any other it is the ordinary one.
Rows are not known: what is planted is ids, values and times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deeplinks.space.association import Association
from deeplinks.space.back_references import Members, added, each
from deeplinks.space.fields import FIELDS

if TYPE_CHECKING:
    from deeplinks.space.space import Space


@dataclass(frozen=True, slots=True)
class Plant:
    """One association: its id, the ids it refers to in the order of `FIELDS`, its order of creation and its times."""

    id: str
    targets: tuple[str | None, ...]
    i: int | None
    created_at: int | str
    updated_at: int | str


def plant_all(space: Space, plants: Iterable[Plant], origin: str, *, known: bool) -> None:
    """Make them, in this order, stored there; `known`: the storage has heard of them."""
    ledger = space.ledger(origin)
    if _unheeded(space):
        made = [_planted(space, plant) for plant in plants]
        ledger.hold_all(one for one in made if one is not space.root)
    else:
        made = [_placed(space, plant, origin) for plant in plants]
    if known:
        ledger.known.update(made)
    else:
        ledger.known.difference_update(made)


def fill(space: Space, association: Association, data: object, origin: str) -> None:
    """Give one of them its data."""
    if _unheeded(space):
        association._data = data
    else:
        space.put(association, data, origin)


def _unheeded(space: Space) -> bool:
    """Whether nobody listens, nothing follows, and nothing is known of types."""
    return space.quiet() and not (space.followed or space.living.hooks)


def follow_names(space: Space) -> None:
    """Know who is called what, now that all is there."""
    for link in each(space.contain._typed):
        space.names.follow(link)


def _planted(space: Space, plant: Plant) -> Association:
    id, associations = plant.id, space.associations
    one = associations.get(id)
    if one is None:
        one = associations[id] = Association(space, id, space._next_seq(), 0)
    one._i, one._created_at, one._updated_at = plant.i, plant.created_at, plant.updated_at
    for field, target_id in zip(FIELDS, plant.targets, strict=True):
        if target_id is None:
            continue
        target = associations.get(target_id) or space.built_ins.get(target_id)
        if target is None or getattr(one, field.slot) is not None:
            space._point(one, field, target or target_id)
            continue
        setattr(one, field.slot, target)
        members: Members = getattr(target, field.back_slot)
        if type(members) is dict:
            members[one] = None
        else:
            setattr(target, field.back_slot, one if members is None else added(members, one))
    if id in space.unresolved:
        for source, field in tuple(space.unresolved[id]):
            space._point(source, field, one)
    return one


def _placed(space: Space, plant: Plant, origin: str) -> Association:
    one = space.find(plant.id) or space.place(plant.id, origin)
    one._i, one._created_at, one._updated_at = plant.i, plant.created_at, plant.updated_at
    for field, target in zip(FIELDS, plant.targets, strict=True):
        space.point(one, field, target, origin)
    return one
