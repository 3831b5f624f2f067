"""Between validation and execution: the document is compiled and run, and strawberry finds the result made already.

The server. A strawberry extension by its public hooks; it holds no connection and writes no SQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

import psycopg
from graphql import GraphQLError
from graphql.validation import SingleFieldSubscriptionsRule, recommended_rules, specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from deeplinks.dialect.operation import choose
from deeplinks.dialect.plans import Plan, Planned
from deeplinks.dialect.reach import confined, space_of
from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import Bound
from deeplinks.dialect.statements import Aggregate, ByKey, Insert, Select, Stream, Typename
from deeplinks.dialect.values import Variables
from deeplinks.server import faults
from deeplinks.server.answers import spliced
from deeplinks.server.bodies import Request, loads
from deeplinks.server.cost import check_cost
from deeplinks.server.database import Database, StatementError
from deeplinks.server.documents import Documents, Prepared
from deeplinks.server.limits import Limits
from deeplinks.server.measure import Measure, nested
from deeplinks.server.observing import REFUSED, rows
from deeplinks.server.wall import wall
from deeplinks.server.within import UNBOUND, Within

ANEW: Final = 2
Fields: TypeAlias = "list[tuple[str, bytes]]"
# The dialect says it with Hasura's words, and counts after fragments and directives, how many fields a subscription has.
RULES: Final = tuple(
    rule for rule in (*specified_rules, *recommended_rules) if rule is not SingleFieldSubscriptionsRule
)
Run: TypeAlias = "Callable[[list[Bound]], Awaitable[list[bytes]]]"


@dataclass(frozen=True, slots=True)
class LiveQuery:
    """A subscription's field, compiled: answered again and again.

    `space` is where all it may show lies, '' for anywhere; `within` is what every answer is held to.
    """

    planned: Planned
    query: Bound
    space: str
    within: Within = UNBOUND
    identity: Hashable = field(init=False)

    @property
    def streams(self) -> bool:
        """It is told row by row, and not again and again as a whole."""
        return isinstance(self.planned.statement, Stream)

    def __post_init__(self) -> None:
        """Equal ones have equal answers: the statements and all their values, a role's filters among them."""
        steps = (step for chain in self.query.chains for step in chain)
        told = tuple((step.text, repr(step.parameters)) for step in steps)
        object.__setattr__(self, "identity", (self.planned.key, self.space, told, self.within.wall))


@dataclass(slots=True)
class Asked:
    """A request on its way: what it says, for whom it runs and within what limits, and what it needs to be answered.

    `committed` is called after a mutation. `live` is what a subscription was compiled to. `kind` and `rows` are what it
    came to, `rows` where `observed` asks for it.
    """

    request: Request
    session: Session
    limits: Limits
    documents: Documents
    database: Database
    committed: Callable[[], None]
    observed: bool = False
    prepared: Prepared | None = None
    live: LiveQuery | None = None
    kind: str = REFUSED
    rows: int = 0


class CompileAndRun(SchemaExtension):
    """Finds prepared documents, keeps new ones, and answers all fields but those about the schema."""

    @property
    def asked(self) -> Asked:
        context: object = self.execution_context.context
        assert isinstance(context, Asked)
        return context

    def on_parse(self) -> Iterator[None]:
        asked, context = self.asked, self.execution_context
        text, limits = asked.request.query, asked.limits
        # Before validation, which may cost the most of all.
        asked.prepared = asked.documents.find(text) or asked.documents.prepare(text, limits)
        _check(asked.prepared.measure, asked.request, limits)
        context.graphql_document = asked.prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        prepared, context = self.asked.prepared, self.execution_context
        context.validation_rules = RULES
        if prepared is not None:
            # An empty list says: validated, and nothing found.
            context.pre_execution_errors = prepared.errors
        yield
        if prepared is not None:
            prepared.errors = context.pre_execution_errors or []

    async def on_execute(self) -> AsyncIterator[None]:
        try:
            self.execution_context.result = await self._answer()
        except (RequestError, GraphQLError) as error:
            self.execution_context.result = refused(error)
        yield

    async def _answer(self) -> ExecutionResult | None:
        """The answer, or nothing where graphql-core has to go on. Raises `RequestError` and `GraphQLError`."""
        plan, variables = compiled(self.asked)
        if not plan.operation.introspects:
            return await run(self.asked, plan, variables)
        _check_cost(self.asked, variables)
        # Questions about the schema are graphql-core's; it walks the rows that were asked for beside them.
        fields = await answer(self.asked, plan, variables)
        self.execution_context.root_value = {key: loads(text) for key, text in fields}
        return None


async def known(asked: Asked, kinds: Container[str]) -> ExecutionResult | None:
    """The answer to a document that was found valid before, or nothing where that is not so: it costs no walk through it."""
    prepared = asked.documents.find(asked.request.query)
    if prepared is None or prepared.errors != [] or prepared.measure.asks_schema:
        return None
    asked.prepared = prepared
    try:
        _check(prepared.measure, asked.request, asked.limits)
        plan, variables = compiled(asked)
        return await run(asked, plan, variables) if plan.operation.kind in kinds else None
    except (RequestError, GraphQLError) as error:
        return refused(error)


