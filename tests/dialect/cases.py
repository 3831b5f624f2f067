"""Golden cases: families of files with one stem, and the ways to run them.

`case.graphql` is a document; it may begin with `# variables: {...}` and `# session: {"role": ..., "variables": {...}}`,
and with `# only: postgresql` where dicts can't tell the same. `case.sql` holds the statements it becomes, and is not there
where it is refused before. `case.json` is the response's text.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from graphql import GraphQLError, GraphQLSchema, build_schema, validate
from graphql.language import parse
from psycopg import RawCursor

from deeplinks.dialect.interpret import Tables, interpret
from deeplinks.dialect.plans import Plan, Plans
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import Bound, Recalled, Step
from deeplinks.dialect.statements import Typename
from deeplinks.dialect.values import Value
from deeplinks.server import faults
from deeplinks.server.bodies import loads
from deeplinks.server.export import sdl

GOLDEN = Path(__file__).parent / "golden"
_header = re.compile(r"# (variables|session|only): (.*)")
_break = re.compile(
    r"(?<!DELETE) (?=(?:SELECT|FROM|WHERE|ORDER BY|GROUP BY|HAVING|LIMIT|RETURNING|ON CONFLICT|SET|LEFT JOIN)\b)"
)


def rewriting(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the golden files are to be written anew. Raises `RuntimeError` in CI: there they judge."""
    asked = bool(environment.get("REWRITE_GOLDENS"))
    if asked and environment.get("CI"):
        raise RuntimeError("REWRITE_GOLDENS is not for CI: rewrite by hand, read the difference, commit it")
    return asked


@dataclass(frozen=True, slots=True)
class Case:
    """A document with what belongs to it."""

    file: Path

    @property
    def name(self) -> str:
        return str(self.file.relative_to(GOLDEN).with_suffix(""))

    @property
    def text(self) -> str:
        return self.file.read_text()

    def header(self, name: str) -> Any:
        found = (match for line in self.text.splitlines() if (match := _header.fullmatch(line)))
        return next((match[2] if name == "only" else loads(match[2]) for match in found if match[1] == name), None)

    @property
    def variables(self) -> dict[str, Value]:
        return self.header("variables") or {}

    @property
    def session(self) -> Session:
        return Session(**(self.header("session") or {}))

    @property
    def for_dicts(self) -> bool:
        return self.header("only") is None

    def plan(self) -> tuple[Plan, Mapping[str, Value]]:
        """The document, read and written as SQL. Raises `GraphQLError` and `RequestError`."""
        document = parse(self.text)
        if errors := validate(schema(), document):
            raise faults.from_document(errors[0])
        return Plans(document).find(None, self.variables, self.session)


CASES = [Case(file) for file in sorted(GOLDEN.rglob("*.graphql"))]


@cache
def schema() -> GraphQLSchema:
    """The schema as served."""
    return build_schema(sdl())


def in_postgresql(case: Case, connection: psycopg.Connection[Any]) -> tuple[str, str]:
    """The SQL, and the response of PostgreSQL, which has forgotten it after."""
    statements: list[Step] = []
    try:
        plan, variables = case.plan()
        bound = plan.bind(variables)
        statements += [step for field in bound if field for chain in field.chains for step in chain]
        with connection.transaction(force_rollback=True):
            texts = [answered(field, connection) if field else _name(plan, index) for index, field in enumerate(bound)]
        answers = zip((field.key for field in plan.fields), texts, strict=True)
        response = '{"data":{\n' + ",\n".join(f'"{key}":{text}' for key, text in answers) + "}}\n"
    except RequestError as error:
        response = _refused(faults.refused(error))
    except GraphQLError as error:
        response = _refused(error)
    except psycopg.Error as error:
        response = _refused(faults.from_database(error))
    return "".join(map(_shown, statements)), response.replace("},{", "},\n{")


def answered(field: Bound, connection: psycopg.Connection[Any]) -> str:
    """The text that PostgreSQL answers to a root field."""
    texts = [_chain(chain, connection) for chain in field.chains]
    return f"[{','.join(texts)}]" if field.listed else texts[0]


def _chain(chain: Sequence[Step], connection: psycopg.Connection[Any]) -> str:
    answers: list[bytes] = []
    for step in chain:
        given = [each.made(answers) if isinstance(each, Recalled) else each for each in step.parameters]
        parameters = [each.decode() if isinstance(each, bytes) else each for each in given]
        row = RawCursor(connection).execute(step.text.encode(), parameters).fetchone()
        answers.append((row[0] if row and row[0] is not None else "null").encode())
        if step.check:
            step.check(answers[-1])
    return answers[-1].decode()


def _name(plan: Plan, index: int) -> str:
    statement = plan.fields[index].statement
    assert isinstance(statement, Typename)
    return f'"{statement.name}"'


def _refused(error: GraphQLError) -> str:
    return json.dumps({"errors": [{"message": error.message, "extensions": error.extensions}]}, indent=1) + "\n"


def _shown(step: Step) -> str:
    lines = [_break.sub("\n", step.text) + ";"]
    for number, value in enumerate(step.parameters, 1):
        told = (
            value.decode()
            if isinstance(value, bytes)
            else "the answers before"
            if isinstance(value, Recalled)
            else repr(value)
        )
        lines.append(f"-- ${number} = {told}")
    return "\n".join(lines) + "\n"


def over_dicts(case: Case, tables: Tables) -> Any:
    """The data that the interpreter answers. Raises what `interpret` raises."""
    plan, variables = case.plan()
    return {
        field.key: field.statement.name
        if isinstance(field.statement, Typename)
        else interpret(field.statement, tables, variables, case.session)  # type: ignore[arg-type]
        for field in plan.fields
    }
