"""What went wrong, as a client may hear it: Hasura's codes and places, and nothing of the inside.

The server. It translates errors, of the document, the dialect and the database; it catches and decides nothing.
"""

from __future__ import annotations

import re
from typing import Final

import psycopg
from graphql import GraphQLError, GraphQLSyntaxError
from psycopg_pool import PoolTimeout, TooManyRequests

from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.errors import TRANSIENT_STATES
from deeplinks.server.places import place
from deeplinks.storage.postgres import lost

UNAVAILABLE: Final = "unavailable"
TOO_LARGE: Final = "payload-too-large"
TOO_MUCH: Final = "limit-exceeded"
TOO_LONG: Final = "time-limit-exceeded"
MISSING: Final = frozenset({"42P01", "3F000", "42703", "42883", "42704"})
CONSTRAINTS: Final = {
    "23505": "Uniqueness violation. ",
    "23P01": "Exclusion violation. ",
    "23503": "Foreign key violation. ",
    "23502": "Not-NULL violation. ",
    "23001": "Can not delete or update due to data being referred. ",
}
# A pattern of LIKE that ends in the middle of an escape.
ESCAPES: Final = "bad-request"
_suggestion = re.compile(r" Did you mean [^?]*\?")


def told(why: str, code: str, path: str = ROOT, **more: str) -> GraphQLError:
    """An error as it is answered."""
    return GraphQLError(why, extensions={"path": path, "code": code, **more})


def refused(error: RequestError) -> GraphQLError:
    """What the dialect did not take."""
    return told(error.message, error.extension_code, error.path)


def no_text() -> GraphQLError:
    """A value that is no Unicode."""
    return told("the request holds half a surrogate pair, which is no text", "data-exception")


def unreadable(error: GraphQLError) -> bool:
    """A literal that graphql-core could not read: thousands of digits. Nothing ran yet: it has a place, and no path."""
    return isinstance(error.original_error, ValueError) and bool(error.nodes) and error.path is None


def from_document(error: GraphQLError) -> GraphQLError:
    """What graphql-core found in a document. What has our form passes; suggestions of names do not."""
    if error.extensions:
        return error
    if isinstance(error.original_error, RequestError):
        return refused(error.original_error)
    if isinstance(error, GraphQLSyntaxError) and error.message.endswith("Parsing aborted."):
        return told(error.message, TOO_MUCH, "$.query")
    if isinstance(error, GraphQLSyntaxError):
        return told(f"not a valid graphql query: {error.message}", "validation-failed", "$.query")
    if unreadable(error):
        return told("a value can't be read as its type", "validation-failed", place(error))
    if error.original_error is not None:
        return told("the server failed on this request", "unexpected")
    return told(_suggestion.sub("", error.message), "validation-failed", place(error))


def from_database(error: psycopg.Error, path: str = ROOT) -> GraphQLError:
    """What PostgreSQL, or the way to it, said; `path` is the place of the rows that may violate a constraint."""
    if isinstance(error, PoolTimeout | TooManyRequests):
        return told("no connection to the database in time: it is busy, or away; try again", UNAVAILABLE)
    state = error.sqlstate
    return _without_state(error, path) if state is None else _with_state(error, state, path)


def _without_state(error: psycopg.Error, path: str) -> GraphQLError:
    if isinstance(error, psycopg.DataError):
        # psycopg's own: text that PostgreSQL can't hold, a NUL above all.
        return told(
            "the request holds text that can't be stored: U+0000, or half a surrogate pair", "data-exception", path
        )
    if lost(error):
        return told("the database can't be reached: try again", UNAVAILABLE)
    return told("database query error", "unexpected")


def _with_state(error: psycopg.Error, state: str, place: str) -> GraphQLError:
    message = error.diag.message_primary or "database query error"
    more = {"sqlstate": state, **_constraint(error)}
    if state == "57014":
        why = "the database took longer for this than it may, and was called off: ask for less at a time"
        return told(why, TOO_LONG, **more)
    if state.startswith(TRANSIENT_STATES):
        return told(f"the database can't do this now: {message}", UNAVAILABLE, **more)
    if state in MISSING:
        return told(
            "the database has no deeplinks tables, or older ones: run `deeplinks migrate` on it",
            "schema-missing",
            **more,
        )
    if state == "23514":
        return told(f"Check constraint violation. {message}", "permission-error", place, **more)
    if state == "42501":
        # Row level security: what it says names tables.
        return told("a row is not such as this role may write it", "permission-error", place, **more)
    if state.startswith("23"):
        return told(f"{CONSTRAINTS.get(state, '')}{message}", "constraint-violation", place, **more)
    if state.startswith("22"):
        return told(message, ESCAPES if state == "22025" else "data-exception", **more)
    if state == "21000":
        why = "one statement can't touch a row twice: a row of the insert has the key of another; give it once"
        return told(why, "unexpected", **more)
    if state == "P0001":
        # A trigger's own words are meant for whoever made it speak.
        return told(message, "unexpected", **more)
    return told("database query error", "unexpected", **more)


def _constraint(error: psycopg.Error) -> dict[str, str]:
    name = error.diag.constraint_name
    return {"constraint": name} if name else {}
