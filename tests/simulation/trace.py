"""What happened, in order: kept as a hash, so that two runs can be compared, and as lines for whoever looks for a cause.

The simulation. It is written to by all and read by nobody until the end.
"""

from __future__ import annotations

from collections import deque
from hashlib import sha256


class Trace:
    """The hash of all lines, and the last of them."""

    def __init__(self, keep: int = 0) -> None:
        self.lines: deque[str] = deque(maxlen=keep)
        self._hash = sha256()

    def note(self, now: float, who: str, *facts: object) -> None:
        """Something happened."""
        line = f"{now:.6f} {who} {' '.join(map(str, facts))}"
        self._hash.update(line.encode())
        if self.lines.maxlen:
            self.lines.append(line)

    @property
    def digest(self) -> str:
        """The same for the same schedule."""
        return self._hash.hexdigest()
