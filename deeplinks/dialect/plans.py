"""Documents prepared: what was read and written for one document is kept, for the next request with the same shape.

The dialect. A plan holds no values: two requests share one only where the same statements mean the same.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

from graphql.language import DocumentNode, OperationDefinitionNode

from deeplinks.dialect.operation import Introspection, Operation, RootField, choose, read
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import Bound, Query, to_sql
from deeplinks.dialect.statements import Statement, Typename
from deeplinks.dialect.values import Given, Variables, declared, look, outline

KEPT = 64
# Values of a document's variables that are looked at to find its plan.
LOOKED_AT = 256
TOO_DEEP = RequestError("the request is nested too deep")


@dataclass(frozen=True, slots=True)
class Planned:
    """A root field with its SQL."""

    key: str
    path: str
    statement: Statement | Typename | Introspection
    query: Query | None


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation with its SQL."""

    operation: Operation
    fields: tuple[Planned, ...]

    def bind(self, variables: Variables) -> list[Bound | None]:
        """Every root field's statements with these values. Raises `RequestError` before anything has run."""
        try:
            return [field.query.bind(variables) if field.query else None for field in self.fields]
        except RecursionError:
            raise TOO_DEEP from None


Key: TypeAlias = "tuple[object, ...]"


class Plans:
    """The plans of one document: at most `KEPT`, the least used go first."""

    def __init__(self, document: DocumentNode) -> None:
        self.document = document
        self._plans: OrderedDict[Key, Plan] = OrderedDict()
        # Values that have shaped a plan so far: plans are told apart by their outlines.
        self._shaping: dict[Given, None] = {}

    def find(self, name: str | None, values: Variables, session: Session) -> tuple[Plan, Variables]:
        """The plan for this operation, these values and this session, and all values that it may ask for.

        Raises `RequestError`.
        """
        operation = choose(self.document, name)
        variables = declared(operation, values)
        key = self._key(operation, variables, session)
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
            return plan, session.known(variables)
        plan = self._make(operation, variables, session.without_variables())
        if self._learn(plan.operation.shaped_by):
            # Asked again: the plan just made may rest on values that were not known to shape one.
            self._keep(self._key(operation, variables, session), plan)
        return plan, session.known(variables)

    def _key(self, operation: OperationDefinitionNode, variables: Variables, session: Session) -> Key:
        outlines = [outline(look(given, variables)) for given in self._shaping]
        return (id(operation), session.rights, session.stringify_numerics, *outlines)

    def _learn(self, shaped_by: tuple[Given, ...]) -> bool:
        """Look at these values too from now on; not where they are so many that looking costs more than reading."""
        if len(shaped_by) > LOOKED_AT // 4:
            return False
        if len(self._shaping) + len(shaped_by) > LOOKED_AT:
            self._shaping.clear()
            self._plans.clear()
        self._shaping.update(dict.fromkeys(shaped_by))
        return True

    def _make(self, operation: OperationDefinitionNode, variables: Variables, session: Session) -> Plan:
        try:
            asked = read(self.document, operation, variables, session.rights.tables)
            return Plan(asked, tuple(_planned(field, session) for field in asked.fields))
        except RecursionError:
            raise TOO_DEEP from None

    def _keep(self, key: Key, plan: Plan) -> None:
        self._plans[key] = plan
        if len(self._plans) > KEPT:
            self._plans.popitem(last=False)


def _planned(field: RootField, session: Session) -> Planned:
    statement = field.statement
    query = None if isinstance(statement, Typename | Introspection) else to_sql(statement, session)
    return Planned(field.key, field.path, statement, query)
