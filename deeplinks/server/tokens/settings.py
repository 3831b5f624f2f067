"""`HASURA_GRAPHQL_JWT_SECRET` and `_SECRETS`: who issues tokens, with which keys, and what has to be in them.

The server. Settings are read once, and refused at the start rather than with the first request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from deeplinks.dialect.values import Value
from deeplinks.errors import SettingsError
from deeplinks.server.tokens.carriers import AUTHORIZATION, COOKIE, CUSTOM, Carrier
from deeplinks.server.tokens.claims import ALLOWED, DEFAULT, PREFIX, Mapped, Reading, Way
from deeplinks.server.tokens.keys import CURVES, RSA, SECRET_BYTES, OneKey, fixed

Given: TypeAlias = "Mapping[str, Value]"
ALGORITHMS: Final = {**{name: name for name in (*SECRET_BYTES, *RSA, *CURVES.values())}, "Ed25519": "EdDSA"}
KNOWN: Final = frozenset(
    [
        "type",
        "key",
        "jwk_url",
        "claims_namespace",
        "claims_namespace_path",
        "claims_format",
        "claims_map",
        "audience",
        "issuer",
        "allowed_skew",
        "header",
    ]
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """One who issues tokens: the key, or where keys are fetched; where the claims are; what else has to be true."""

    key: OneKey | None = field(repr=False)
    url: str | None
    reading: Reading
    audience: tuple[str, ...] | None
    name: str | None
    skew: float
    carrier: Carrier


def issuers(text: str, setting: str) -> tuple[Issuer, ...]:
    """The issuers that a setting names: an object, or a list of them. Raises `SettingsError`."""
    try:
        given: Value = json.loads(text)
    except ValueError:
        raise SettingsError(name=setting, why="it is not JSON") from None
    entries: list[Value] = given if isinstance(given, list) else [given]
    if not entries:
        raise SettingsError(name=setting, why="it is an empty list; leave it out")
    return tuple(_issuer(entry, setting) for entry in entries)


def _issuer(entry: Value, setting: str) -> Issuer:
    if not isinstance(entry, dict):
        raise SettingsError(name=setting, why='it is no object like {"type": "HS256", "key": "..."}')
    given: Given = entry
    strangers = sorted(given.keys() - KNOWN)
    if strangers:
        raise SettingsError(name=setting, why=f"it has no {strangers[0]!r}; there are {', '.join(sorted(KNOWN))}")
    key, url = _keys(given, setting)
    return Issuer(
        key,
        url,
        _reading(given, setting),
        _audience(given.get("audience"), setting),
        _text(given, "issuer", setting),
        _skew(given.get("allowed_skew"), setting),
        _carrier(given.get("header"), setting),
    )


def _keys(given: Given, setting: str) -> tuple[OneKey | None, str | None]:
    kind, key, url = (_text(given, name, setting) for name in ("type", "key", "jwk_url"))
    if url is not None:
        if key is not None or urlsplit(url).scheme not in ("http", "https"):
            raise SettingsError(name=setting, why="jwk_url is an http(s) address, and stands without a key")
        return None, url
    if kind is None or key is None:
        raise SettingsError(name=setting, why='it needs "type" and "key", or "jwk_url"')
    if kind not in ALGORITHMS:
        raise SettingsError(name=setting, why=f"{kind!r} is none of {', '.join(ALGORITHMS)}")
    return fixed(ALGORITHMS[kind], key, setting), None


def _text(given: Given, name: str, setting: str) -> str | None:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise SettingsError(name=setting, why=f"{name} is a text that is not empty")
    return value


def _audience(value: Value, setting: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    values: list[Value] = value if isinstance(value, list) else [value]
    texts = [one for one in values if isinstance(one, str) and one]
    if not texts or len(texts) != len(values):
        raise SettingsError(name=setting, why="audience is a text or a list of texts")
    return tuple(texts)


def _skew(value: Value, setting: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise SettingsError(name=setting, why="allowed_skew is a number of seconds, an hour at most")
    return float(value)


def _carrier(value: Value, setting: str) -> Carrier:
    match value:
        case None | {"type": "Authorization"}:
            return Carrier(AUTHORIZATION)
        case {"type": "Cookie" | "CustomHeader" as kind, "name": str(name)} if name:
            return Carrier(COOKIE if kind == "Cookie" else CUSTOM, name)
        case _:
            why = 'header is {"type": "Authorization"}, or "Cookie" or "CustomHeader" with a "name"'
            raise SettingsError(name=setting, why=why)


def _reading(given: Given, setting: str) -> Reading:
    form = given.get("claims_format", "json")
    if form not in ("json", "stringified_json"):
        raise SettingsError(name=setting, why="claims_format is json or stringified_json")
    mapped = given.get("claims_map")
    if mapped is not None:
        return Reading(mapped=_mapped(mapped, setting))
    namespace, path = (_text(given, name, setting) for name in ("claims_namespace", "claims_namespace_path"))
    if namespace is not None and path is not None:
        raise SettingsError(name=setting, why="claims_namespace and claims_namespace_path say the same: give one")
    way = Way.read(path, setting) if path else Way(namespace, (namespace,)) if namespace else Reading().way
    return Reading(way, form == "stringified_json")


def _mapped(value: Value, setting: str) -> Mapping[str, Mapped | Value]:
    if not isinstance(value, dict):
        raise SettingsError(name=setting, why="claims_map is an object of session variables")
    given: Given = {name.lower(): one for name, one in value.items()}
    for name in given:
        if not name.startswith(PREFIX):
            raise SettingsError(name=setting, why=f"claims_map is about {PREFIX}*, and {name!r} is none")
    if missing := [name for name in (ALLOWED, DEFAULT) if name not in given]:
        raise SettingsError(name=setting, why=f"claims_map lacks {missing[0]}")
    return {name: _one(one, name, setting) for name, one in given.items()}


def _one(value: Value, name: str, setting: str) -> Mapped | Value:
    match value:
        case {"path": str(path), **rest} if not rest.keys() - {"default"}:
            way = Way.read(path, setting)
            return Mapped(way, rest["default"]) if "default" in rest else Mapped(way)
        case str() | list():
            return value
        case _:
            raise SettingsError(
                name=setting, why=f'{name} in claims_map is a value, or {{"path": ..., "default": ...}}'
            )
