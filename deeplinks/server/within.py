"""Within what a request runs in the database: how long a statement may take, and the wall around its session.

The server. Two values that travel together; what is alike in them may share a statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deeplinks.dialect.sql import Step


@dataclass(frozen=True, slots=True)
class Within:
    """No statement takes longer than `seconds`; `wall` is what confines the transaction. None of them: not even one is needed."""

    seconds: float | None = None
    wall: Step | None = None


UNBOUND: Final = Within()
