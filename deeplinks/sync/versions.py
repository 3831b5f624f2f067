"""Versions: at which change of the log each association was seen here last, and whether somebody else made it.

The sync room. Numbers by id; what is done about them is not known here.
"""

from __future__ import annotations


class Versions:
    """The numbers of the last changes of associations, as far as the log of one storage was read."""

    def __init__(self) -> None:
        # All changes up to this one were read.
        self.read = 0
        # What was loaded whole was seen at this change, whatever its last one was.
        self._loaded = 0
        # Below nought where it was one's own; what somebody else had changed before that is kept apart.
        self._last: dict[str, int] = {}
        self._others: dict[str, int] = {}

    def load(self, n: int) -> None:
        """Everything is read whole, as it is at change n."""
        self.read = self._loaded = max(n, 0)
        self._last.clear()
        self._others.clear()

    def note(self, id: str, n: int, *, own: bool) -> None:
        """An association was changed by change n."""
        before = self._last.get(id, 0)
        if own and before > 0:
            self._others[id] = before
        elif not own:
            self._others.pop(id, None)
        self._last[id] = -n if own else n

    def forget(self, id: str) -> None:
        """It is gone."""
        self._last.pop(id, None)
        self._others.pop(id, None)

    def of(self, id: str) -> int:
        """Its last change, or the one at which it was loaded."""
        return abs(self._last.get(id, self._loaded))

    def by_others(self, id: str) -> int:
        """The last change that somebody else made since all was loaded; 0 for none."""
        return self._others.get(id) or max(self._last.get(id, 0), 0)

    def unchanged_since(self, id: str, n: int) -> int:
        """Up to which change it is known that nobody else changed it since n: the log needs not be kept back to n for that."""
        return n if self.by_others(id) > n else max(n, self.read)
