"""What a server is told: where the database is, the secret, the address, what development shows.

The server. Settings are values, read once; nothing is opened or served here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from deeplinks.dialect.session import ADMIN
from deeplinks.dialect.values import Value
from deeplinks.errors import SettingsError
from deeplinks.server.limits import Limits
from deeplinks.server.tokens import Issuer, issuers

Form: TypeAlias = Literal["human", "json"]
ADMIN_SECRET = "HASURA_GRAPHQL_ADMIN_SECRET"
JWT_SECRET = "HASURA_GRAPHQL_JWT_SECRET"
UNAUTHORIZED_ROLE = "HASURA_GRAPHQL_UNAUTHORIZED_ROLE"
PERMISSIONS = "DEEPLINKS_PERMISSIONS"
CORS_DOMAIN = "HASURA_GRAPHQL_CORS_DOMAIN"
LEGACY_SOCKETS = "DEEPLINKS_LEGACY_SOCKETS"
REFETCH_INTERVAL = "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a server. Secrets are never shown."""

    database_url: str | None = field(default=None, repr=False)
    admin_secret: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    development: bool = False
    stringify_numerics: bool = False
    pool_size: int = 10
    # How long a request waits for a connection before it is told to come again (seconds).
    pool_timeout: float = 2.0
    # How long any statement may take, whatever a role's limits say (seconds).
    statement_timeout: float = 60.0
    # Of roles that have limits of their own; see `limits_of` for the others.
    limits: Mapping[str, Limits] = field(default_factory=dict[str, Limits])
    # Origins whose pages may ask, as https://example.org or https://*.example.org; "*" for all.
    cors_domains: tuple[str, ...] = ()
    # How often commits of strangers are looked for while somebody subscribes (seconds).
    refetch_interval: float = 0.2
    # Whether sockets may speak the older protocol too.
    legacy_sockets: bool = False
    # Several at once, to change one without a pause; where these are given, `admin_secret` is none of them.
    admin_secrets: tuple[str, ...] = field(default=(), repr=False)
    issuers: tuple[Issuer, ...] = ()
    # The role of who brings neither a secret nor a token.
    unauthorized_role: str | None = None
    # The file that says what roles may.
    permissions: Path | None = None
    # How the program that serves writes its log, and whether each request has a line in it.
    log_form: Form = "human"
    log_requests: bool = False
    # Whether answers are compressed for who says that he takes that; a proxy in front does it better.
    compress: bool = False
    # Whether there is `/metrics`.
    metrics: bool = False
    # Who may read `/metrics` by this token, beside the admin.
    metrics_secret: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._check_access()
        if not 0 <= self.port <= 65535:
            raise SettingsError(name="PORT", why=f"{self.port} is not between 0 and 65535")
        if self.pool_size < 1:
            raise SettingsError(name="POOL_SIZE", why="a server needs one connection at least")
        if self.refetch_interval <= 0:
            raise SettingsError(name=REFETCH_INTERVAL, why=f"{self.refetch_interval} s is no time to wait")
        for domain in self.cors_domains:
            _check_domain(domain, bool(self.secrets))

    def _check_access(self) -> None:
        if any(not secret.strip() for secret in self.secrets):
            raise SettingsError(name=ADMIN_SECRET, why="it is empty; give a secret or leave it out")
        for name, given in ((JWT_SECRET, self.issuers), (UNAUTHORIZED_ROLE, self.unauthorized_role)):
            if given and not self.secrets:
                raise SettingsError(name=name, why=f"it needs {ADMIN_SECRET}: without one everybody is the admin")
        if self.unauthorized_role == ADMIN:
            raise SettingsError(name=UNAUTHORIZED_ROLE, why="the admin is nobody's role without a secret")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The admin's secrets, each as good as the others."""
        return self.admin_secrets or (() if self.admin_secret is None else (self.admin_secret,))

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings that the environment gives, by Hasura's names where it has them. Raises `SettingsError`."""
        given = os.environ if environment is None else environment
        default = cls()
        return cls(
            database_url=given.get("DATABASE_URL") or None,
            admin_secret=given.get(ADMIN_SECRET),
            admin_secrets=_secrets(given),
            issuers=_issuers(given),
            unauthorized_role=given.get(UNAUTHORIZED_ROLE) or None,
            permissions=Path(given[PERMISSIONS]) if given.get(PERMISSIONS) else None,
            host=given.get("HOST", default.host),
            port=_number(given, "PORT", default.port),
            development=_flag(given, "HASURA_GRAPHQL_DEV_MODE"),
            stringify_numerics=_flag(given, "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES"),
            pool_size=_number(given, "POOL_SIZE", default.pool_size),
            statement_timeout=_number(given, "STATEMENT_TIMEOUT", round(default.statement_timeout)),
            refetch_interval=_number(given, REFETCH_INTERVAL, round(default.refetch_interval * 1000)) / 1000,
            legacy_sockets=_flag(given, LEGACY_SOCKETS),
            log_form=_form(given),
            log_requests=_flag(given, "LOG_REQUESTS", True),
            compress=_flag(given, "COMPRESS"),
            metrics=_flag(given, "METRICS", True),
            metrics_secret=given.get("HASURA_GRAPHQL_METRICS_SECRET") or None,
            cors_domains=tuple(filter(None, map(str.strip, given.get(CORS_DOMAIN, "").split(",")))),
        )

    @property
    def database(self) -> str:
        """Where the database is. Raises `SettingsError` where nobody said."""
        if self.database_url is None:
            raise SettingsError(name="DATABASE_URL", why="nothing says where the database is")
        return self.database_url

    def check_reach(self) -> None:
        """Without a secret everybody who reaches the server is its admin. Raises `SettingsError` off loopback."""
        if not self.secrets and not is_loopback(self.host):
            why = f"without HASURA_GRAPHQL_ADMIN_SECRET only loopback is served, and {self.host} is reached from elsewhere"
            raise SettingsError(name="HOST", why=why)


