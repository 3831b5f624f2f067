"""Merging: what becomes of a field that two changed, by the policy of its type; the result is a change like any other.

The sync room. Which policy it is was decided; the function of people's own is called here, and guarded.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from deeplinks.errors import StaleError
from deeplinks.space import Association, Deep
from deeplinks.space.fields import FIELDS
from deeplinks.space.policies import Policy
from deeplinks.space.values import NOTHING, same
from deeplinks.sync.conflicts import Conflict, Lost

logger = logging.getLogger("deeplinks.sync.merging")

_BY_NAME = {field.name: field for field in FIELDS}


def settle(deep: Deep, conflict: Conflict, policy: Policy | None, base: object) -> Conflict:
    """Do what a policy asks for; the conflict as it is told then. What can't be done leaves the value here."""
    if policy in (None, "mine") or policy is StaleError or conflict.association is None:
        return conflict
    try:
        merged = conflict.theirs if policy == "theirs" else policy(base, conflict.mine, conflict.theirs)  # pyright: ignore
        if not same(merged, conflict.mine):
            set_field(deep, conflict.association, conflict.field, merged)
    except Exception as error:  # noqa: BLE001  people's own function; the value here stays, and it is told
        _report(deep, policy, error)
        return conflict
    if policy == "theirs":
        return replace(conflict, lost=Lost.mine)
    return replace(conflict, lost=Lost.neither, merged=merged)


def set_field(deep: Deep, association: Association, name: str, value: object) -> None:
    """Change a field here: data, or a reference by its id. Raises what the setters raise."""
    field = _BY_NAME.get(name)
    if field is not None:
        deep.space.refer(association, field, None if value is None else str(value))
    elif value is None:
        deep.space.assign(association, NOTHING)
    else:
        deep.space.assign(association, value)


def _report(deep: Deep, policy: object, error: Exception) -> None:
    errors = deep.signals.receiver_error
    if errors.receivers:
        deep.space.dispatcher.tell(errors, deep, error=error, receiver=policy)
    else:
        logger.error("a merge function raised: %r", policy, exc_info=error)
