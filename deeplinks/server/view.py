"""The endpoint: GraphQL over HTTP, GraphiQL for people who look at it in development, and the door to the sockets.

The server. It speaks HTTP; what a request means and what it may see is decided behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from json import JSONDecodeError

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from deeplinks.dialect.refusal import RequestError
from deeplinks.server import answers, bodies, faults
from deeplinks.server.access import admit
from deeplinks.server.engine import EVERYTHING, Engine, served_schema
from deeplinks.server.execute import failed
from deeplinks.server.sockets import Caller, Protocol, Socket

READING = frozenset({OperationType.QUERY})
# How long a socket may stay without saying who it is.
SILENCE = timedelta(seconds=5)
# Operations at the same time on one socket.
MOST = 1000


class View(GraphQL[Caller, None]):
    """The endpoint as an ASGI app; it finds its engine in the state of the app around it."""

    websocket_adapter_class = Socket
    graphql_transport_ws_handler_class = Protocol

    def __init__(self, development: bool) -> None:
        super().__init__(
            served_schema(),
            graphql_ide="graphiql" if development else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=SILENCE,
            max_subscriptions_per_connection=MOST,
        )
        self.development = development

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        with suppress(ClientDisconnect):
            # Who left in the middle of a request waits for no answer.
            response = await self.respond(HttpRequest(scope, receive))
            await response(scope, receive, send)

    # sockets: strawberry's hooks

    async def get_context(self, request: HttpRequest | WebSocket, response: Response | WebSocket) -> Caller:
        return Caller(_engine(request), request.headers)

    async def on_ws_connect(self, context: Caller) -> UnsetType:
        try:
            context.admit()
        except RequestError as error:
            raise ConnectionRejectionError from error
        return UNSET

    def encode_json(self, data: object) -> str:
        return answers.message(data)

    def decode_json(self, data: str | bytes) -> object:
        try:
            return bodies.loads(data)
        except RequestError as error:
            raise JSONDecodeError(error.message, "", 0) from None

    # HTTP

    async def respond(self, request: HttpRequest) -> Response:
        """The response to a request."""
        if request.method == "GET" and self.development and "query" not in request.query_params:
            return HTMLResponse(self.graphql_ide_html)
        try:
            return _response(await self._execute(request))
        except RequestError as error:
            return _response(failed(faults.refused(error)))

    async def _execute(self, request: HttpRequest) -> ExecutionResult:
        engine = _engine(request)
        # First of all: nobody's body is read for nothing.
        session = admit(request.headers, engine.settings)
        if request.method == "GET":
            return await engine.execute(self._from_url(request.query_params), session, READING)
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "application/json":
            why = f"the body is JSON under content-type: application/json, not {content_type or 'none'}"
            raise RequestError(why, code="unsupported-media-type")
        return await engine.execute(bodies.request(bodies.loads(await request.body())), session, EVERYTHING)

    def _from_url(self, parameters: Mapping[str, str]) -> bodies.Request:
        if not self.development:
            raise RequestError("GET is for development: send a POST", code="not-supported")
        variables = parameters.get("variables")
        given = {**parameters, "variables": bodies.loads(variables) if variables else None}
        return bodies.request(given)


def _engine(request: HttpRequest | WebSocket) -> Engine:
    engine = request.app.state.engine
    assert isinstance(engine, Engine)
    return engine


def _response(result: ExecutionResult) -> Response:
    answer = answers.response(result)
    status = answers.status(answer)
    headers = {"retry-after": "1"} if status == 503 else None
    return Response(answers.encoded(answer), status, headers, "application/json")
