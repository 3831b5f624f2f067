"""The endpoint: GraphQL over HTTP, and the door to the sockets.

The server. It speaks HTTP; what a request means and what it may see is decided behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from json import JSONDecodeError
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_WS_PROTOCOL
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from deeplinks.dialect.refusal import RequestError
from deeplinks.server import answers, bodies, faults, negotiation
from deeplinks.server.engine import Engine, served_schema
from deeplinks.server.execute import failed
from deeplinks.server.gate import origins
from deeplinks.server.legacy import LegacyProtocol
from deeplinks.server.observing import REFUSED, Answered
from deeplinks.server.settings import Settings
from deeplinks.server.sockets import MESSAGE_LIMIT, Caller, Protocol, Socket

READING = frozenset({OperationType.QUERY})
# How long a socket may stay without saying who it is.
SILENCE = timedelta(seconds=5)
# The modern one, and the older one, in which a client hears so often that somebody is there (seconds).
PROTOCOLS = (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_WS_PROTOCOL)
KEEP_ALIVE = 5.0
# Operations at the same time on one socket.
MOST = 1000


class View(GraphQL[Caller, None]):
    """The endpoint as an ASGI app; it finds its engine in the state of the app around it."""

    websocket_adapter_class = Socket
    graphql_transport_ws_handler_class = Protocol
    graphql_ws_handler_class = LegacyProtocol

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            served_schema(),
            graphql_ide=None,
            keep_alive=True,
            keep_alive_interval=KEEP_ALIVE,
            subscription_protocols=PROTOCOLS if settings.legacy_sockets else PROTOCOLS[:1],
            connection_init_wait_timeout=SILENCE,
            max_subscriptions_per_connection=MOST,
        )
        self.development = settings.development
        self._origins = origins(settings.cors_domains)

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
        return Caller(
            _engine(request), request.headers, message_limit=request.scope.get("state", {}).get(MESSAGE_LIMIT)
        )

    async def on_ws_connect(self, context: Caller) -> UnsetType:
        try:
            context.admit()
        except RequestError as error:
            raise ConnectionRejectionError({"message": error.message}) from error
        return UNSET

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        return self._origins.fullmatch(origin) is not None

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
        if request.method == "GET" and self.development and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/")
        media_type = negotiation.chosen(request.headers.get("accept"))
        began = perf_counter()
        try:
            answer = await self._answer(request)
        except RequestError as error:
            answer = answers.response(failed(faults.refused(error)))
            _engine(request).tell(Answered(REFUSED, None, "nobody", answers.code(answer), 0, perf_counter() - began))
        return self._response(answer, media_type, request.method)

    async def _answer(self, request: HttpRequest) -> answers.Response | list[answers.Response]:
        engine = _engine(request)
        # First of all: nobody's body is read for nothing.
        session = engine.admission.admit(request.headers)
        if request.method == "GET":
            return answers.response(await engine.execute(self._from_url(request.query_params), session, READING))
        _check_form(request.headers)
        limits = engine.limits(session)
        body = bodies.loads(await _body(request, limits.body))
        if not isinstance(body, list):
            return answers.response(await engine.execute(bodies.request(body), session))
        # One after another, as they are written: a later one may rest on an earlier one.
        asked = bodies.batch(body, limits.batch)  # pyright: ignore[reportUnknownArgumentType]
        return [answers.response(await engine.execute(one, session)) for one in asked]

    def _from_url(self, parameters: Mapping[str, str]) -> bodies.Request:
        if not self.development:
            raise RequestError("GET is for development: send a POST", code="not-supported")
        variables = parameters.get("variables")
        given = {**parameters, "variables": bodies.loads(variables) if variables else None}
        return bodies.request(given)

    def _response(self, answer: answers.Response | list[answers.Response], media_type: str, method: str) -> Response:
        if isinstance(answer, list):
            return Response(answers.encoded(answer), media_type=negotiation.JSON)
        status = negotiation.status(answers.code(answer), media_type, method)
        more = {503: {"retry-after": "1"}, 405: {"allow": "GET, POST" if self.development else "POST"}}
        return Response(answers.encoded(answer), status, more.get(status), media_type)


def _check_form(headers: Mapping[str, str]) -> None:
    """Only what a page of another origin can't send without asking first: a form can be sent by anybody's page."""
    content_type, coding = headers.get("content-type", ""), headers.get("content-encoding", "identity")
    if content_type.partition(";")[0].strip().lower() != negotiation.JSON:
        why = f"the body is JSON under content-type: application/json, not {content_type or 'none'}"
        raise RequestError(why, code="unsupported-media-type")
    if coding.strip().lower() != "identity":
        raise RequestError(f"a body comes as it is, not as {coding}", code="unsupported-media-type")


async def _body(request: HttpRequest, most: int) -> bytes:
    """The body, as long as it is not larger than that. Raises `RequestError`."""
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        if chunk:
            chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most: int) -> RequestError:
    return RequestError(f"the body is larger than {most} bytes, which is the limit of this role", code=faults.TOO_LARGE)


def _engine(request: HttpRequest | WebSocket) -> Engine:
    engine = request.app.state.engine
    assert isinstance(engine, Engine)
    return engine
