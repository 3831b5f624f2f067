"""A place in the file of permissions, and what is expected there.

The server. It says where something is wrong in words that lead there; it knows no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deeplinks.dialect.values import Value
from deeplinks.errors import PermissionsError


@dataclass(frozen=True, slots=True)
class Place:
    """`roles.user.links.select` of some file."""

    path: str
    way: str = ""

    def __truediv__(self, name: str | int) -> Place:
        step = f"[{name}]" if isinstance(name, int) else f".{name}" if self.way else name
        return replace(self, way=self.way + step)

    def wrong(self, why: str) -> PermissionsError:
        """The error that something here is wrong."""
        return PermissionsError(path=self.path, place=self.way or "the top", why=why, name="DEEPLINKS_PERMISSIONS")

    def table(self, value: Value, known: Iterable[str] | None = None) -> Mapping[str, Value]:
        """What stands here has names, all of them known. Raises `PermissionsError`."""
        if not isinstance(value, dict):
            raise self.wrong("a table with names is expected")
        names = sorted(known or value)
        for name in value:
            if name not in names:
                raise (self / name).wrong(f"there is no such thing; there are {', '.join(names)}")
        return value

    def names(self, value: Value, among: Iterable[str]) -> tuple[str, ...]:
        """A list of names among these; `"*"` is all of them. Raises `PermissionsError`."""
        known = tuple(among)
        if value == "*":
            return known
        if not isinstance(value, list):
            raise self.wrong('a list of columns, or "*", is expected')
        for index, name in enumerate(value):
            if not isinstance(name, str) or name not in known:
                raise (self / index).wrong(f"{name!r} is none of {', '.join(known)}")
        return tuple(name for name in known if name in value)

    def flag(self, value: Value) -> bool:
        """True or false. Raises `PermissionsError`."""
        if not isinstance(value, bool):
            raise self.wrong("true or false is expected")
        return value

    def count(self, value: Value) -> int | None:
        """A number of rows, or none given. Raises `PermissionsError`."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong("a number of rows is expected")
        return value
