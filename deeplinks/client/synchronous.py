"""The client for programs without an event loop: the same verbs, each run on the loop of one thread beside.

The client. A line a verb; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Mapping
from functools import partial, wraps
from types import TracebackType
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, BlockingPortalProvider
from gql.transport import AsyncTransport

from deeplinks.client.asynchronous import AsyncClient
from deeplinks.errors import InvalidError

P = ParamSpec("P")
T = TypeVar("T")
# One thread for all clients that are open.
_portals: Final = BlockingPortalProvider()


def _verb(
    verb: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Client, P], T]:
    @wraps(verb)
    def called(client: Client, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.call(partial(verb, client.inner, *args, **kwargs))

    return called


def _series(
    verb: Callable[Concatenate[AsyncClient, P], AsyncGenerator[T]],
) -> Callable[Concatenate[Client, P], Generator[T]]:
    """Answers one at a time, for a `for` loop; leaving the loop ends them."""

    @wraps(verb)
    def drawn(client: Client, *args: P.args, **kwargs: P.kwargs) -> Generator[T]:
        answers = verb(client.inner, *args, **kwargs)
        try:
            while True:
                yield client.call(partial(anext, answers))
        except StopAsyncIteration:
            pass
        finally:
            client.call(answers.aclose)

    return drawn


class Client:
    """A client of a GraphQL endpoint: `with Client(url, secret=...) as client:`; the verbs of `AsyncClient` without `await`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: AsyncTransport | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.inner = AsyncClient(url, secret=secret, headers=headers, transport=transport, timeout=timeout)
        self._portal: BlockingPortal | None = None

    def __repr__(self) -> str:
        return repr(self.inner).replace("AsyncClient", "Client")

    def __enter__(self) -> Self:
        self._portal = self._portal or _portals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a second time is harmless."""
        if self._portal is None:
            return
        try:
            self.call(self.inner.close)
        finally:
            self._portal = None
            _portals.__exit__(None, None, None)

    select = _verb(AsyncClient.select)
    aggregate = _verb(AsyncClient.aggregate)
    insert = _verb(AsyncClient.insert)
    update = _verb(AsyncClient.update)
    update_many = _verb(AsyncClient.update_many)
    delete = _verb(AsyncClient.delete)
    subscribe = _series(AsyncClient.subscribe)
    stream = _series(AsyncClient.stream)

    def call(self, verb: Callable[[], Awaitable[T]]) -> T:
        """Run it on the loop beside. Raises what it raises."""
        if self._portal is None:
            raise InvalidError(what=repr(self), why="it is not open: use it in a `with` block")
        return self._portal.call(_awaited, verb)


async def _awaited(verb: Callable[[], Awaitable[T]]) -> T:
    return await verb()
