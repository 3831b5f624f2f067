"""Limits of roles in the file of permissions: what is not said there is as for every role.

The server. It reads numbers; what they mean, and where they are held, is told beside `Limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from deeplinks.dialect.values import Value
from deeplinks.server.limits import Limits, limits_of
from deeplinks.server.permissions.place import Place


def limits(roles: Mapping[str, Value], place: Place, anonymous: str | None) -> Mapping[str, Limits]:
    """The limits of each role in the file. Raises `PermissionsError`."""
    return {name: _limits(limits_of(name, {}, anonymous), entry, place / name) for name, entry in roles.items()}


def _limits(default: Limits, entry: Value, place: Place) -> Limits:
    where = place / "limits"
    given = place.table(entry).get("limits", {})
    names = [field.name for field in fields(Limits)]
    return replace(
        default, **{name: _limit(name, one, where / name) for name, one in where.table(given, names).items()}
    )


def _limit(name: str, value: Value, place: Place) -> int | float | bool:
    if name == "introspection":
        return place.flag(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise place.wrong("a number above 0 is expected")
    if name != "seconds" and not isinstance(value, int):
        raise place.wrong("a whole number is expected")
    return value
