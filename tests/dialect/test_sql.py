"""Statements as SQL: a few golden ones, and what never enters a text."""

from pathlib import Path

import pytest
from graphql.language import FieldNode, NameNode

import deeplinks.dialect.sql
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.scope import Scope, fields
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import PREVIOUS
from tests.dialect.reading import steps


def test_a_list_is_one_text_of_concatenated_rows() -> None:
    (step,) = steps('{ deep_links(where: {id: {_eq: "x"}}, order_by: {_i: asc}, limit: 2) { id _to } }')

    assert step.text == (
        """SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']' FROM ("""
        """SELECT '{"id":"' || "_0"."id"::text || '","_to":' || coalesce('"' || "_0"."_to"::text || '"', 'null') || '}' """
        """FROM "deep"."links" "_0" WHERE ("_0"."id" = $1::uuid) ORDER BY "_0"."_i" ASC NULLS LAST LIMIT $2::bigint"""
        """) "_1"(text)"""
    )
    assert step.parameters == ("x", "2")


def test_rows_are_inserted_from_one_json_parameter() -> None:
    (step,) = steps('mutation { insert_deep_strings(objects: [{id: "x", _data: "a"}]) { affected_rows } }')

    assert step.text == (
        """WITH touched AS (INSERT INTO "deep"."strings" AS t ("id", "_data") SELECT g."id", g."_data" """
        """FROM json_to_recordset($1::json) AS g("id" uuid, "_data" text) RETURNING 1) """
        """SELECT '{"affected_rows":' || count(*)::text || '}' FROM touched x HAVING true"""
    )
    assert step.parameters == (b'[{"id":"x","_data":"a"}]',)


def test_an_upsert_sets_its_columns_and_no_other() -> None:
    (step,) = steps(
        """mutation { insert_deep_strings(
          objects: [{id: "x", _data: "a"}], on_conflict: {constraint: strings_pkey, update_columns: [_data]}
        ) { affected_rows } }"""
    )

    assert (
        """ON CONFLICT ON CONSTRAINT "strings_pkey" DO UPDATE SET "_data" = excluded."_data" """
        """WHERE (t."_deep" = excluded."_deep") RETURNING""" in step.text
    )


def test_an_answer_that_follows_relations_is_read_after_the_mutation() -> None:
    first, second = steps('mutation { delete_deep_links_by_pk(id: "x") { id out { id } } }')

    assert first.text.startswith('WITH touched AS (DELETE FROM "deep"."links" AS t WHERE')
    assert second.parameters == (PREVIOUS,)


def test_the_text_is_the_same_whatever_the_values_are() -> None:
    query = "query ($ids: [uuid!]) { deep_links(where: {id: {_in: $ids}}) { id } }"

    assert steps(query, ids=["a"])[0].text == steps(query, ids=["b", "c"])[0].text


def test_values_never_enter_a_text() -> None:
    evil = "'; drop schema deep cascade; --"
    (step,) = steps("query ($x: String!) { deep_strings(where: {_data: {_eq: $x}}) { _data } }", x=evil)

    assert evil not in step.text
    assert step.parameters == (evil,)


def test_a_key_that_is_no_name_is_refused() -> None:
    # No parser makes one; a document built by hand could.
    evil = FieldNode(name=NameNode(value="id"), alias=NameNode(value="x'||(select 1)||'"))

    with pytest.raises(RequestError, match="letters, digits and underscores"):
        fields([evil], "deep_links", Scope({}))


@pytest.mark.parametrize(
    "text",
    [
        "{ deep_links { id } }",
        '{ deep_links_by_pk(id: "x") { id } }',
        "mutation { insert_deep_links(objects: []) { affected_rows } }",
        "mutation { update_deep_links(where: {}, _set: {_to: null}) { affected_rows } }",
        "mutation { update_deep_links_many(updates: []) { affected_rows } }",
        "mutation { delete_deep_links(where: {}) { affected_rows } }",
    ],
)
def test_a_role_without_permissions_sees_no_table(text: str) -> None:
    with pytest.raises(RequestError, match=r"field '[a-z_]*' not found in type"):
        steps(text, Session("user"))


def test_tables_are_named_in_one_place() -> None:
    room = Path(deeplinks.dialect.sql.__file__).parent
    naming = [file.name for file in room.glob("*.py") if "SCHEMA" in file.read_text()]

    assert naming == ["sources.py"]
