"""The second transport: GraphQL requests to the tables in this process, over no port.

The server. It takes gql's requests to the engine by the same rules as HTTP; it opens no connection of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import orjson
from gql.graphql_request import GraphQLRequest
from gql.transport import AsyncTransport
from graphql import DocumentNode, ExecutionResult, print_ast
from starlette.applications import Starlette
from strawberry.types import ExecutionResult as Result

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Value
from deeplinks.server import answers, faults
from deeplinks.server.access import STRINGIFY
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine
from deeplinks.server.execute import failed

KEPT = 128


class InProcessTransport(AsyncTransport):
    """A gql transport to an engine, or to the engine of an app, with headers as a client over HTTP would send them.

    Numerics come as text, as our own storage asks for them over HTTP too, unless the headers say otherwise.
    """

    def __init__(self, server: Engine | Starlette, headers: Mapping[str, str] | None = None) -> None:
        self._server = server
        self._headers = {STRINGIFY: "true", **{name.lower(): value for name, value in (headers or {}).items()}}
        self._texts: OrderedDict[int, tuple[DocumentNode, str]] = OrderedDict()

    @property
    def engine(self) -> Engine:
        engine = self._server if isinstance(self._server, Engine) else self._server.state.engine
        assert isinstance(engine, Engine)
        return engine

    async def connect(self) -> None:
        """There is nothing to connect: who gave the engine holds it open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def execute(self, request: GraphQLRequest) -> ExecutionResult:
        """Answer a request. Errors are part of the answer, as over HTTP."""
        try:
            session = self._session()
        except RequestError as error:
            return _told(failed(faults.refused(error)))
        return _told(await self.engine.execute(self._asked(request), session))

    async def subscribe(self, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult, None]:
        """Answer a subscription, again and again until this is closed. Errors are part of the answers."""
        try:
            session = self._session()
        except RequestError as error:
            yield _told(failed(faults.refused(error)))
            return
        async with aclosing(self.engine.stream(self._asked(request), session)) as results:
            async for result in results:
                yield _told(result)

    def _session(self) -> Session:
        return self.engine.admission.admit(self._headers)

    def _asked(self, request: GraphQLRequest) -> Request:
        variables: Mapping[str, Value] = request.variable_values or {}
        return Request(self._text(request.document), variables, request.operation_name)

    def _text(self, document: DocumentNode) -> str:
        """The document's text, printed once: documents are few and are asked again and again."""
        known = self._texts.get(id(document))
        if known is not None:
            return known[1]
        # The document is kept beside its text, so that its id stays its own.
        self._texts[id(document)] = document, print_ast(document)
        if len(self._texts) > KEPT:
            self._texts.popitem(last=False)
        return self._texts[id(document)][1]


def _told(result: Result) -> ExecutionResult:
    response = answers.response(result)
    data, errors = response.get("data"), response.get("errors")
    if isinstance(data, answers.Spliced):
        data = orjson.loads(data.text())
    # gql hands on what a server sent: errors are plain objects here too.
    return ExecutionResult(data=data, errors=errors)  # pyright: ignore[reportArgumentType]
