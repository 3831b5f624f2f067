"""Golden cases: a document becomes this SQL, and answers this; read over dicts it answers the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from graphql import GraphQLError

from deeplinks.dialect.interpret import ViolationError
from deeplinks.dialect.refusal import RequestError
from deeplinks.server.bodies import loads
from tests.dialect.cases import CASES, GOLDEN, Case, in_postgresql, over_dicts, rewriting
from tests.dialect.plants import as_dicts, plant

ROWS = loads((GOLDEN / "rows.json").read_bytes())
named = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(scope="module")
def planted(module_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database with the rows of `golden/rows.json` and no others."""
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        connection.execute("set time zone 'UTC'")
        plant(connection, ROWS)
        yield connection


def held(text: str, case: Case, suffix: str) -> None:
    """The golden file has this text, or is not there where there is none."""
    file = case.file.with_suffix(suffix)
    if not rewriting():
        assert (file.read_text() if file.exists() else "") == text
    elif text:
        file.write_text(text)
    else:
        file.unlink(missing_ok=True)


@named
def test_a_document_becomes_its_sql_and_its_answer(planted: psycopg.Connection[Any], case: Case) -> None:
    statements, response = in_postgresql(case, planted)

    held(response, case, ".json")
    held(statements, case, ".sql")


@pytest.mark.parametrize("case", [case for case in CASES if case.for_dicts], ids=lambda case: case.name)
def test_a_document_read_over_dicts_answers_the_same(case: Case) -> None:
    golden: Any = loads(case.file.with_suffix(".json").read_bytes())
    if "errors" in golden:
        with pytest.raises((RequestError, ViolationError, GraphQLError)):
            over_dicts(case, as_dicts(ROWS))
    else:
        assert over_dicts(case, as_dicts(ROWS)) == golden["data"]


def test_every_golden_file_belongs_to_a_document() -> None:
    stems = {case.file.with_suffix("") for case in CASES} | {GOLDEN / "rows"}

    assert {file.with_suffix("") for file in GOLDEN.rglob("*.*")} == stems


def test_goldens_are_not_rewritten_in_ci() -> None:
    assert rewriting({"REWRITE_GOLDENS": "1"})
    assert not rewriting({"CI": "true"})
    with pytest.raises(RuntimeError, match="not for CI"):
        rewriting({"REWRITE_GOLDENS": "1", "CI": "true"})
