"""Who is asking: the headers of a request become a session, or are refused.

The server. It reads headers and compares secrets; what a session may see is decided where tables are named.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import ADMIN, Session
from deeplinks.server.settings import Settings

SECRETS = ("x-hasura-admin-secret", "x-hasura-access-key")
ROLE = "x-hasura-role"
STRINGIFY = "x-hasura-stringify-numeric-types"


def admit(headers: Mapping[str, str], settings: Settings) -> Session:
    """The session of a request with these headers, in lower case. Raises `RequestError`, code access-denied."""
    if settings.admin_secret is not None:
        _check_secret(headers, settings.admin_secret)
    variables = {name: value for name, value in headers.items() if name.startswith("x-hasura-") and name not in SECRETS}
    stringify = settings.stringify_numerics or variables.get(STRINGIFY, "").lower() == "true"
    return Session(variables.get(ROLE) or ADMIN, variables, stringify)


def _check_secret(headers: Mapping[str, str], secret: str) -> None:
    given = next((headers[name] for name in SECRETS if name in headers), None)
    if given is None:
        raise _denied("x-hasura-admin-secret/x-hasura-access-key required, but not found")
    if not same(given, secret):
        raise _denied('invalid "x-hasura-admin-secret"/"x-hasura-access-key"')


def _denied(why: str) -> RequestError:
    return RequestError(why, code="access-denied")


def same(given: str, secret: str) -> bool:
    """Compare in a time that tells nothing, not even a length."""
    return hmac.compare_digest(_digest(given), _digest(secret))


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
