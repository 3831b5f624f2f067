"""A range of calls of the client's verbs, and the requests that they become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import OperationType

from deeplinks.client import requests
from deeplinks.client.documents import Request

ID = "0198c0de-0000-7000-8000-00000000000a"
QUERY, SUBSCRIPTION = OperationType.QUERY, OperationType.SUBSCRIPTION
EVERYTHING: dict[str, Any] = {
    "where": {"id": {"_eq": ID}},
    "order_by": [{"created_at": "asc"}],
    "limit": 10,
    "offset": 2,
    "distinct_on": ["id"],
}
NESTED: list[Any] = [
    "id",
    {
        "type": ["id"],
        "out": {"where": {"id": {"_eq": ID}}, "limit": 1, "returning": ["id", {"to": ["id"]}], "as": "outs"},
    },
    {"string": ["_data"], "number": ["_data"], "function": ["id", {"_data": {"path": "$.a", "as": "a"}}]},
    {"in_aggregate": {"count": True, "max": ["_i"], "where": {"_i": {"_gt": 1}}, "as": "ins"}},
]


def calls(table: str) -> Iterator[Request]:
    """Requests over one of the four tables."""
    rich = NESTED if table == "deep.links" else ["id", "_data", {"link": ["_type"]}]
    for kind in (QUERY, SUBSCRIPTION):
        yield requests.select(kind, table, None, None, {})
        yield requests.select(kind, table, None, rich, EVERYTHING)
        yield requests.select(kind, table, {"id": ID}, rich, {})
    yield requests.aggregate(table, {}, {})
    yield requests.aggregate(
        table, {"count": True, "columns": ["id"], "distinct": True, "max": ["created_at"]}, EVERYTHING
    )
    yield requests.stream(table, {"created_at": "2001-01-01"}, "desc", 5, EVERYTHING["where"], rich)
    row = {"id": ID}
    conflict = {"constraint": f"{table.removeprefix('deep.')}_pkey", "update_columns": ["id"]}
    yield requests.insert(table, row, None, None, None)
    yield requests.insert(table, None, [row, row], conflict, rich)
    yield requests.update(table, {}, None, {"_set": row}, None)
    yield requests.update(table, None, {"id": ID}, {"_set": row}, rich)
    yield requests.update_many(table, [{"where": {}, "_set": row}], ["id"])
    yield requests.delete(table, {"id": {"_eq": ID}}, None, rich)
    yield requests.delete(table, None, {"id": ID}, None)
    if table == "deep.functions":
        yield requests.update(table, {}, None, {"_append": {"_data": {}}, "_delete_at_path": {"_data": ["a"]}}, None)
    if table == "deep.numbers":
        yield requests.update(table, {}, None, {"_inc": {"_data": 1}}, None)
        yield requests.aggregate(table, {name: ["_data"] for name in ("avg", "sum", "stddev_pop")}, {})


TABLES = ("deep.links", "deep.strings", "deep.numbers", "deep.functions")
CALLS = [request for table in TABLES for request in calls(table)]
