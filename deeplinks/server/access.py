"""Who is asking: the headers of a request become a session, or are refused.

The server. It compares secrets and reads tokens; what a session may see is decided where tables are named.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import ADMIN, NOTHING, Rights, Session
from deeplinks.server.settings import Settings
from deeplinks.server.tasks import Tasks
from deeplinks.server.tokens import Verifier
from deeplinks.server.tokens.claims import PREFIX
from deeplinks.server.tokens.verifier import Verified

SECRETS: Final = ("x-hasura-admin-secret", "x-hasura-access-key")
ROLE: Final = "x-hasura-role"
STRINGIFY: Final = "x-hasura-stringify-numeric-types"


class Admission:
    """Makes sessions: whoever knows a secret is the admin or whom he names; a token says who others are.

    `rights` says what each role may.
    """

    def __init__(self, settings: Settings, rights: Mapping[str, Rights] | None = None) -> None:
        self._secrets = settings.secrets
        self._verifier = Verifier(settings.issuers) if settings.issuers else None
        self._unauthorized = settings.unauthorized_role
        self._stringify = settings.stringify_numerics
        self._rights = rights or {}

    async def begin(self, tasks: Tasks) -> None:
        """Start what runs beside requests, keys of tokens that are fetched, and wait until that was tried once."""
        for keys in self._verifier.fetched if self._verifier else ():
            tasks.start(keys.keep(), "token keys", keys.tried.set)
            await keys.tried.wait()

    def admit(self, headers: Mapping[str, str]) -> Session:
        """The session of a request with these headers, in lower case. Raises `RequestError`: access-denied,
        invalid-headers, invalid-jwt, jwt-missing-role-claims, jwt-invalid-claims.
        """
        if not self._secrets or self._knows_secret(headers):
            return self._trusted(headers)
        verified = self._verified(headers)
        if verified is not None:
            return self._by_token(headers, verified)
        if self._unauthorized is not None:
            return self._nobody(headers, self._unauthorized)
        if self._verifier is not None:
            why = "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
            raise RequestError(why, code="invalid-headers")
        raise _denied("x-hasura-admin-secret/x-hasura-access-key required, but not found")

    def _knows_secret(self, headers: Mapping[str, str]) -> bool:
        given = next((headers[name] for name in SECRETS if name in headers), None)
        if given is not None and not same(given, self._secrets):
            raise _denied('invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
        return given is not None

    def _trusted(self, headers: Mapping[str, str]) -> Session:
        variables = {name: value for name, value in headers.items() if name.startswith(PREFIX) and name not in SECRETS}
        return self._session(headers, variables.get(ROLE) or ADMIN, variables)

    def _verified(self, headers: Mapping[str, str]) -> Verified | None:
        if self._verifier is None:
            return None
        _check_once(headers)
        return self._verifier.verify(headers)

    def _by_token(self, headers: Mapping[str, str], verified: Verified) -> Session:
        # Of headers, only the role is taken from who is not trusted; the variables are the token's.
        role = verified.granted.role(headers.get(ROLE))
        variables = {**verified.granted.variables, ROLE: role}
        return self._session(headers, role, variables, verified.expires_at)

    def _nobody(self, headers: Mapping[str, str], role: str) -> Session:
        if headers.get(ROLE, role) != role:
            raise _denied("Your requested role is not in allowed roles")
        return self._session(headers, role, {ROLE: role})

    def _session(
        self, headers: Mapping[str, str], role: str, variables: Mapping[str, str], expires_at: float | None = None
    ) -> Session:
        stringify = self._stringify or headers.get(STRINGIFY, "").lower() == "true"
        return Session(role, variables, stringify, self._rights.get(role, NOTHING), expires_at)


def _check_once(headers: Mapping[str, str]) -> None:
    """Two tokens in one request: whoever stands between may have read the other one."""
    names = ("authorization", "cookie", ROLE)
    if isinstance(headers, Headers) and any(len(headers.getlist(name)) > 1 for name in names):
        raise RequestError("a header is there twice", code="invalid-headers")


def _denied(why: str) -> RequestError:
    return RequestError(why, code="access-denied")


def may_read_metrics(headers: Mapping[str, str], settings: Settings) -> bool:
    """Whether these headers may read figures: without a secret there is nobody but this machine."""
    known = [*settings.secrets, *filter(None, [settings.metrics_secret])]
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    given = [bearer, *(headers[name] for name in SECRETS if name in headers)]
    return not settings.secrets or any(same(one, known) for one in given)


def same(given: str, secrets: Sequence[str]) -> bool:
    """Whether it is one of the secrets, compared in a time that tells nothing: not which, not even a length."""
    digest = _digest(given)
    # All of them are compared: which one it was takes no longer or shorter.
    return sum(hmac.compare_digest(digest, _digest(secret)) for secret in secrets) > 0


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
