"""Where a request carries its token: `Authorization: Bearer`, a cookie, or a header of its own.

The server. It finds the token's text and believes nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import cookie_parser

from deeplinks.dialect.refusal import RequestError

AUTHORIZATION, COOKIE, CUSTOM = "Authorization", "Cookie", "CustomHeader"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A way by which tokens come; `name` is the cookie's, or the header's own."""

    kind: str = AUTHORIZATION
    name: str = ""

    def find(self, headers: Mapping[str, str]) -> str | None:
        """The token, or None where there is none. Raises `RequestError` for a header that is not of its form."""
        match self.kind:
            case "Cookie":
                return cookie_parser(headers.get("cookie", "")).get(self.name)
            case "CustomHeader":
                return headers.get(self.name.lower())
            case _:
                return _bearer(headers.get("authorization"))


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token or "," in token:
        raise RequestError("Malformed Authorization header: it is `Bearer` and one token", code="invalid-headers")
    return token
