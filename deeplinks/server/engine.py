"""The engine: a request and a session in, a response out. HTTP and the in-process transport both come through here.

The server. It joins the schema, the documents and the database; what each of them knows stays with them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache

from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.statements import Session
from deeplinks.server import faults
from deeplinks.server.bodies import Request
from deeplinks.server.database import Database
from deeplinks.server.documents import Documents
from deeplinks.server.execute import Asked, CompileAndRun, failed
from deeplinks.server.schema import TablesSchema, make_schema
from deeplinks.server.settings import Settings
from deeplinks.storage.postgres import open_pool

EVERYTHING = frozenset({OperationType.QUERY, OperationType.MUTATION})


@cache
def served_schema() -> TablesSchema:
    """The schema that answers by SQL: one a process."""
    return make_schema([CompileAndRun])


class Engine:
    """What a server runs on: settings, a database, and the documents it has seen."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.documents = Documents()

    async def execute(
        self, request: Request, session: Session, allowed: Iterable[OperationType] = EVERYTHING
    ) -> ExecutionResult:
        """Answer a request. Nothing is raised for what is wrong with it: errors are part of the answer."""
        asked = Asked(request, session, self.documents, self.database)
        try:
            return await served_schema().execute(
                request.query,
                variable_values=dict(request.variables),
                context_value=asked,
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
            )
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            return failed(faults.refused(_no_operation(request, error)))
        except InvalidOperationTypeError as error:
            why = f"a {error.operation_type.value} is not taken by this way: queries and mutations are sent by POST"
            return failed(faults.told(why, "not-supported"))


def _no_operation(request: Request, error: Exception) -> RequestError:
    if isinstance(error, MissingQueryError):
        return RequestError('key "query" is empty', code="parse-failed")
    return RequestError(f'no such operation found in the document: "{request.operation_name or ""}"')


@asynccontextmanager
async def open_engine(settings: Settings, seen: Callable[[str], None] | None = None) -> AsyncGenerator[Engine]:
    """An engine with its own pool, closed at the end. Raises what `open_pool` raises, and `SettingsError`."""
    pool = await open_pool(settings.database, size=settings.pool_size, timeout=settings.pool_timeout)
    try:
        yield Engine(settings, Database(pool, seen))
    finally:
        await pool.close()
