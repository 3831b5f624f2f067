"""The second wall: what the database is told of a session that is not the admin's before anything runs for it.

The server. It says to which spaces and verbs a session is confined; row level security holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from deeplinks import resources
from deeplinks.dialect.session import Rights, Rules, Session
from deeplinks.dialect.sql import Step
from deeplinks.dialect.statements import And, Condition, Counted, Not, Or, Related, Rule
from deeplinks.dialect.values import Operand

EVERYWHERE = "*"


def wall(session: Session) -> Step | None:
    """The statement that raises the wall for a transaction; none for the admin. Raises `RequestError`, code not-found."""
    if not session.ruled:
        return None
    return Step(resources.text("sql/queries/wall.sql"), (_spaces(session), verbs(session.rights)))


def _spaces(session: Session) -> str:
    if session.rights.spaces is None:
        return EVERYWHERE
    own = (Operand(space, "uuid", "$").value(session.variables) for space in session.rights.spaces)
    return ",".join(map(str, own))


@lru_cache
def verbs(rights: Rights) -> str:
    """`links:select,strings:insert`: all that is granted, and the tables that it takes to hold rows to their rules."""
    granted = {(table.name, verb) for table in rights.tables.values() for verb in table.verbs}
    # What was written is read once more, to be held to its check.
    read = {(name, "select") for name, verb in granted if verb == "insert"}
    read |= {(name, "select") for rules in rights.rules.values() for name in _tables_of(rules)}
    return ",".join(sorted(f"{name}:{verb}" for name, verb in granted | read))


def _tables_of(rules: Rules) -> Iterator[str]:
    for condition in (rules.select, rules.update, rules.delete, rules.inserted, rules.updated):
        yield from _named(condition)


def _named(condition: Condition) -> Iterator[str]:
    match condition:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _named(part)
        case Not(part) | Rule(part):
            yield from _named(part)
        case Related(relation, part) | Counted(relation, _, part, _):
            yield relation.table
            yield from _named(part)
        case _:
            return
