"""The file of permissions: TOML, or JSON of the same shape, as a tree of plain values.

The server. It opens the file and knows its two spellings; what stands in it is read by others.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deeplinks.dialect.session import Rights
from deeplinks.dialect.values import Value
from deeplinks.server.limits import Limits
from deeplinks.server.permissions.limits import limits
from deeplinks.server.permissions.place import Place
from deeplinks.server.permissions.roles import rights


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the file says of each role: its rights, and its limits."""

    rights: Mapping[str, Rights] = field(default_factory=dict[str, Rights])
    limits: Mapping[str, Limits] = field(default_factory=dict[str, Limits])


def load(path: Path, anonymous: str | None = None) -> Permissions:
    """What the file says; `anonymous` is the role of those who say nothing of themselves.

    Raises `PermissionsError`, which tells the place of what is wrong.
    """
    top = Place(str(path))
    place, roles = top / "roles", top.table(_read(path), ("roles",)).get("roles", {})
    found = place.table(roles)
    own = limits(found, place, anonymous)
    return Permissions(rights(found, place, own), own)


def _read(path: Path) -> Value:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        why = error.strerror or "it can't be read"
    except ValueError as error:
        why = str(error)
    raise Place(str(path), "the whole file").wrong(why)
