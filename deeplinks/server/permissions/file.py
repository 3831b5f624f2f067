"""The file of permissions: TOML, or JSON of the same shape, as a tree of plain values.

The server. It opens the file and knows its two spellings; what stands in it is read by others.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from deeplinks.dialect.session import Rights
from deeplinks.dialect.values import Value
from deeplinks.errors import PermissionsError
from deeplinks.server.permissions.place import Place
from deeplinks.server.permissions.roles import rights


def load(path: Path) -> Mapping[str, Rights]:
    """The rights of each role in the file. Raises `PermissionsError`, which tells the place of what is wrong."""
    return rights(_read(path), Place(str(path)))


def _read(path: Path) -> Value:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        why = error.strerror or "it can't be read"
    except ValueError as error:
        why = str(error)
    raise PermissionsError(path=path, place="the whole file", why=why, name="DEEPLINKS_PERMISSIONS")
