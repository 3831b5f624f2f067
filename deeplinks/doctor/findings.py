"""Findings: what a look found, how bad it is, and what helps; and all of them as one value to read.

A face. Values and words; where they come from is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deeplinks.space import showing


class Grade(StrEnum):
    """How bad a finding is: nothing to do, something to know, something that is in the way."""

    fine = "fine"
    warning = "warning"
    trouble = "trouble"


class Cause(StrEnum):
    """What was looked at, as `Finding.cause` names it."""

    address = "address"
    server = "server"
    database = "database"
    endpoint = "endpoint"
    secret = "secret"
    tables = "tables"
    version = "version"
    clock = "clock"
    live = "live"
    space = "space"
    log = "log"
    marks = "marks"
    waiting = "waiting"
    refused = "refused"
    postgres = "postgres"
    access = "access"
    migrations = "migrations"
    triggers = "triggers"
    truncated = "truncated"
    settings = "settings"
    standby = "standby"
    transactions = "transactions"
    connections = "connections"
    disk = "disk"
    verified = "verified"
    file = "file"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and what to do next where something is to be done."""

    cause: Cause
    grade: Grade
    what: str
    next: str = ""

    def __str__(self) -> str:
        then = f"\n{'':18}{self.next}" if self.next else ""
        return f"{self.grade:<8} {self.cause:<8} {self.what}{then}"


@dataclass(frozen=True, slots=True, repr=False)
class Diagnosis:
    """All that was found, in the order in which it was looked at."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is in the way; warnings are not."""
        return not self.troubles

    @property
    def troubles(self) -> tuple[Finding, ...]:
        """What is in the way."""
        return tuple(one for one in self.findings if one.grade is Grade.trouble)

    def of(self, cause: Cause | str) -> tuple[Finding, ...]:
        """What was found of one thing."""
        return tuple(one for one in self.findings if one.cause == cause)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.findings))

    def _repr_html_(self) -> str:
        rows = [(one.cause.value, f"{one.grade}: {one.what} {one.next}".strip()) for one in self.findings]
        return showing.facts("healthy" if self.healthy else "not healthy", rows)


def fine(cause: Cause, what: str) -> Finding:
    """Nothing to do."""
    return Finding(cause, Grade.fine, what)


def warning(cause: Cause, what: str, next: str) -> Finding:
    """Something to know."""
    return Finding(cause, Grade.warning, what, next)


def trouble(cause: Cause, what: str, next: str) -> Finding:
    """Something in the way."""
    return Finding(cause, Grade.trouble, what, next)
