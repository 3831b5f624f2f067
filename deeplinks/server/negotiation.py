"""Which of the two media types an answer has, and its HTTP status in each.

The server. It reads an Accept header and an answer's code; bodies and sockets are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from deeplinks.server.faults import TOO_LARGE, TOO_LONG, UNAVAILABLE

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"

# What HTTP itself is asked for: said by the status in both types, where Hasura says 200 to everything.
STATUSES: Final[Mapping[str, int]] = {
    UNAVAILABLE: 503,
    TOO_LARGE: 413,
    "invalid-json": 400,
    "unsupported-media-type": 415,
}
# What the newer type tells by the status too; whatever is not here is 400.
TOLD: Final[Mapping[str, int]] = {
    **STATUSES,
    TOO_LONG: 504,
    "unexpected": 500,
    "schema-missing": 500,
    "permission-error": 403,
    "permission-denied": 403,
    "access-denied": 401,
    "invalid-jwt": 401,
    "jwt-invalid-claims": 401,
    "jwt-missing-role-claims": 401,
}


def chosen(accept: str | None) -> str:
    """The media type for this Accept header: JSON, unless the newer one is asked for and liked better."""
    weights = dict(_weights(accept or "*/*"))
    return GRAPHQL if _weight(weights, GRAPHQL) > _weight(weights, JSON) else JSON


def _weights(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        kind, *parameters = (one.strip().lower() for one in part.split(";"))
        quality = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
        yield kind, _number(quality)


def _number(quality: str) -> float:
    try:
        return float(quality)
    except ValueError:
        return 0.0


def _weight(weights: Mapping[str, float], kind: str) -> float:
    """The most particular that is said of it."""
    return next((weights[name] for name in (kind, "application/*", "*/*") if name in weights), 0.0)


def status(code: str | None, media_type: str, method: str) -> int:
    """The status of an answer in this type; `code` is that of its error, if it is one.

    It is the method that is not allowed only where another one would help.
    """
    if code is None:
        return 200
    if method == "GET" and code == "not-supported":
        return 405
    return TOLD.get(code, 400) if media_type == GRAPHQL else STATUSES.get(code, 200)
