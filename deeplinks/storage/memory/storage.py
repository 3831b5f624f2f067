"""The memory storage itself: the GraphQL storage over a transport that answers in this process.

The memory storage. It adds nothing to the verbs: the documents are those that go over HTTP too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

from gql.graphql_request import GraphQLRequest
from gql.transport import AsyncTransport
from graphql import ExecutionResult

from deeplinks.storage.graphql import GraphQLStorage
from deeplinks.storage.memory.documents import AnswerError, Memory


class MemoryTransport(AsyncTransport):
    """A gql transport to tables in this process."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def connect(self) -> None:
        """There is nothing to connect."""

    async def close(self) -> None:
        """There is nothing to close: the tables belong to whoever made them."""

    async def execute(self, request: GraphQLRequest) -> ExecutionResult:
        """Answer a request. Errors are part of the answer, as over HTTP."""
        values: dict[str, Any] = request.variable_values or {}
        try:
            return ExecutionResult(data=self._memory.answer(request.document, values, request.operation_name))
        except AnswerError as error:
            # gql hands on what a server sent: errors are plain objects here too.
            return ExecutionResult(data=None, errors=[error.answer])  # pyright: ignore[reportArgumentType]

    def subscribe(self, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult, None]:
        """Live queries are the server's. Raises `NotImplementedError`: `MemoryStorage.bells` needs none."""
        raise NotImplementedError("the memory transport has no subscriptions")


class MemoryStorage(GraphQLStorage):
    """The tables in this process, as good as a database to synchronizers, and gone when the last of them lets go of it.

    Not durable: what is kept here lives as long as this object. Any number of spaces, synchronizers and threads may
    use one object at the same time, and `close` takes nothing from them. Two processes can't share it: give both the
    URL of a server instead.
    """

    durable: ClassVar[bool] = False

    def __init__(self) -> None:
        self._memory = Memory()
        super().__init__(transport=MemoryTransport(self._memory))
        self.where = "memory"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} not durable, {self.requests} requests>"

    def bells(self, space: str) -> AsyncGenerator[int]:
        """The newest number of the space's log at once, then whenever it has risen. Close it, or cancel who listens."""
        return self._memory.bells.listen(space)
