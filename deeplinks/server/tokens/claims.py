"""What a verified token says: the roles it allows, and session variables.

The server. It reads claims that are known to be true; whether they are was somebody else's question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Value
from deeplinks.errors import SettingsError

ALLOWED: Final = "x-hasura-allowed-roles"
DEFAULT: Final = "x-hasura-default-role"
PREFIX: Final = "x-hasura-"
NAMESPACE: Final = "https://hasura.io/jwt/claims"
_step = re.compile(r"""\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")


class Absent:
    """What is not in a token."""


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Way:
    """A path into a token, `$.user.roles[0]`, as keys and indexes."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def read(cls, text: str, setting: str) -> Way:
        """The path that the text is. Raises `SettingsError`."""
        steps: list[str | int] = []
        position = 1
        while position < len(text) and (found := _step.match(text, position)):
            name, index, *quoted = found.groups()
            steps.append(
                int(index) if index is not None else next(part for part in (name, *quoted) if part is not None)
            )
            position = found.end()
        if not text.startswith("$") or position != len(text):
            raise SettingsError(name=setting, why=f"{text!r} is no path like $.user.roles or $['a.b'][0]")
        return cls(text, tuple(steps))

    def find(self, value: Value) -> Value | Absent:
        """What is there, or `ABSENT`."""
        for step in self.steps:
            match value, step:
                case dict(), str() if step in value:
                    value = value[step]
                case list(), int() if step < len(value):
                    value = value[step]
                case _:
                    return ABSENT
        return value


@dataclass(frozen=True, slots=True)
class Mapped:
    """A claim by itself: what stands at a place of the token, or a default."""

    way: Way
    default: Value | Absent = ABSENT

    def find(self, token: dict[str, Value]) -> Value | Absent:
        found = self.way.find(token)
        return self.default if isinstance(found, Absent) else found


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a token keeps Hasura's claims: all in one object, as JSON or as its text, or each in a place of its own."""

    way: Way = Way("", (NAMESPACE,))
    stringified: bool = False
    mapped: Mapping[str, Mapped | Value] | None = None

    def claims(self, token: dict[str, Value]) -> Mapping[str, Value]:
        """Hasura's claims, by names in lower case. Raises `RequestError`."""
        if self.mapped is not None:
            found = {name: one.find(token) if isinstance(one, Mapped) else one for name, one in self.mapped.items()}
            return {name: value for name, value in found.items() if not isinstance(value, Absent)}
        return _lowered(self._together(token))

    def _together(self, token: dict[str, Value]) -> Value:
        found = self.way.find(token)
        if isinstance(found, Absent):
            place = self.way.text or NAMESPACE
            raise RequestError(f"the token has no claims at '{place}'", code="jwt-missing-role-claims")
        if not self.stringified:
            return found
        try:
            return json.loads(found) if isinstance(found, str) else None
        except (ValueError, RecursionError):
            return None


def _lowered(claims: Value) -> Mapping[str, Value]:
    if not isinstance(claims, dict):
        raise _invalid("the claims are no JSON object of the configured format")
    lowered = {name.lower(): value for name, value in claims.items()}
    if len(lowered) != len(claims):
        raise _invalid("a claim is there twice, in different spellings")
    return lowered


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token grants: the roles that may be asked for, the one without asking, and session variables."""

    allowed: frozenset[str]
    default: str
    variables: Mapping[str, str]

    def role(self, asked: str | None) -> str:
        """The role of the request. Raises `RequestError`, code access-denied."""
        role = self.default if asked is None else asked
        if role not in self.allowed:
            raise RequestError("Your requested role is not in allowed roles", code="access-denied")
        return role


def granted(claims: Mapping[str, Value]) -> Granted:
    """The claims as roles and variables. Raises `RequestError`."""
    allowed = _roles(_required(claims, ALLOWED))
    default = _required(claims, DEFAULT)
    if not isinstance(default, str):
        raise _invalid(f"invalid {DEFAULT}; should be a role")
    own = {name: value for name, value in claims.items() if name.startswith(PREFIX) and name not in (ALLOWED, DEFAULT)}
    variables = {name: value for name, value in own.items() if isinstance(value, str)}
    for name in own.keys() - variables.keys():
        raise _invalid(f"invalid {name}; should be a string")
    return Granted(allowed, default, variables)


def _required(claims: Mapping[str, Value], name: str) -> Value:
    if name not in claims:
        raise RequestError(f"JWT claim does not contain {name}", code="jwt-missing-role-claims")
    return claims[name]


def _roles(value: Value) -> frozenset[str]:
    given = value if isinstance(value, list) else []
    roles = [role for role in given if isinstance(role, str) and role]
    if not isinstance(value, list) or len(roles) != len(value):
        raise _invalid(f"invalid {ALLOWED}; should be a list of roles")
    return frozenset(roles)


def _invalid(why: str) -> RequestError:
    return RequestError(why, code="jwt-invalid-claims")