def _check_domain(domain: str, secret: bool) -> None:
    """Every page in every browser of this machine would be the admin of a server without a secret."""
    if domain == "*" and not secret:
        raise SettingsError(name=CORS_DOMAIN, why="with * a server needs HASURA_GRAPHQL_ADMIN_SECRET")
    if domain != "*" and not re.fullmatch(r"https?://[^/?#@\s]+", domain):
        why = f"{domain!r} is no origin like https://example.org, without a path, or * for all"
        raise SettingsError(name=CORS_DOMAIN, why=why)


def _secrets(given: Mapping[str, str]) -> tuple[str, ...]:
    name = f"{ADMIN_SECRET}S"
    text = given.get(name, "")
    if not text:
        return ()
    try:
        secrets: Value = json.loads(text)
    except ValueError:
        secrets = None
    found = tuple(secret for secret in secrets if isinstance(secret, str)) if isinstance(secrets, list) else ()
    if not isinstance(secrets, list) or not found or len(found) != len(secrets):
        raise SettingsError(name=name, why='it is no list like ["new", "old"]')
    return found


def _issuers(given: Mapping[str, str]) -> tuple[Issuer, ...]:
    for name in (f"{JWT_SECRET}S", JWT_SECRET):
        if given.get(name):
            return issuers(given[name], name)
    return ()


def is_loopback(host: str) -> bool:
    """Only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _form(given: Mapping[str, str]) -> Form:
    text = given.get("LOG_FORMAT", "human").strip().lower()
    for form in get_args(Form):
        if text == form:
            return form
    raise SettingsError(name="LOG_FORMAT", why=f"{text!r} is neither human nor json")


def _flag(given: Mapping[str, str], name: str, default: bool = False) -> bool:
    text = given.get(name, "").strip().lower()
    if not text:
        return default
    if text not in ("", "0", "1", "true", "false", "yes", "no", "on", "off"):
        raise SettingsError(name=name, why=f"{text!r} is neither true nor false")
    return text in ("1", "true", "yes", "on")


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise SettingsError(name=name, why=f"{text!r} is not a number")
    return int(text)
