"""Answers as bytes: what PostgreSQL wrote goes out as it came, between a few bytes of ours.

The server. It puts bytes together and never looks into them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from deeplinks.dialect.payload import exact
from deeplinks.server.faults import from_document

Response: TypeAlias = "dict[str, object]"


class Spliced(dict[str, object]):
    """Data of a response, as pieces of JSON text. A dict by class alone, for whoever expects data to be one."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self.pieces = pieces
        self._text: bytes | None = None
        self._payload: str | None = None

    def text(self) -> bytes:
        """The data as JSON text, put together once."""
        if self._text is None:
            self._text = b"".join(self.pieces)
        return self._text

    def payload(self) -> str:
        """A whole response with this data, made once however many sockets it goes out by."""
        if self._payload is None:
            self._payload = f'{{"data":{self.text().decode()}}}'
        return self._payload


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
        return {"errors": [error.formatted for error in told(result.errors)]}
    return {"data": result.data}


def told(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Errors as they are answered: the first one, in our form."""
    error = from_document(errors[0])
    return [GraphQLError(error.message, extensions=error.extensions)]


def codes(answer: ExecutionResult) -> list[object]:
    """What kinds of errors it tells of: the words for a database that is away differ from one attempt to the next."""
    return [(error.extensions or {}).get("code") for error in answer.errors or ()]


def encoded(answer: Response | list[Response]) -> bytes:
    """A response, or those of a batch, as JSON text."""
    match answer:
        case list():
            return b"[" + b",".join(map(encoded, answer)) + b"]"
        case {"data": Spliced() as data}:
            return b"".join([b'{"data":', *data.pieces, b"}"])
        case _:
            return _text(answer)


def _text(value: object) -> bytes:
    try:
        return orjson.dumps(value, default=exact)
    except orjson.JSONEncodeError:
        # Half a surrogate pair, out of a request that is told what is wrong with it: as an escape it is JSON still.
        return json.dumps(value).encode()


def message(content: object) -> str:
    """A message of a socket as JSON text."""
    match content:
        case {"type": str(kind), "id": str(id), "payload": {"data": Spliced() as data}}:
            return f'{{"id":{_text(id).decode()},"type":"{kind}","payload":{data.payload()}}}'
        case _:
            return _text(content).decode()


def code(answer: Response) -> str | None:
    """The code of a response's error; None where it has data."""
    match answer:
        case {"errors": [{"extensions": {"code": str(code)}}]}:
            return code
        case {"errors": _}:
            return "unexpected"
        case _:
            return None
