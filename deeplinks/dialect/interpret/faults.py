"""What goes wrong over dicts: what a database would refuse, under its own states, and what is not interpreted.

The dialect's interpreter. Only the words live here; who refuses decides when.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from deeplinks.errors import InvalidError


class ViolationError(InvalidError):
    """{why}"""

    def __init__(self, state: str, why: str, constraint: str | None = None) -> None:
        super().__init__(why=why, state=state)
        self.state = state
        self.constraint = constraint
        # Where in the request the rows are, if that is not where the root field's are.
        self.place: str | None = None


class NotInterpretedError(InvalidError):
    """The statement uses {construct}, which is not interpreted over dicts: ask a database."""

    def __init__(self, construct: str) -> None:
        super().__init__(construct=construct)


@contextmanager
def given_at(place: str) -> Generator[None]:
    """What is violated in this block is told with the place of its rows."""
    try:
        yield
    except ViolationError as error:
        error.place = place
        raise


def syntax(type_name: str, value: object) -> ViolationError:
    """Text that no value of the type is written as."""
    return ViolationError("22P02", f'invalid input syntax for type {type_name}: "{value}"')


def duplicate(constraint: str) -> ViolationError:
    """A key that is there already."""
    return ViolationError("23505", f'duplicate key value violates unique constraint "{constraint}"', constraint)


def missing(table: str, column: str) -> ViolationError:
    """A null where none may be."""
    return ViolationError(
        "23502", f'null value in column "{column}" of relation "{table}" violates not-null constraint'
    )
