"""The GraphQL schema, made by strawberry from `tables.py` with Hasura's names: types, validation, introspection, SDL.

The server. The schema says what may be asked; nothing is answered here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any, Protocol, runtime_checkable

import strawberry
from graphql import GraphQLError
from strawberry.directive import DirectiveLocation
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from deeplinks.errors import DeepError
from deeplinks.server.faults import unreadable
from deeplinks.server.forging import SCALAR_MAP, Forge
from deeplinks.server.inputs import forge_inputs
from deeplinks.server.outputs import forge_outputs
from deeplinks.tables import TABLES, Table

logger = logging.getLogger(__name__)


@runtime_checkable
class Streaming(Protocol):
    """A context that answers operations of any kind by itself."""

    def stream(
        self, query: str | None, variables: dict[str, Any] | None, operation_name: str | None
    ) -> AsyncGenerator[ExecutionResult]:
        """The answers."""
        ...


class TablesSchema(strawberry.Schema):
    """Strawberry's schema, with a log of what is our own fault. Streams are left to their context: rows pass no resolver."""

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[ExecutionResult]:
        """Answer an operation, again and again where it is a subscription."""
        assert isinstance(context_value, Streaming)
        return context_value.stream(query, variable_values, operation_name)

    async def subscribe(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> AsyncGenerator[ExecutionResult]:
        """The same, for the older of the two protocols."""
        return await self.stream(query, variable_values, context_value, root_value, operation_name)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what nobody expected. A client's mistake is told to the client, and is no news here."""
        for error in errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, DeepError | GraphQLError) and not unreadable(error):
                logger.error("a request failed", exc_info=cause)


@strawberry.directive(
    locations=[DirectiveLocation.QUERY], description="taken as Hasura takes it: nothing is cached here"
)
def cached(ttl: int = 60, refresh: bool = False) -> None:
    """Hasura Cloud's directive, so that documents written for it pass."""


def make_schema(
    extensions: Iterable[Callable[[], SchemaExtension]] = (), tables: Mapping[str, Table] = TABLES
) -> TablesSchema:
    """The schema over the tables, or over those of a role's view."""
    forge = Forge(tables)
    forge_inputs(forge)
    query, mutation, subscription = forge_outputs(forge)
    config = StrawberryConfig(auto_camel_case=False, scalar_map=SCALAR_MAP)
    return TablesSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        directives=[cached],
        extensions=extensions,
        config=config,
    )
