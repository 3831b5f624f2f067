"""Answers as bytes: what PostgreSQL wrote goes out as it came, between a few bytes of ours.

The server. It puts bytes together and never looks into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import orjson
from strawberry.types import ExecutionResult

from deeplinks.dialect.payload import exact
from deeplinks.server.faults import UNAVAILABLE, from_document

Response: TypeAlias = "dict[str, object]"

# The statuses that HTTP itself is asked for; all other answers are 200, as Hasura's.
STATUSES: Final[Mapping[str, int]] = {
    UNAVAILABLE: 503,
    "invalid-json": 400,
    "not-supported": 405,
    "unsupported-media-type": 415,
}


class Spliced(dict[str, object]):
    """Data of a response, as pieces of JSON text. A dict by class alone, for whoever expects data to be one."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self.pieces = pieces

    def text(self) -> bytes:
        """The data as JSON text."""
        return b"".join(self.pieces)


def spliced(fields: Sequence[tuple[str, bytes]]) -> Spliced:
    """The object of these keys and JSON texts."""
    pieces: list[bytes] = []
    for key, text in fields:
        # A key is a GraphQL name: letters, digits and underscores.
        pieces += [b',"' if pieces else b'{"', key.encode(), b'":', text]
    return Spliced([*pieces, b"}"] if pieces else [b"{}"])


def response(result: ExecutionResult) -> Response:
    """A result as it is answered: data, or one error and nothing else."""
    if result.errors:
        error = from_document(result.errors[0])
        return {"errors": [{"message": error.message, "extensions": error.extensions}]}
    return {"data": result.data}


def encoded(answer: object) -> bytes:
    """A response as JSON text."""
    match answer:
        case {"data": Spliced() as data}:
            return b"".join([b'{"data":', *data.pieces, b"}"])
        case _:
            return orjson.dumps(answer, default=exact)


def status(answer: object) -> int:
    """The HTTP status of a response."""
    match answer:
        case {"errors": [{"extensions": {"code": str(code)}}]}:
            return STATUSES.get(code, 200)
        case _:
            return 200
