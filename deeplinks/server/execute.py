"""Between validation and execution: the document is compiled and run, and strawberry finds the result made already.

The server. A strawberry extension by its public hooks; it holds no connection and writes no SQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from deeplinks.dialect.plans import Plan, Planned
from deeplinks.dialect.refusal import ROOT, RequestError
from deeplinks.dialect.sql import Bound
from deeplinks.dialect.statements import Insert, Session, Typename
from deeplinks.server import faults
from deeplinks.server.answers import spliced
from deeplinks.server.bodies import Request, loads
from deeplinks.server.database import Database, StatementError
from deeplinks.server.documents import Documents, Prepared

Fields: TypeAlias = "list[tuple[str, bytes]]"


@dataclass(slots=True)
class Asked:
    """A request on its way: what it says, for whom it runs, and what it needs to be answered."""

    request: Request
    session: Session
    documents: Documents
    database: Database
    prepared: Prepared | None = None


class CompileAndRun(SchemaExtension):
    """Finds prepared documents, keeps new ones, and answers all fields but those about the schema."""

    @property
    def asked(self) -> Asked:
        context: object = self.execution_context.context
        assert isinstance(context, Asked)
        return context

    def on_parse(self) -> Iterator[None]:
        asked, context = self.asked, self.execution_context
        asked.prepared = asked.documents.find(asked.request.query)
        if asked.prepared is not None:
            context.graphql_document = asked.prepared.document
        yield
        if asked.prepared is None and context.graphql_document is not None:
            asked.prepared = asked.documents.keep(asked.request.query, context.graphql_document)

    def on_validate(self) -> Iterator[None]:
        prepared, context = self.asked.prepared, self.execution_context
        if prepared is not None:
            # An empty list says: validated, and nothing found.
            context.pre_execution_errors = prepared.errors
        yield
        if prepared is not None:
            prepared.errors = context.pre_execution_errors or []

    async def on_execute(self) -> AsyncIterator[None]:
        context = self.execution_context
        try:
            plan, fields = await answer(self.asked)
        except RequestError as error:
            context.result = failed(faults.refused(error))
        except GraphQLError as error:
            context.result = failed(error)
        else:
            if plan.operation.introspects:
                # Questions about the schema are graphql-core's; it walks the rows that were asked for beside them.
                context.root_value = {key: loads(text) for key, text in fields}
            else:
                context.result = ExecutionResult(data=spliced(fields), errors=None)
        yield


def failed(error: GraphQLError) -> ExecutionResult:
    """No data, one error: as Hasura answers."""
    return ExecutionResult(data=None, errors=[error])


async def answer(asked: Asked) -> tuple[Plan, Fields]:
    """Compile and run. Raises `RequestError`, or `GraphQLError` for what the database said."""
    assert asked.prepared is not None
    plan, variables = asked.prepared.plans.find(asked.request.operation_name, asked.request.variables, asked.session)
    bound = [(field, query) for field, query in zip(plan.fields, plan.bind(variables), strict=True) if query]
    answers = await _run(asked.database, plan, [field for field, _ in bound], [query for _, query in bound])
    texts = dict(zip((field.key for field, _ in bound), answers, strict=True))
    return plan, [(field.key, text) for field in plan.fields if (text := texts.get(field.key) or _typename(field))]


def _typename(field: Planned) -> bytes | None:
    statement = field.statement
    return f'"{statement.name}"'.encode() if isinstance(statement, Typename) else None


async def _run(database: Database, plan: Plan, fields: list[Planned], queries: list[Bound]) -> list[bytes]:
    if not queries:
        return []
    try:
        if plan.operation.kind == "mutation":
            return await database.write(queries)
        return await database.read(queries)
    except StatementError as error:
        raise faults.from_database(error.cause, _place(fields[error.index])) from None
    except psycopg.Error as error:
        raise faults.from_database(error) from None
    except UnicodeEncodeError:
        raise RequestError("the request holds half a surrogate pair, which is no text", code="data-exception") from None


def _place(field: Planned) -> str:
    """Where a constraint was violated: Hasura names the rows of an insert, and of other mutations nothing."""
    return field.statement.rows.path if isinstance(field.statement, Insert) else ROOT
