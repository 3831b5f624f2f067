"""Ends: what is at the end of many value chains; each association of a chain is passed once.

The space room. It remembers for one look alone, in which nothing changes; what the data is asked for it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deeplinks.space.association import Association


class Ends:
    """The ends of the value chains that were climbed."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Association, Association] = {}

    def forget(self) -> None:
        """Something may have changed."""
        self._known.clear()

    def data(self, one: Association) -> object:
        """The same as its `data`."""
        return (one if one.value is None else self._end(one)).own_data()

    def _end(self, one: Association) -> Association:
        known, path, end = self._known, list["Association"](), one
        while end not in known:
            known[end] = end
            path.append(end)
            end = end.value or end
        for passed in path:
            if passed is end:
                # The last; or where a circle begins, in which each is its own end.
                break
            known[passed] = known[end]
        return known[one]
