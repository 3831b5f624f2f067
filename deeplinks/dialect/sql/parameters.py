"""Values as PostgreSQL takes them: text for scalars, a list of texts for lists, JSON text for jsonb.

The dialect's SQL. One spelling a type, so that a statement's parameters have the same types every time.
"""

from __future__ import annotations

from deeplinks.dialect.json_path import path_steps
from deeplinks.dialect.payload import encoded
from deeplinks.dialect.sql.writer import Parameter, Slot, Writer
from deeplinks.dialect.values import Operand, Value
from deeplinks.tables import SCALARS


def put(writer: Writer, operand: Operand) -> str:
    """The operand as a parameter of its scalar's type, or of a list of that type."""
    sql_type = "integer" if operand.scalar == "Int" else SCALARS[operand.scalar]
    if not operand.many:
        return writer.put(spelled(operand), sql_type)
    if operand.scalar == "jsonb":
        return f"ARRAY(SELECT jsonb_array_elements({writer.put(spelled(operand), 'jsonb')}))"
    return writer.put(spelled(operand), f"{sql_type}[]")


def steps(writer: Writer, operand: Operand) -> str:
    """The steps of a path into a JSON value; null leads to the whole of it."""
    return writer.put(lambda variables: path_steps(operand, variables), "text[]")


def count(writer: Writer, operand: Operand) -> str:
    """A limit or an offset; null is none."""
    return writer.put(spelled(operand), "bigint")


def spelled(operand: Operand) -> Slot:
    """What gives the operand's value as PostgreSQL takes it."""
    if operand.scalar == "jsonb":
        return lambda variables: _json(operand, operand.value(variables))
    if operand.many:
        return lambda variables: _texts(operand.value(variables))
    return lambda variables: _text(operand.value(variables))


def _json(operand: Operand, value: Value) -> Parameter:
    # A bare null is SQL's null, as in Hasura; inside a value it is JSON's.
    return None if value is None else encoded(value, operand.path)


def _texts(value: Value) -> list[str]:
    assert isinstance(value, list)
    return [spelled for item in value if (spelled := _text(item)) is not None]


def _text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
