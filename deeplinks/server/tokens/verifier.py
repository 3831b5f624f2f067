"""Tokens held against keys: who signed, for whom, and until when.

The server. The algorithm is the key's, never what the token's header says; nothing is fetched because a token asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Value
from deeplinks.server.tokens.claims import Granted, granted
from deeplinks.server.tokens.keys import FetchedKeys, Keys
from deeplinks.server.tokens.settings import Issuer

LONGEST: Final = 8 * 1024
FAULTS: Final[Mapping[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "JWTExpired",
    jwt.ImmatureSignatureError: "JWTNotYetValid",
    jwt.InvalidAudienceError: "JWTNotInAudience",
    jwt.InvalidIssuerError: "JWTNotInIssuer",
    jwt.InvalidSignatureError: "JWSError JWSInvalidSignature",
}
TIMES: Final = ("exp", "nbf", "iat")


@dataclass(frozen=True, slots=True)
class Verified:
    """A true token: what it grants, and until when (seconds of the epoch), where it says so."""

    granted: Granted
    expires_at: float | None


class Verifier:
    """Finds the token of a request and verifies it with whoever may have issued it."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self.fetched = [FetchedKeys(issuer.url) for issuer in issuers if issuer.url is not None]
        fetched = iter(self.fetched)
        self._issuers: list[tuple[Issuer, Keys]] = [(issuer, issuer.key or next(fetched)) for issuer in issuers]

    def verify(self, headers: Mapping[str, str]) -> Verified | None:
        """What the request's token says, or None where it has none. Raises `RequestError`."""
        carried = [(issuer, keys, token) for issuer, keys in self._issuers if (token := issuer.carrier.find(headers))]
        if not carried:
            return None
        error: RequestError | None = None
        for issuer, keys, token in carried:
            try:
                return _verified(issuer, keys, token)
            except RequestError as one:
                # With several issuers, that of the one who signed says most.
                error = error if error is not None and one.extension_code == "invalid-jwt" else one
        assert error is not None
        raise error


def _verified(issuer: Issuer, keys: Keys, token: str) -> Verified:
    claims = _decoded(issuer, keys, token)
    exp = claims.get("exp")
    expires_at = float(exp) + issuer.skew if isinstance(exp, int | float) else None
    return Verified(granted(issuer.reading.claims(claims)), expires_at)


def _decoded(issuer: Issuer, keys: Keys, token: str) -> dict[str, Value]:
    if len(token) > LONGEST:
        raise _untrue(f"it is longer than {LONGEST} characters")
    try:
        header = jwt.get_unverified_header(token)
        key = keys.find(header)
        if key is None or header.get("alg") not in key.algorithms or "crit" in header:
            raise _untrue("JWSError JWSInvalidSignature")
        claims: dict[str, Value] = jwt.decode(
            token,
            key.material,  # pyright: ignore[reportArgumentType]
            algorithms=sorted(key.algorithms),
            audience=issuer.audience,
            issuer=issuer.name,
            leeway=issuer.skew,
            options=_options(issuer),
        )
    except jwt.PyJWTError as error:
        raise _untrue(FAULTS.get(type(error), "it is no token of ours")) from None
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise _untrue("it is no token") from None
    _check_times(claims)
    return claims


def _options(issuer: Issuer) -> Any:
    required = [name for name, asked in (("aud", issuer.audience), ("iss", issuer.name)) if asked is not None]
    return {"verify_aud": issuer.audience is not None, "verify_iss": issuer.name is not None, "require": required}


def _check_times(claims: Mapping[str, Value]) -> None:
    for name in TIMES:
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _untrue(f"{name} is no time")


def _untrue(why: str) -> RequestError:
    return RequestError(f"Could not verify JWT: {why}", code="invalid-jwt")
