"""The metadata for a Hasura: the tables, names and relations that our own schema has, over keys that the database has."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, build_schema

from deeplinks import resources
from deeplinks.cli import cli
from deeplinks.server.hasura import metadata

SCHEMA = build_schema(resources.text("graphql/schema.graphql"))
(SOURCE,) = metadata()["sources"]
TRACKED: list[dict[str, Any]] = SOURCE["tables"]
named = pytest.mark.parametrize("tracked", TRACKED, ids=lambda tracked: tracked["table"]["name"])


def is_list(shape: object) -> bool:
    return isinstance(shape.of_type if isinstance(shape, GraphQLNonNull) else shape, GraphQLList)


def relations(name: str) -> dict[str, bool]:
    """The relations of a type, each with whether it is a list."""
    made = SCHEMA.type_map[name]
    assert isinstance(made, GraphQLObjectType)
    fields = {field: part.type for field, part in made.fields.items() if not field.endswith("_aggregate")}
    inner = {field: str(shape).strip("[]!") for field, shape in fields.items()}
    return {field: is_list(fields[field]) for field, shape in inner.items() if shape.startswith("deep_")}


def test_all_tables_are_tracked_under_the_names_that_we_serve() -> None:
    query = SCHEMA.query_type
    assert query
    served = {name.removesuffix("_by_pk") for name in query.fields if name.endswith("_by_pk")}

    assert {tracked["configuration"]["custom_name"] for tracked in TRACKED} == served


@named
def test_a_table_has_the_relations_that_our_schema_has(tracked: dict[str, Any]) -> None:
    kinds = {"object_relationships": False, "array_relationships": True}
    told = {one["name"]: many for kind, many in kinds.items() for one in tracked.get(kind, [])}

    assert told == relations(tracked["configuration"]["custom_name"])


def test_every_key_that_it_names_is_there(database_url: str) -> None:
    keys = [
        (tracked["table"], one["using"]["foreign_key_constraint_on"])
        for tracked in TRACKED
        for one in tracked.get("object_relationships", [])
        if "foreign_key_constraint_on" in one["using"]
    ]
    with psycopg.connect(database_url) as connection:
        for table, columns in keys:
            found = connection.execute(
                "select array_agg(a.attname::text order by k.place) from pg_constraint c "
                "cross join unnest(c.conkey) with ordinality as k (number, place) "
                "join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number "
                "where c.contype = 'f' and c.conrelid = format('%%I.%%I', %s::text, %s::text)::regclass group by c.oid",
                (table["schema"], table["name"]),
            ).fetchall()
            assert [columns] in [list(row) for row in found]
    assert len(keys) == 4


def test_the_command_prints_it() -> None:
    told = CliRunner().invoke(cli, ["hasura-metadata", "--database-url-from", "PG_URL"], catch_exceptions=False)

    assert json.loads(told.stdout) == metadata(database_url="PG_URL")
