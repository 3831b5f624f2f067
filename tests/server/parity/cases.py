"""A request to a server of Hasura's dialect, and what it has to answer: the notation that the tables of cases share.

`@7` in a request or an answer is the id of row 7 of the case's own world, and `@0` its space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_short = re.compile(r'"@(\d+)"')
_in_id = "-0000-4000-8000-"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The one error of an answer: its code, its place, and what its message has to name. A place of None is not compared."""

    code: str
    path: str | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A request, what it answers, and what a second request answers after it."""

    name: str
    query: str
    answer: Any
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    then: tuple[str, Any] | None = None


def world(number: int, text: str) -> str:
    """The text with the ids of that world."""
    return _short.sub(lambda found: f'"{number:08x}{_in_id}{int(found[1]):012d}"', text)


def short(number: int, text: str) -> str:
    """The text with the short names for the ids of that world."""
    return re.sub(rf'"{number:08x}{_in_id}0*(\d+)"', r'"@\1"', text)


def selected(table: str, arguments: str) -> str:
    """The ids of a table's rows."""
    return f"{{ deep_{table}{f'({arguments})' if arguments else ''} {{ id }} }}"


def ids(table: str, *numbers: int) -> dict[str, Any]:
    """The answer that has these rows, in this order."""
    return {f"deep_{table}": [{"id": f"@{number}"} for number in numbers]}


def _declared(text: str) -> tuple[str, str]:
    declared, bar, said = text.partition("| ")
    return (declared, said) if bar and declared.startswith("($") else ("", text)


def where(table: str, condition: str, name: str, *numbers: int, **variables: Any) -> Case:
    """Rows for which a condition holds, in the order of their ids; a `$x` in it is declared before a bar."""
    declared, said = _declared(condition)
    query = selected(table, f"where: {said}, order_by: {{id: asc}}")
    return Case(name, f"query{declared} {query}", ids(table, *numbers), variables)


def page(table: str, arguments: str, name: str, *numbers: int, **variables: Any) -> Case:
    """Rows that arguments choose, in their order."""
    declared, said = _declared(arguments)
    return Case(name, f"query{declared} {selected(table, said)}", ids(table, *numbers), variables)


def refused(query: str, name: str, code: str, path: str | None, *names: str, **variables: Any) -> Case:
    """A request that is not taken."""
    return Case(name, query, Refusal(code, path, names), variables)


def refused_where(
    table: str, condition: str, name: str, code: str, path: str | None, *names: str, **variables: Any
) -> Case:
    """A condition that is not taken; the path begins behind `where`, unless it is `$`."""
    declared, said = _declared(condition)
    place = path if path in (None, "$") else f"$.selectionSet.deep_{table}.args.where{path}"
    return refused(f"query{declared} {selected(table, f'where: {said}')}", name, code, place, *names, **variables)
