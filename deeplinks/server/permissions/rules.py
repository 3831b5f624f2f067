"""Conditions and presets of permissions: Hasura's `where` over all columns, in which `"X-Hasura-…"` is a session variable.

The server. The dialect's own reader reads them; here is only what is different in a file.
"""

from __future__ import annotations

from dataclasses import replace

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import ALWAYS, And, Assign, Compare, Condition, Or
from deeplinks.dialect.values import Given, Operand, Tree, Value
from deeplinks.errors import InvalidError
from deeplinks.ids import canonical
from deeplinks.server.permissions.place import Place
from deeplinks.tables import RESERVED_SPACE, Table

PREFIX = "x-hasura-"


def tree(value: Value) -> Tree:
    """The value with session variables where their names stand."""
    if isinstance(value, str) and value.lower().startswith(PREFIX):
        return Given(value.lower())
    if isinstance(value, list):
        return [tree(item) for item in value]
    if isinstance(value, dict):
        return {name: tree(item) for name, item in value.items()}
    return value


def rule(table: Table, value: Value, place: Place) -> Condition:
    """What a `where` says of the table's rows. Raises `PermissionsError`."""
    if not isinstance(value, dict):
        raise place.wrong("a condition as in `where` is expected; {} is true of all rows")
    scope = Scope({})
    try:
        found = condition(table, tree(value), scope, place.way)
    except RequestError as error:
        raise replace(place, way=error.path).wrong(error.message) from None
    if scope.shaped_by:
        raise place.wrong(
            f"{min(given.name for given in scope.shaped_by)} is a value to compare with, and can't stand for more than one"
        )
    return found


def presets(table: Table, value: Value, place: Place) -> tuple[Assign, ...]:
    """Columns that get a value whatever is asked for. Raises `PermissionsError`."""
    given = place.table(value, table.by_name)
    return tuple(_preset(table, name, one, place / name) for name, one in given.items())


def _preset(table: Table, name: str, value: Value, place: Place) -> Assign:
    column = table.by_name[name]
    operand = Operand(tree(value), column.scalar, place.way, nullable=column.nullable)
    if not isinstance(operand.tree, Given):
        try:
            operand.value({})
        except RequestError as error:
            raise place.wrong(error.message) from None
    return Assign(column, operand)


def spaces(value: Value, place: Place) -> tuple[Tree, ...] | None:
    """The spaces that a role is confined to: ids, and session variables that hold one. Raises `PermissionsError`."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise place.wrong("a list of spaces, ids or session variables, is expected")
    return tuple(_space(one, place / index) for index, one in enumerate(value))


def _space(value: Value, place: Place) -> Tree:
    found = tree(value)
    if isinstance(found, Given):
        return found
    try:
        return canonical(found)
    except InvalidError:
        raise place.wrong(f"{value!r} is no id of a space, and no session variable") from None


def confined(table: Table, spaces: tuple[Tree, ...] | None, asked: Condition, *, reading: bool = False) -> Condition:
    """The condition, of rows in these spaces. The built-in types lie in a space that everybody reads."""
    if spaces is None:
        return asked
    column = table.by_name["_deep" if "_deep" in table.by_name else "id"]
    among = (*spaces, RESERVED_SPACE) if reading else spaces
    own = Or(tuple(Compare(column, "_eq", Operand(space, "uuid", "$")) for space in among))
    return own if asked == ALWAYS else And((own, asked))
