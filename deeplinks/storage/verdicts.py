"""What an error says of a request that failed: it may pass, a row of it is at fault, or all of it.

The storage room. One table of SQLSTATEs, codes and HTTP statuses; what is done about it is decided by those who sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from deeplinks.errors import TRANSIENT_STATES, BusyError, QueryError, RefusedError, UnavailableError


class Verdict(StrEnum):
    """Whether the same request is sent again, cut in two, or given up; the last three speak of a batch's number."""

    again = "again"
    row = "row"
    request = "request"
    gap = "gap"
    taken = "taken"
    withdrawn = "withdrawn"


# SQLSTATEs, their classes (PostgreSQL manual, appendix A), and our own ones (sql/migrations).
STATES: Final[Mapping[str, Verdict]] = {
    **dict.fromkeys(TRANSIENT_STATES, Verdict.again),
    "21": Verdict.row,
    "22": Verdict.row,
    "23": Verdict.row,
    "44": Verdict.row,
    "55": Verdict.request,
    # A limit of the program, as a statement that is too complex: half of it may pass.
    "54": Verdict.row,
    # Raised by a trigger of people's own.
    "P0001": Verdict.row,
    "0A": Verdict.request,
    "28": Verdict.request,
    "3D": Verdict.request,
    "3F": Verdict.request,
    "42": Verdict.request,
    "22L01": Verdict.withdrawn,
    "22L02": Verdict.taken,
    "22L03": Verdict.gap,
    "22L06": Verdict.request,
    "22L10": Verdict.request,
}

# What is said in the place of a state, by Hasura and by us.
CODES: Final[Mapping[str, Verdict]] = {
    UnavailableError.code: Verdict.again,
    "unexpected": Verdict.again,
    "constraint-violation": Verdict.row,
    "data-exception": Verdict.row,
    "permission-error": Verdict.row,
    "access-denied": Verdict.request,
    "bad-request": Verdict.request,
    "invalid-headers": Verdict.request,
    "limit-exceeded": Verdict.request,
    "payload-too-large": Verdict.row,
    "time-limit-exceeded": Verdict.again,
    "invalid-jwt": Verdict.request,
    "not-exists": Verdict.request,
    "not-supported": Verdict.request,
    "parse-failed": Verdict.request,
    "protocol": Verdict.request,
    "schema-missing": Verdict.request,
    "validation-failed": Verdict.request,
}

# HTTP statuses that are not what their hundred says.
STATUSES: Final[Mapping[int, Verdict]] = {
    408: Verdict.again,
    # Larger than what is taken there: a half may be small enough.
    413: Verdict.row,
    425: Verdict.again,
    429: Verdict.again,
}
HUNDREDS: Final[Mapping[int, Verdict]] = {4: Verdict.request, 5: Verdict.again}


def of_state(state: str) -> Verdict:
    """What a SQLSTATE says: itself, or its class; one that is not in the table may pass."""
    return STATES.get(state) or STATES.get(state[:2], Verdict.again)


def of_status(status: int) -> Verdict:
    """What an HTTP status says."""
    return STATUSES.get(status) or HUNDREDS.get(status // 100, Verdict.again)


def of_reason(reason: str) -> Verdict:
    """What the reason of a `QueryError` says: a code, an HTTP status, or a SQLSTATE."""
    status = reason.removeprefix("HTTP ")
    if status != reason and status.isdecimal():
        return of_status(int(status))
    return CODES.get(reason) or of_state(reason)


def of(error: Exception) -> Verdict:
    """What an error of a storage's verb says. Whatever gives no reason and does not pass is the whole request's."""
    if isinstance(error, UnavailableError | BusyError):
        return Verdict.again
    refused = isinstance(error, QueryError | RefusedError)
    return of_reason(str(error.facts.get("reason") or "")) if refused else Verdict.request
