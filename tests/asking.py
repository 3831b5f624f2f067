"""Asking an endpoint as any GraphQL client would: a POST, and the data or the errors."""

from typing import Any

import httpx


async def post(endpoint: str, query: str, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
    """The whole answer."""
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(endpoint, json={"query": query, "variables": variables}, headers=headers)
    return answer.json()


async def ask(endpoint: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data; an error is a failure."""
    answer = await post(endpoint, query, **variables)
    assert "errors" not in answer, answer
    return answer["data"]
