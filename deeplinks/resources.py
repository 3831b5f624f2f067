"""The files beside the code: `sql/` and `graphql/`, found in a wheel, an editable install and a bare checkout.

The ground. It reads text and knows nothing of what the text says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from deeplinks.errors import ResourceMissingError


def folder(name: str) -> Path:
    """The folder of that name: inside the package (a wheel) or beside it (a checkout). Raises `ResourceMissingError`."""
    package = Path(__file__).parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise ResourceMissingError(name=name)


@cache
def text(path: str) -> str:
    """The text of a file like `graphql/write_batch.graphql`. Raises `ResourceMissingError`."""
    room, _, rest = path.partition("/")
    place = folder(room) / rest
    if not place.is_file():
        raise ResourceMissingError(name=path)
    return place.read_text(encoding="utf-8")


@cache
def statements(path: str) -> Mapping[str, bytes]:
    """The parts of a file by the names that it gives them, as in `-- name: list`. Raises `ResourceMissingError`."""
    parts = re.split(r"^-- name: (\w+)\n", text(path), flags=re.MULTILINE)
    return {name: part.encode() for name, part in zip(parts[1::2], parts[2::2], strict=True)}
