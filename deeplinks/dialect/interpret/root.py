"""One statement, interpreted: whatever kind it is, tables and values in, its answer out.

The dialect's interpreter. It gives each kind of statement to its reader, and is the door for everybody outside.
"""

from __future__ import annotations

from deeplinks.dialect.interpret.conditions import World
from deeplinks.dialect.interpret.reading import aggregate, by_key, select, stream
from deeplinks.dialect.interpret.tables import Tables
from deeplinks.dialect.interpret.writing import delete, insert, update, update_many
from deeplinks.dialect.operands import check_values, operands
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import Aggregate, ByKey, Delete, Insert, Select, Statement, Stream, Update, UpdateMany
from deeplinks.dialect.values import Value, Variables

NOBODY_SPECIAL = Session()


def interpret(statement: Statement, tables: Tables, variables: Variables, session: Session = NOBODY_SPECIAL) -> Value:
    """The statement's answer; a mutation changes the tables, which are the caller's to set back where it raises.

    Raises `RequestError` for what does not fit the dialect, `ViolationError` for what a database would refuse,
    `NotInterpretedError` for what is not known here.
    """
    world = World(tables, session.known(variables), session)
    # Also where no row is held against them: what does not fit is refused before anything is looked at.
    check_values(operands(statement), world.variables)
    match statement:
        case Select():
            return select(statement, world)
        case Aggregate():
            return aggregate(statement, world)
        case ByKey():
            return by_key(statement, world)
        case Stream():
            return stream(statement, world)
        case Insert():
            return insert(statement, world)
        case Update():
            return update(statement, world)
        case UpdateMany():
            return update_many(statement, world)
        case Delete():
            return delete(statement, world)
