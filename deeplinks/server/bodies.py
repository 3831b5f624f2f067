"""Request bodies as values, with every digit: a long number becomes a Decimal, never a float.

The server. Text comes in and values go out; what they mean is read elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.dialect.values import Value, number
from deeplinks.server.faults import TOO_MUCH


@dataclass(frozen=True, slots=True)
class Request:
    """A GraphQL request: document, variables, the operation's name."""

    query: str
    variables: Mapping[str, Value]
    operation_name: str | None


def loads(text: str | bytes) -> object:
    """JSON as values. Raises `RequestError`, code invalid-json.

    The standard library's parser: as fast on rows of short strings as any, and it lets numbers be exact.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text), "surrogatepass")
        return _decoder.decode(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}", code="invalid-json") from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


# Made once: `json.loads` makes one for every text.
_decoder = json.JSONDecoder(parse_float=Decimal, parse_int=number, parse_constant=_no_number)


def batch(body: Sequence[object], most: int) -> list[Request]:
    """The requests of a batch, at most so many. Raises `RequestError` at the first that is none."""
    if len(body) > most:
        raise RequestError(f"{len(body)} requests in one batch are more than {most}", code=TOO_MUCH)
    return [request(one, f"$[{index}]") for index, one in enumerate(body)]


def request(body: object, place: str = ROOT) -> Request:
    """The request that a body holds. Raises `RequestError`, code parse-failed, at its place."""
    try:
        return _request(body)
    except RequestError as error:
        raise RequestError(error.message, place, error.extension_code) from None


def _request(body: object) -> Request:
    if not isinstance(body, dict):
        raise _unparsed('a request is an object with the key "query"')
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(query, str):
        raise _unparsed('key "query" not found' if query is None else 'key "query" is not a string')
    if variables is not None and not isinstance(variables, dict):
        raise _unparsed('key "variables" is not an object')
    if name is not None and not isinstance(name, str):
        raise _unparsed('key "operationName" is not a string')
    if not isinstance(body.get("extensions"), dict | None):  # pyright: ignore[reportUnknownMemberType]
        raise _unparsed('key "extensions" is not an object')
    return Request(query, variables or {}, name)  # pyright: ignore[reportUnknownArgumentType]


def _unparsed(why: str) -> RequestError:
    return RequestError(why, code="parse-failed")
