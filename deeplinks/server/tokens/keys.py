"""Keys that tokens are verified with: one from the settings, or a set that is fetched, and fetched again when it is old.

The server. A key says which algorithms it is for; what a token's header says of that is only held against it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from deeplinks.dialect.values import Value
from deeplinks.errors import SettingsError
from deeplinks.tasks import check_called_off

logger = logging.getLogger(__name__)

RSA: Final = ("RS256", "RS384", "RS512")
CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
SECRET_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
# Seconds: how old a set may be where its server does not say, and at least and at most; how long a fetch may take.
USUAL, SHORTEST, LONGEST = 60.0, 1.0, 86_400.0
PATIENCE: Final = 10.0
# Keys that nobody knows are asked for at most so often (seconds).
CURIOSITY: Final = 5.0
MOST_BYTES: Final = 1024 * 1024
_age = re.compile(r"(?:s-maxage|max-age)\s*=\s*\"?(\d+)")


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the algorithms it is for."""

    material: object = field(repr=False)
    algorithms: frozenset[str]


class Keys(Protocol):
    """Where a token's key is found."""

    def find(self, header: Mapping[str, object]) -> Key | None:
        """The key that a token with this header may have been signed with."""
        ...


@dataclass(frozen=True, slots=True)
class OneKey:
    """The key from the settings: every token's."""

    key: Key

    def find(self, header: Mapping[str, object]) -> Key | None:
        return self.key


def fixed(algorithm: str, text: str, setting: str) -> OneKey:
    """The key that the settings give. Raises `SettingsError` for one that is not of the algorithm's kind."""
    if algorithm in SECRET_BYTES:
        return OneKey(Key(_secret(algorithm, text, setting), frozenset({algorithm})))
    material = _public(text, setting)
    if algorithm not in suited(material):
        raise SettingsError(name=setting, why=f"the key is not one for {algorithm}")
    return OneKey(Key(material, frozenset({algorithm})))


def _secret(algorithm: str, text: str, setting: str) -> bytes:
    # A public key as the secret of HS256 is known to everybody.
    if "-----BEGIN" in text:
        raise SettingsError(name=setting, why=f"the key is a public one, and {algorithm} takes a secret")
    least = SECRET_BYTES[algorithm]
    if len(text.encode()) < least:
        raise SettingsError(name=setting, why=f"a key for {algorithm} has {least} bytes at least")
    return text.encode()


def _public(text: str, setting: str) -> object:
    pem = text.encode()
    try:
        if "BEGIN CERTIFICATE" in text:
            return load_pem_x509_certificate(pem).public_key()
        return load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(name=setting, why="the key is no public key, and no certificate, in PEM") from None


def suited(material: object) -> frozenset[str]:
    """The algorithms that a public key is for; of an RSA key that is too short, none."""
    match material:
        case RSAPublicKey():
            return frozenset(RSA) if material.key_size >= 2048 else frozenset()
        case EllipticCurvePublicKey():
            return frozenset({CURVES[material.curve.name]} if material.curve.name in CURVES else ())
        case Ed25519PublicKey():
            return frozenset({"EdDSA"})
        case _:
            return frozenset()


class FetchedKeys:
    """The keys that a server publishes, by their ids; what is known stays in use while it can't be reached."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fetches = 0
        self.tried = asyncio.Event()
        self._keys: dict[str | None, Key] = {}
        self._wanted = asyncio.Event()
        self._asked = -CURIOSITY

    def find(self, header: Mapping[str, object]) -> Key | None:
        """The key of exactly that id, or the only one there is for a token that names none."""
        id = header.get("kid")
        if id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        key = self._keys.get(id) if isinstance(id, str) else None
        if key is None and monotonic() - self._asked > CURIOSITY:
            # It may be a new one.
            self._wanted.set()
        return key

    async def fetch(self) -> float:
        """Ask for the keys; what comes back is for how many seconds they may be used. Raises what httpx raises."""
        self._asked = monotonic()
        self.fetches += 1
        async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False) as client:
            response = await client.get(self.url, headers={"accept": "application/jwk-set+json, application/json"})
        response.raise_for_status()
        if len(response.content) > MOST_BYTES:
            raise ValueError("the key set is too large")
        self._keys = _read(response.json())
        return lasting(response.headers.get("cache-control", ""))

    async def keep(self) -> None:
        """Fetch, now and whenever they are old or somebody asks for one that is not known, until this is cancelled."""
        pause = SHORTEST
        while True:
            try:
                rest, pause = await self.fetch(), SHORTEST
            except (httpx.HTTPError, ValueError) as error:
                logger.warning("the keys of tokens can't be fetched from %s: %s", self.url, error)
                rest, pause = pause, min(pause * 2, USUAL)
            self.tried.set()
            check_called_off()
            self._wanted.clear()
            try:
                async with asyncio.timeout(rest):
                    await self._wanted.wait()
            except TimeoutError:
                pass


def lasting(cache_control: str) -> float:
    """How long what came with this header may be used (seconds)."""
    text = cache_control.lower()
    if "no-store" in text or "no-cache" in text:
        return SHORTEST
    ages = [int(age) for age in _age.findall(text)]
    return min(max(ages[0], SHORTEST), LONGEST) if ages else USUAL


def _read(document: Value) -> dict[str | None, Key]:
    match document:
        case {"keys": list(entries)}:
            found = [(_id(entry), _key(entry)) for entry in entries]
            return {id: key for id, key in found if key is not None}
        case _:
            raise ValueError("it is no JSON Web Key Set")


def _id(entry: Value) -> str | None:
    match entry:
        case {"kid": str(id)}:
            return id
        case _:
            return None


def _key(entry: Value) -> Key | None:
    """The key, where it is a public one to verify signatures with; others are in such sets too."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    named = entry.get("alg")
    try:
        material: object = jwt.PyJWK({**entry, "alg": named or _usual(entry)}).key
    except (jwt.PyJWTError, NotImplementedError, ValueError, TypeError, KeyError, AttributeError):
        return None
    algorithms = suited(material)
    if named is not None:
        algorithms = frozenset(algorithm for algorithm in algorithms if algorithm == named)
    return Key(material, algorithms) if algorithms else None


def _usual(entry: Mapping[str, Value]) -> str:
    curve = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}.get(str(entry.get("crv")))
    return {"RSA": "RS256", "OKP": "EdDSA"}.get(str(entry.get("kty"))) or curve or "none"
