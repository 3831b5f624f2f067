"""What errors say: a test a row of the table, and that all who read it agree."""

import pytest

from deeplinks.errors import (
    TRANSIENT_STATES,
    AccessDeniedError,
    QueryError,
    RefusedError,
    SchemaMissingError,
    StorageError,
    UnavailableError,
)
from deeplinks.storage import verdicts
from deeplinks.storage.verdicts import CODES, STATES, STATUSES, Verdict

# One SQLSTATE of each row, and what it is there for.
EXAMPLES = {
    "08006": Verdict.again,  # the connection failed
    "40001": Verdict.again,  # serialization failure
    "40P01": Verdict.again,  # deadlock
    "53300": Verdict.again,  # too many connections
    "55P03": Verdict.again,  # a lock was not available
    "57014": Verdict.again,  # cancelled, as by a timeout
    "57P01": Verdict.again,  # an administrator ends it
    "58030": Verdict.again,  # input or output failed
    "XX000": Verdict.again,  # internal error
    "": Verdict.again,  # nothing was said
    "21000": Verdict.row,  # a row twice in one statement
    "22003": Verdict.row,  # a number out of range
    "22021": Verdict.row,  # a character that is not in the encoding
    "22L04": Verdict.row,  # stale
    "22L05": Verdict.row,  # fixed
    "22L09": Verdict.row,  # permanent
    "23502": Verdict.row,  # null
    "23503": Verdict.row,  # no link
    "23505": Verdict.row,  # unique
    "23514": Verdict.row,  # a check
    "44000": Verdict.row,  # a check of a view
    "54001": Verdict.row,  # a statement too complex
    "P0001": Verdict.row,  # a trigger of people's own
    "0A000": Verdict.request,  # not supported
    "28P01": Verdict.request,  # a wrong password
    "3D000": Verdict.request,  # no such database
    "3F000": Verdict.request,  # no such schema
    "42501": Verdict.request,  # no privilege
    "42P01": Verdict.request,  # no such table
    "55000": Verdict.request,  # not in the state for it
    "22L06": Verdict.request,  # append only
    "22L10": Verdict.request,  # expects nothing that can be understood
    "22L01": Verdict.withdrawn,
    "22L02": Verdict.taken,
    "22L03": Verdict.gap,
}


@pytest.mark.parametrize("state", EXAMPLES)
def test_a_sqlstate_says_what_is_to_be_done(state: str) -> None:
    assert verdicts.of_state(state) is EXAMPLES[state]


@pytest.mark.parametrize("row", STATES)
def test_each_row_of_the_table_has_an_example(row: str) -> None:
    assert [state for state in EXAMPLES if state.startswith(row)]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Verdict.request),
        (401, Verdict.request),
        (404, Verdict.request),
        (408, Verdict.again),
        (413, Verdict.row),
        (425, Verdict.again),
        (429, Verdict.again),
        (500, Verdict.again),
        (502, Verdict.again),
        (503, Verdict.again),
        (504, Verdict.again),
        (302, Verdict.again),
    ],
)
def test_an_http_status_says_what_is_to_be_done(status: int, verdict: Verdict) -> None:
    assert verdicts.of_status(status) is verdict
    assert verdicts.of_reason(f"HTTP {status}") is verdict


def test_each_status_of_the_table_was_asked_for() -> None:
    assert {408, 413, 425, 429} == STATUSES.keys()


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_is_to_be_done(code: str) -> None:
    rows = {"constraint-violation", "data-exception", "payload-too-large", "permission-error"}
    passing = {"time-limit-exceeded", "unavailable", "unexpected"}
    expected = Verdict.row if code in rows else Verdict.again if code in passing else Verdict.request

    assert verdicts.of_reason(code) is expected


@pytest.mark.parametrize("state", TRANSIENT_STATES)
def test_what_the_server_calls_unavailable_is_sent_again(state: str) -> None:
    assert verdicts.of_state(state) is Verdict.again


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (UnavailableError(storage="it", why="away"), Verdict.again),
        (QueryError(storage="it", reason="22003"), Verdict.row),
        (QueryError(storage="it", reason="HTTP 404"), Verdict.request),
        (QueryError(storage="it"), Verdict.again),
        (RefusedError(storage="it", reason="23514"), Verdict.row),
        (AccessDeniedError(storage="it", why="no"), Verdict.request),
        (SchemaMissingError(storage="it", why="no"), Verdict.request),
        (StorageError(storage="it", why="of people's own"), Verdict.request),
    ],
)
def test_an_error_says_what_is_to_be_done(error: StorageError, verdict: Verdict) -> None:
    assert verdicts.of(error) is verdict
