"""Conflicts: two wrote the same, or one wrote what another deleted; told with both values, never swallowed.

The sync room. A value and how it is told; who wins is decided by the order of commits, not here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

from deeplinks.errors import SignalLoopError
from deeplinks.space import Association, Deep

logger = logging.getLogger("deeplinks.sync.conflicts")


class Lost(StrEnum):
    """Whose change did not stay."""

    theirs = "theirs"
    mine = "mine"
    neither = "neither"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that two changed without knowing of each other.

    `mine` is the value here, `theirs` the one from the storage; references are ids. `lost` says which of the two did not
    stay: theirs when this process's change comes after it, mine when the association was deleted or a policy says so,
    neither when a function made `merged` of both.
    """

    id: str
    field: str
    mine: object
    theirs: object
    lost: Lost
    association: Association | None = None
    merged: object = None


def told_apart(deep: Deep, error: SignalLoopError) -> None:
    """Tell of receivers that had to be ended to those who hear `receiver_error`; where nobody does it is logged."""
    errors = deep.signals.receiver_error
    if errors.receivers:
        deep.space.dispatcher.tell_now(errors, deep, error=error, receiver=None)
    else:
        logger.error("%s", error)


def tell(deep: Deep, conflict: Conflict) -> None:
    """Send the signal `conflict`; where nobody listens it is logged as a warning."""
    signal = deep.signals.conflict
    if signal.receivers:
        deep.space.dispatcher.tell(signal, deep, conflict=conflict)
    else:
        logger.warning("conflict: %s", conflict)
