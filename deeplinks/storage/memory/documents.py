"""GraphQL requests answered over tables in memory: a document is one transaction, an error one answer without data.

The memory storage. The dialect reads, its interpreter answers; told are errors as the server tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Final

from graphql import DocumentNode

from deeplinks.dialect.interpret import NotInterpretedError, ViolationError, interpret
from deeplinks.dialect.operation import Introspection, RootField, choose, read
from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import Insert, Typename
from deeplinks.dialect.values import Value, Variables, declared
from deeplinks.storage.memory.bells import Bells
from deeplinks.storage.memory.rules import Rules

# Digits survive as text: what is asked of a server over HTTP by a header.
SESSION: Final = Session(stringify_numerics=True)
CONSTRAINTS: Final[Mapping[str, str]] = {
    "23505": "Uniqueness violation. ",
    "23503": "Foreign key violation. ",
    "23502": "Not-NULL violation. ",
}


class AnswerError(Exception):
    """What is wrong with a request, as its answer says it: a message, and `extensions`."""

    def __init__(self, message: str, path: str, code: str, **more: str) -> None:
        super().__init__(message)
        self.answer: dict[str, object] = {"message": message, "extensions": {"path": path, "code": code, **more}}


class Memory:
    """Tables in this process that take GraphQL documents, from any thread, one at a time."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._lock = RLock()
        self.bells = Bells(self._newest)

    def _newest(self, space: str) -> int:
        with self._lock:
            return self._rules.newest(space)

    def answer(self, document: DocumentNode, values: Variables, name: str | None = None) -> dict[str, Value]:
        """The data of the answer; all of a document takes effect, or nothing. Raises `AnswerError`."""
        with self._lock:
            answer = self._run(document, values, name)
            grown = self._rules.touched
        self.bells.ring(grown)
        return answer

    def _run(self, document: DocumentNode, values: Variables, name: str | None) -> dict[str, Value]:
        try:
            operation = choose(document, name)
            variables = declared(operation, values)
            fields = read(document, operation, variables).fields
            self._rules.begin()
            with self._rules.transaction():
                return {field.key: self._field(field, variables) for field in fields}
        except RequestError as error:
            raise AnswerError(error.message, error.path, error.extension_code) from error
        except RecursionError:
            raise AnswerError("the request is nested too deep", ROOT, "validation-failed") from None

    def _field(self, field: RootField, variables: Variables) -> Value:
        statement = field.statement
        if isinstance(statement, Typename):
            return statement.name
        try:
            if isinstance(statement, Introspection):
                raise NotInterpretedError(statement.name)
            return interpret(statement, self._rules, variables, SESSION)
        except ViolationError as error:
            place = statement.rows.path if isinstance(statement, Insert) else ROOT
            raise refused(error, error.place or place) from error
        except NotInterpretedError as error:
            raise AnswerError(error.message, field.path, "not-supported") from error


def refused(error: ViolationError, place: str) -> AnswerError:
    """What the rules refused, as the server tells it; `place` is where the rows are that may violate a constraint."""
    more = {"sqlstate": error.state} | ({"constraint": error.constraint} if error.constraint else {})
    if error.state.startswith("23"):
        why = f"{CONSTRAINTS.get(error.state, '')}{error.message}"
        return AnswerError(why, place, "constraint-violation", **more)
    if error.state.startswith("22"):
        return AnswerError(error.message, ROOT, "data-exception", **more)
    return AnswerError("database query error", ROOT, "unexpected", **more)