async def run(asked: Asked, plan: Plan, variables: Variables) -> ExecutionResult:
    """The answer to an operation that asks nothing about the schema. Raises `RequestError` and `GraphQLError`."""
    _check_cost(asked, variables)
    if plan.operation.kind == "subscription":
        asked.live = _live(asked, plan, variables)
        return ExecutionResult(data=None, errors=None)
    return ExecutionResult(data=spliced(await answer(asked, plan, variables)), errors=None)


def _check_cost(asked: Asked, variables: Variables) -> None:
    if asked.limits.cost is not None and asked.prepared is not None:
        document = asked.prepared.document
        check_cost(document, choose(document, asked.request.operation_name), variables, asked.limits.cost)


def _check(measure: Measure, request: Request, limits: Limits) -> None:
    measure.check(limits)
    if measure.asks_schema and not limits.introspection:
        raise RequestError("questions about the schema are for the admin, and for development")
    if limits.nesting is not None and nested(request.variables, limits.nesting):
        why = f"the variables are nested deeper than {limits.nesting} levels, which is the limit"
        raise RequestError(why, code=faults.TOO_MUCH)


def refused(error: RequestError | GraphQLError) -> ExecutionResult:
    """An error as the answer."""
    return failed(faults.refused(error) if isinstance(error, RequestError) else error)


def failed(error: GraphQLError) -> ExecutionResult:
    """No data, one error: as Hasura answers."""
    return ExecutionResult(data=None, errors=[error])


def compiled(asked: Asked) -> tuple[Plan, Variables]:
    """The request's plan, and its variables with defaults. Raises `RequestError`."""
    assert asked.prepared is not None
    plan, variables = asked.prepared.plans.find(asked.request.operation_name, asked.request.variables, asked.session)
    asked.kind = plan.operation.kind
    return plan, variables


async def answer(asked: Asked, plan: Plan, variables: Variables) -> Fields:
    """Run a query or a mutation. Raises `RequestError`, or `GraphQLError` for what the database said."""
    bound = [(field, query) for field, query in zip(plan.fields, plan.bind(variables), strict=True) if query]
    changes = plan.operation.kind == "mutation"
    way = asked.database.write if changes else asked.database.read
    run: Run = partial(way, within=_within(asked))
    answers = await _run(run, [field for field, _ in bound], [query for _, query in bound]) if bound else []
    if changes and bound:
        asked.committed()
    if asked.observed:
        asked.rows = sum(rows(field, text) for (field, _), text in zip(bound, answers, strict=True))
    texts = dict(zip((field.key for field, _ in bound), answers, strict=True))
    return [(field.key, text) for field in plan.fields if (text := texts.get(field.key) or _typename(field))]


def _live(asked: Asked, plan: Plan, variables: Variables) -> LiveQuery:
    (field,), (query,) = plan.fields, plan.bind(variables)
    assert query is not None
    assert isinstance(field.statement, Select | Aggregate | ByKey | Stream)
    space = (
        space_of(field.statement, variables)
        if confined(asked.session.rights) or isinstance(field.statement, Stream)
        else None
    )
    return LiveQuery(field, query, space or "", _within(asked))


def _within(asked: Asked) -> Within:
    return Within(asked.limits.seconds, wall(asked.session) if asked.database.walled else None)


async def asked_again(database: Database, live: LiveQuery) -> ExecutionResult:
    """What a live query answers now; what goes wrong is told in the answer."""
    try:
        (text,) = await _run(partial(database.read, within=live.within), [live.planned], [live.query])
    except (RequestError, GraphQLError) as error:
        return refused(error)
    return ExecutionResult(data=spliced([(live.planned.key, text)]), errors=None)


def _typename(field: Planned) -> bytes | None:
    statement = field.statement
    return f'"{statement.name}"'.encode() if isinstance(statement, Typename) else None


async def _run(run: Run, fields: list[Planned], queries: list[Bound]) -> list[bytes]:
    try:
        return await _begun_anew(run, queries)
    except StatementError as error:
        raise faults.from_database(error.cause, error.place or _place(fields[error.index])) from None
    except psycopg.Error as error:
        raise faults.from_database(error) from None
    except UnicodeEncodeError:
        raise faults.no_text() from None


async def _begun_anew(run: Run, queries: list[Bound]) -> list[bytes]:
    """The answers; where writers waited for each other in a circle, at the second or third go."""
    for _ in range(ANEW):
        try:
            return await run(queries)
        except StatementError as error:
            # PostgreSQL has undone all of it, so that the others could go on: nothing has happened.
            if not isinstance(error.cause, psycopg.errors.DeadlockDetected):
                raise
    return await run(queries)


def _place(field: Planned) -> str:
    """Where a constraint was violated: Hasura names the rows of an insert, and of other mutations nothing."""
    return field.statement.rows.path if isinstance(field.statement, Insert) else ROOT
