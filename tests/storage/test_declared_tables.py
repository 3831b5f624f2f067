"""The migrations make what `deeplinks/tables.py` declares."""

from __future__ import annotations

import pytest

from deeplinks import tables
from tests.storage.session import Session

TABLES = list(tables.TABLES)


def columns(database: Session, table: str) -> list[tuple[str, str, bool]]:
    """(name, type, nullable) in order, as PostgreSQL has them."""
    rows = database.run(
        "select attname, format_type(atttypid, atttypmod) as type, attnotnull from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        f"deep.{table}",
    )
    return [(row["attname"], row["type"].replace(" with time zone", "tz"), not row["attnotnull"]) for row in rows]


@pytest.mark.parametrize("name", TABLES)
def test_the_columns_are_the_declared_ones_in_order(database: Session, name: str) -> None:
    declared = tables.TABLES[name].columns

    assert columns(database, name) == [(column.name, column.sql_type, column.nullable) for column in declared]


def test_no_table_is_made_that_is_not_declared(database: Session) -> None:
    made = database.run("select relname from pg_class where relnamespace = 'deep'::regnamespace and relkind = 'r'")

    assert {row["relname"] for row in made} == {*tables.TABLES, "migrations"}


@pytest.mark.parametrize("name", TABLES)
def test_the_defaults_are_the_declared_ones(database: Session, name: str) -> None:
    declared = ", ".join(
        f'"{column.name}" {column.sql_type} {f"default {column.default}" if column.default else ""}'
        for column in tables.TABLES[name].columns
    )
    database.run(f"create temporary table declared ({declared})")

    assert defaults(database, f"deep.{name}") == defaults(database, "declared")


def defaults(database: Session, table: str) -> dict[str, str]:
    """As PostgreSQL spells them."""
    rows = database.run(
        "select attname, pg_get_expr(adbin, adrelid) as text from pg_attrdef "
        "join pg_attribute on attrelid = adrelid and attnum = adnum where adrelid = %s::regclass",
        table,
    )
    return {row["attname"]: row["text"] for row in rows}


@pytest.mark.parametrize("name", TABLES)
def test_the_primary_key_is_the_declared_one(database: Session, name: str) -> None:
    rows = database.run(
        "select attname, conname from pg_constraint, unnest(conkey) with ordinality as key (number, place) "
        "join pg_attribute on attnum = number where conrelid = %s::regclass and attrelid = conrelid and contype = 'p' "
        "order by place",
        f"deep.{name}",
    )

    assert tuple(row["attname"] for row in rows) == tables.TABLES[name].key
    assert {row["conname"] for row in rows} == {tables.TABLES[name].constraint}


def test_the_names_of_spaces_are_unique_by_spaces_name_key(database: Session) -> None:
    assert database.value("select pg_get_constraintdef(oid) from pg_constraint where conname = 'spaces_name_key'") == (
        "UNIQUE (name)"
    )


@pytest.mark.parametrize("table", [table.name for table in tables.DATA_TABLES])
def test_data_refers_to_its_link_by_space_and_id(database: Session, table: str) -> None:
    assert database.value(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = %s", f"{table}_link_fkey"
    ) == ("FOREIGN KEY (_deep, id) REFERENCES deep.links(_deep, id) ON DELETE CASCADE")


@pytest.mark.parametrize("keys", ["_type", "_from", "_to", "_value", "_deep, _i, id", "_deep, id"])
def test_links_are_indexed_by(database: Session, keys: str) -> None:
    rows = database.run("select indexdef from pg_indexes where schemaname = 'deep' and tablename = 'links'")

    assert any(row["indexdef"].endswith(f"({keys})") for row in rows)


def test_text_is_collated_by_bytes(database: Session) -> None:
    assert database.value(
        "select collname from pg_attribute join pg_collation c on c.oid = attcollation "
        "where attrelid = 'deep.strings'::regclass and attname = '_data'"
    ) == ("C")


def test_the_built_ins_are_planted_in_their_space_without_a_type(database: Session) -> None:
    rows = database.run("select id::text, _deep::text, _type from deep.links")

    assert {row["id"] for row in rows} == set(tables.BUILT_INS.values())
    assert {(row["_deep"], row["_type"]) for row in rows} == {(tables.RESERVED_SPACE, None)}


def test_the_reserved_space_is_a_space_without_a_log(database: Session) -> None:
    assert str(database.value("select id from deep.spaces")) == tables.RESERVED_SPACE
    assert database.log(tables.RESERVED_SPACE) == []
