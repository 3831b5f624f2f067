"""Referrers: who points at an association, of those whom somebody listens to.

The space room. It costs as much as there are listeners, or as there are referrers, whichever are fewer: never a walk over a
million instances for one listener.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from deeplinks.space.association import Association
from deeplinks.space.back_references import each
from deeplinks.space.fields import VALUE, Field

if TYPE_CHECKING:
    from deeplinks.space.events import OrderedSignal


def heard(signal: OrderedSignal, field: Field, source: Association) -> Iterable[Association]:
    """Those who point at a source through a field, through values also by way of others, and are listened to.

    In the order in which they were made; through values the nearest first.
    """
    members = field.members(source)
    if members is None:
        return ()
    if field is VALUE:
        return _through_values(signal, source)
    count = len(members) if isinstance(members, dict) else 1
    if signal.hears_all or count <= len(signal.heard_senders):
        found = (one for one in each(members) if signal.hears(one))
    else:
        found = (one for one in _listened(signal) if getattr(one, field.slot) is source)
    return sorted(found, key=_by_seq)


def _through_values(signal: OrderedSignal, source: Association) -> list[Association]:
    most = None if signal.hears_all else len(signal.heard_senders)
    distances = _upwards(source, most)
    if distances is None:
        distances = {one: distance for one in _listened(signal) if (distance := _downwards(one, source))}
    return sorted((one for one in distances if signal.hears(one)), key=lambda one: (distances[one], one.seq))


def _listened(signal: OrderedSignal) -> Iterator[Association]:
    return (one for one in signal.senders() if isinstance(one, Association))


def _upwards(source: Association, most: int | None) -> dict[Association, int] | None:
    """Those who have it as value, those who have them, and so on, each with how far it is; None where they are too many."""
    found: dict[Association, int] = {}
    queue = deque([(source, 0)])
    while queue:
        one, distance = queue.popleft()
        for user in each(one._valued):
            if user not in found:
                found[user] = distance + 1
                queue.append((user, distance + 1))
                if most is not None and len(found) > most:
                    return None
    return found


def _downwards(one: Association, source: Association) -> int:
    """How many steps of the value chain lead from one to the source; 0 where none do."""
    seen: set[Association] = set()
    value, distance = one.value, 1
    while value is not None and value is not source and value not in seen:
        seen.add(value)
        value, distance = value.value, distance + 1
    return distance if value is source else 0


def _by_seq(association: Association) -> int:
    return association.seq
