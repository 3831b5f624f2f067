"""The engine: a request and a session in, a response out, or many. HTTP, sockets and the in-process transport come through here.

The server. It joins the schema, the documents and the database; what each of them knows stays with them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from time import perf_counter

from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from deeplinks import resources
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import EVERYTHING as ALL
from deeplinks.dialect.session import Rights, Session
from deeplinks.server import answers, faults
from deeplinks.server.access import Admission
from deeplinks.server.bodies import Request
from deeplinks.server.database import Database
from deeplinks.server.documents import Documents
from deeplinks.server.execute import Asked, CompileAndRun, failed, known
from deeplinks.server.limits import Limits, limits_of
from deeplinks.server.live import Hub
from deeplinks.server.observing import Answered, Observer
from deeplinks.server.permissions import Permissions, load
from deeplinks.server.schema import TablesSchema, make_schema
from deeplinks.server.settings import Settings
from deeplinks.server.tasks import Tasks
from deeplinks.storage.postgres import open_pool

logger = logging.getLogger(__name__)

EVERYTHING = frozenset({OperationType.QUERY, OperationType.MUTATION})
STREAMED = EVERYTHING | {OperationType.SUBSCRIPTION}


@cache
def served_schema() -> TablesSchema:
    """The schema that answers by SQL, of who sees everything: one a process."""
    return make_schema([CompileAndRun])


@dataclass(frozen=True, slots=True)
class Served:
    """What sessions of the same rights are served with: a schema, and the documents that were asked under it."""

    schema: TablesSchema
    documents: Documents = field(default_factory=Documents)


class Engine:
    """What a server runs on: settings, a database, the documents it has seen, and the hub of its live queries."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self._permissions = _permissions(settings)
        self.admission = Admission(settings, self._permissions.rights)
        self._served: dict[Rights, Served] = {}
        self.hub = Hub(database, settings)
        self.observers: list[Observer] = []
        self._tasks = Tasks()

    def served(self, rights: Rights = ALL) -> Served:
        """What sessions with these rights are served with, made when the first of them asks."""
        if rights not in self._served:
            schema = served_schema() if rights is ALL else make_schema([CompileAndRun], rights.tables)
            self._served[rights] = Served(schema)
        return self._served[rights]

    @property
    def documents(self) -> Documents:
        """The documents of the admin."""
        return self.served().documents

    async def begin(self) -> None:
        """Start what runs beside requests, and find out whether the second wall stands."""
        if self.settings.permissions is not None:
            self.database.walled = await self._has_wall()
        await self.admission.begin(self._tasks)

    async def _has_wall(self) -> bool:
        ((walled,),) = await self.database.rows(resources.text("sql/queries/walled.sql"))
        if not walled:
            logger.warning("the database's own wall does not stand: the role deeplinks_session can't be taken")
        return bool(walled)

    def limits(self, session: Session) -> Limits:
        """The limits of a session's role; in development everybody may ask about the schema."""
        own = self.settings.limits if session.role in self.settings.limits else self._permissions.limits
        limits = limits_of(session.role, own, self.settings.unauthorized_role)
        return replace(limits, introspection=True) if self.settings.development else limits

    async def execute(
        self, request: Request, session: Session, allowed: Iterable[OperationType] = EVERYTHING
    ) -> ExecutionResult:
        """Answer a request. Nothing is raised for what is wrong with it: errors are part of the answer."""
        return await self._execute(self._asked(request, session), allowed)

    async def stream(self, request: Request, session: Session) -> AsyncGenerator[ExecutionResult]:
        """Answer a request of any kind: once, or for a subscription again and again, until the reader closes this.

        What can't be begun is a `PreExecutionError`, and the only answer.
        """
        asked = self._asked(request, session)
        result = await self._execute(asked, STREAMED)
        if result.errors:
            yield PreExecutionError(data=None, errors=answers.told(result.errors))
        elif asked.live is None:
            yield result
        else:
            async with aclosing(self.hub.watch(asked.live)) as live:
                async for answer in live:
                    yield answer

    async def close(self) -> None:
        """End the live queries, and what runs beside them. The database is whose it was."""
        await self._tasks.stop()
        await self.hub.close()

    def _asked(self, request: Request, session: Session) -> Asked:
        limits, observed, documents = self.limits(session), bool(self.observers), self.served(session.rights).documents
        return Asked(request, session, limits, documents, self.database, self.hub.ring, observed)

    async def _execute(self, asked: Asked, allowed: Iterable[OperationType]) -> ExecutionResult:
        if not asked.observed:
            return await self._run(asked, allowed)
        began = perf_counter()
        result = await self._run(asked, allowed)
        code = answers.code(answers.response(result)) if result.errors else None
        name, role = asked.request.operation_name, asked.session.role
        self.tell(Answered(asked.kind, name, role, code, asked.rows, perf_counter() - began))
        return result

    def tell(self, answered: Answered) -> None:
        """Tell the observers of a request that is over."""
        for observer in self.observers:
            observer(answered)

    async def _run(self, asked: Asked, allowed: Iterable[OperationType]) -> ExecutionResult:
        request = asked.request
        if (answered := await known(asked, {kind.value for kind in allowed})) is not None:
            return answered
        try:
            return await self.served(asked.session.rights).schema.execute(
                request.query,
                variable_values=dict(request.variables),
                context_value=asked,
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
            )
        except (MissingQueryError, CannotGetOperationTypeError) as error:
            return failed(faults.refused(_no_operation(request, error)))
        except InvalidOperationTypeError as error:
            return failed(faults.refused(_not_here(error.operation_type)))


def _permissions(settings: Settings) -> Permissions:
    if settings.permissions is None:
        return Permissions()
    return load(settings.permissions, settings.unauthorized_role)


def _not_here(kind: OperationType) -> RequestError:
    if kind is OperationType.SUBSCRIPTION:
        why = "subscriptions are not supported over HTTP, use websockets instead"
        return RequestError(why, code="unexpected-payload")
    why = f"a {kind.value} is not taken by this way: queries and mutations are sent by POST"
    return RequestError(why, code="not-supported")


def _no_operation(request: Request, error: Exception) -> RequestError:
    if isinstance(error, MissingQueryError):
        return RequestError("not a valid graphql query: it is empty", "$.query")
    return RequestError(f'no such operation found in the document: "{request.operation_name or ""}"')


@asynccontextmanager
async def open_engine(settings: Settings, seen: Callable[[str], None] | None = None) -> AsyncGenerator[Engine]:
    """An engine with its own pool, closed at the end. Raises what `open_pool` raises, and `SettingsError`."""
    pool = await open_pool(
        settings.database,
        size=settings.pool_size,
        timeout=settings.pool_timeout,
        statement_timeout=settings.statement_timeout,
    )
    try:
        engine = Engine(settings, Database(pool, seen))
        try:
            await engine.begin()
            yield engine
        finally:
            await engine.close()
    finally:
        await pool.close()
