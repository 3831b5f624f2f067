"""What a request came to, told to whoever observes: its kind, role, rows, time and code.

The server. It makes a value of a request that is over; logs and metrics are made of it elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from deeplinks.dialect.plans import Planned
from deeplinks.dialect.statements import (
    Affected,
    Aggregate,
    ByKey,
    Delete,
    Insert,
    Nested,
    NestedAggregate,
    Nodes,
    One,
    Outcome,
    Returning,
    Select,
    Stream,
    Update,
    UpdateMany,
)

REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that is over. `rows` are those it shows, wherever they are nested, or those it has changed.

    `kind` is query, mutation or subscription, or `REFUSED` for what did not become one; `code` is that of its error.
    """

    kind: str
    name: str | None
    role: str
    code: str | None
    rows: int
    seconds: float


Observer: TypeAlias = Callable[[Answered], None]


def rows(field: Planned, answer: bytes) -> int:
    """How many rows an answer shows, or how many it says were changed; nothing of it is parsed."""
    keys = set(_first_keys(field.statement))
    # A quotation mark inside a text has a backslash before it: only an object begins like this.
    shown = sum(answer.count(b'{"%b":' % key.encode()) for key in keys)
    changed = [int(number) for key in _counts(field.statement) for number in _numbers(key, answer)]
    return max(shown, sum(changed))


def _first_keys(part: object) -> Iterator[str]:
    """The keys that rows begin with."""
    match part:
        case Select() | ByKey() | Stream() | One() | Returning() | Nodes():
            yield from (item.key for item in part.selection[:1])
            for item in part.selection:
                yield from _first_keys(item)
        case Nested():
            yield from _first_keys(part.select)
        case NestedAggregate():
            yield from _first_keys(part.aggregate)
        case Aggregate() | Outcome():
            for item in part.parts:
                yield from _first_keys(item)
        case Insert() | Update() | UpdateMany() | Delete():
            yield from _first_keys(part.answer)
        case _:
            pass


def _counts(part: object) -> Iterator[str]:
    match part:
        case Insert(answer=Outcome() as answer) | Update(answer=Outcome() as answer):
            yield from (item.key for item in answer.parts if isinstance(item, Affected))
        case UpdateMany(answer=Outcome() as answer) | Delete(answer=Outcome() as answer):
            yield from (item.key for item in answer.parts if isinstance(item, Affected))
        case _:
            pass


def _numbers(key: str, answer: bytes) -> list[bytes]:
    return re.findall(rb'[{,]"%b":(\d+)' % key.encode(), answer)
