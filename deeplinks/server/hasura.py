"""Metadata for a Hasura over the same database: the tables and relations it is to track, under the names that we serve.

The server. Facts come from the tables; nothing is sent anywhere.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from deeplinks.tables import DATA_TABLES, SCHEMA, TABLES, Relation, Table

Json: TypeAlias = "dict[str, Any]"


def metadata(source: str = "default", database_url: str = "DATABASE_URL") -> Json:
    """Metadata of version 3, as `replace_metadata` takes it; `database_url` is the variable in Hasura's environment."""
    connection = {
        "database_url": {"from_env": database_url},
        # Numbers of changes are drawn under a lock: a snapshot taken before it would make writers fail.
        "isolation_level": "read-committed",
        "use_prepared_statements": True,
    }
    tables = [_table(table) for table in TABLES.values() if table.verbs]
    one = {"name": source, "kind": "postgres", "tables": tables, "configuration": {"connection_info": connection}}
    return {"version": 3, "sources": [one]}


def _table(table: Table) -> Json:
    tracked: Json = {"table": _named(table), "configuration": {"custom_name": table.graphql_name}}
    relations = {many: [_relation(table, one) for one in table.relations if one.many is many] for many in (False, True)}
    names = {False: "object_relationships", True: "array_relationships"}
    return tracked | {names[many]: found for many, found in relations.items() if found}


def _named(table: Table) -> Json:
    return {"schema": SCHEMA, "name": table.name}


def _relation(table: Table, relation: Relation) -> Json:
    if not relation.many and table in DATA_TABLES:
        # The one relation that is a foreign key: by it Hasura knows that there always is such a row.
        return {"name": relation.name, "using": {"foreign_key_constraint_on": ["_deep", relation.ours]}}
    manual = {
        "remote_table": _named(TABLES[relation.table]),
        "column_mapping": {relation.ours: relation.theirs},
        "insertion_order": None,
    }
    return {"name": relation.name, "using": {"manual_configuration": manual}}
