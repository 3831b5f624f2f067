"""The pen: names quoted, parameters numbered, aliases counted.

The dialect's SQL. It knows how SQL is spelled and nothing of what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Final, TypeAlias

from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Variables


@dataclass(frozen=True, slots=True)
class Recalled:
    """Where a step takes what the answers of the steps before it, in their order, come to."""

    made: Callable[[Sequence[bytes]], str | bytes]


PREVIOUS: Final = Recalled(lambda answers: answers[-1])


class Hole(Enum):
    """Where a step takes the place that a reader of a stream has come to."""

    INITIAL = "initial"
    EDGE = "edge"
    KEY = "key"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class Initial:
    """A hole with what stands in it at first."""

    hole: Hole
    value: Parameter


Parameter: TypeAlias = "str | bytes | list[str] | Recalled | Hole | Initial | None"
Slot: TypeAlias = "Callable[[Variables], Parameter]"


@dataclass(frozen=True, slots=True)
class Step:
    """One statement, ready: its text, always the same for the same shape, and its parameters.

    `check` is given its answer, and raises `RequestError` where the mutation can't go on.
    """

    text: str
    parameters: tuple[Parameter, ...]
    check: Callable[[bytes], None] | None = None
    # Where in the request its rows are given, if that is not where the root field's are.
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Keyed:
    """How the same is asked for many keys at once: a text that takes a list of them where the step takes one.

    It gives a row a key that is there: the key, and the answer.
    """

    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A root field, ready: chains of steps, each of which may take the answer before it. `listed`: an answer a chain."""

    chains: tuple[tuple[Step, ...], ...]
    listed: bool = False
    keyed: Keyed | None = None


@dataclass(frozen=True, slots=True)
class Sql:
    """One statement: its text, and what gives its parameters their values."""

    text: str
    slots: tuple[Slot, ...]

    def bind(self, variables: Variables) -> Step:
        return Step(self.text, tuple(slot(variables) for slot in self.slots))


def quoted(name: str) -> str:
    """A name from `tables`, as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Our own text, a response key at most, as a string constant."""
    return "'" + text.replace("'", "''") + "'"


def words(*parts: str) -> str:
    """The parts that are there, a space between them."""
    return " ".join(filter(None, parts))


def concatenated(*pieces: str) -> str:
    """One text of the pieces, which are never null."""
    return " || ".join(pieces)


class Writer:
    """What a statement collects while it is written: its slots, and fresh aliases. It writes for one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._slots: list[Slot] = []
        self._numbers = count()

    def ours(self) -> Writer:
        """The same pen where it writes a rule of the house: it sees all rows of all tables."""
        writer = Writer(Session(stringify_numerics=self.session.stringify_numerics))
        writer._slots, writer._numbers = self._slots, self._numbers
        return writer

    def alias(self) -> str:
        return f'"_{next(self._numbers)}"'

    @property
    def places(self) -> int:
        """How many parameters there are so far."""
        return len(self._slots)

    def put(self, slot: Slot, type_name: str) -> str:
        """A parameter of this type."""
        self._slots.append(slot)
        return f"${len(self._slots)}::{type_name}"

    def done(self, text: str) -> Sql:
        return Sql(text, tuple(self._slots))
