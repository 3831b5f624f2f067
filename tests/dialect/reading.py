"""Reading a document as the dialect does, for tests."""

from collections.abc import Mapping

from graphql.language import parse

from deeplinks.dialect.operation import Operation, choose, read
from deeplinks.dialect.plans import Plans
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import Bound, Step
from deeplinks.dialect.statements import Statement
from deeplinks.dialect.values import Value, declared


def operation(text: str, values: Mapping[str, Value] | None = None, name: str | None = None) -> Operation:
    """The operation, read."""
    document = parse(text)
    chosen = choose(document, name)
    return read(document, chosen, declared(chosen, values or {}))


def statement(text: str, **values: Value) -> Statement:
    """The statement of the only root field."""
    (field,) = operation(text, values).fields
    return field.statement


def bound(text: str, session: Session | None = None, **values: Value) -> Bound:
    """The only root field, ready to be asked."""
    plan, variables = Plans(parse(text)).find(None, values, session or Session())
    (field,) = plan.bind(variables)
    assert field is not None
    return field


def steps(text: str, session: Session | None = None, **values: Value) -> list[Step]:
    """The SQL of the only root field."""
    return [step for chain in bound(text, session, **values).chains for step in chain]
