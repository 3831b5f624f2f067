"""Keys and tokens for tests: an issuer of each kind, and true claims to begin with."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256
from hmac import new as mac
from time import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

SECRET = "0123456789abcdef" * 4
NAMESPACE = "https://hasura.io/jwt/claims"


@cache
def _rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return _rsa_key(number)


@cache
def ec_key(curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key({"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}[curve]())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public(key: Any) -> str:
    """The public half, in PEM."""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(*form).decode()


def roles(**more: object) -> dict[str, object]:
    """Hasura's claims of a user."""
    return {
        "x-hasura-allowed-roles": ["user", "editor"],
        "x-hasura-default-role": "user",
        "x-hasura-user-id": "7",
        **more,
    }


def claims(**more: object) -> dict[str, Any]:
    """What a true token says."""
    now = int(time())
    return {"sub": "7", "iat": now, "exp": now + 600, NAMESPACE: roles(), **more}


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def signed(payload: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **header: object) -> str:
    return jwt.encode(payload, key, algorithm=algorithm, headers=header or None)


def part(value: object) -> str:
    """A part of a token: JSON, or bytes as they are, without padding."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(text).decode().rstrip("=")


def by_hand(header: object, payload: object, secret: bytes = SECRET.encode()) -> str:
    """A token whose parts are anything, signed with a secret whatever its header says."""
    said = f"{part(header)}.{part(payload)}"
    return f"{said}.{part(mac(secret, said.encode(), sha256).digest())}"
