"""`graphql/`: the exported schema is the one that is served, and every operation is one of it."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from deeplinks import resources
from deeplinks.server.export import sdl

FOLDER = resources.folder("graphql")
OPERATIONS = sorted(file for file in FOLDER.glob("*.graphql") if file.name != "schema.graphql")


def test_the_exported_schema_is_the_one_that_is_served() -> None:
    exported = (FOLDER / "schema.graphql").read_text(encoding="utf-8")

    assert exported == sdl(), "run: python -m deeplinks.server.export"


@pytest.mark.parametrize("file", OPERATIONS, ids=lambda file: file.name)
def test_an_operation_of_ours_is_valid(file: Path) -> None:
    schema = build_schema((FOLDER / "schema.graphql").read_text(encoding="utf-8"))

    assert validate(schema, parse(file.read_text(encoding="utf-8"))) == []
