"""Random small worlds of rows, and random questions about them: all that Hasura's queries can say, as deep as asked.

What PostgreSQL and dicts can't tell alike is left out: JSON sorted by size, patterns of PostgreSQL's own dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hypothesis import strategies as st

from deeplinks.dialect.functions import functions
from deeplinks.dialect.operators import OPERATORS
from deeplinks.dialect.ordering import DIRECTIONS
from deeplinks.tables import TABLES, Column, Relation, Table

Draw: TypeAlias = "Callable[[st.SearchStrategy[Any]], Any]"
World: TypeAlias = "Mapping[str, list[dict[str, Any]]]"
ASKED = ("links", "strings", "numbers", "functions")

IDS = [f"{digit}0000000-0000-4000-8000-000000000000" for digit in "abcdef12"]
NOWHERE = "f1111111-0000-4000-8000-000000000000"
SPACES = ["90000000-0000-4000-8000-000000000000", "91111111-0000-4000-8000-000000000000"]
TIMES = ["2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00.5+00:00", "2021-06-01T12:00:00+02:00"]
TEXTS = ["", "a", "A", "aB", "b%", "a_b", "é", "É", "\\", "z\n", "😀", "10", "9"]
NUMBERS = ["0", "1", "1.50", "1.5", "-2", "0.001", "100000000000000000000", "12345678901234567890.5", "-0.25"]
LEAVES = [0, 1, 2.5, True, False, None, "a", "b", ""]
JSON = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "ab"]), inner, max_size=2),
    max_leaves=4,
)
# The columns hold no bare null: it is SQL's, and they may not be null.
VALUES = JSON.filter(lambda value: value is not None)
PATTERNS = ["", "%", "a%", "_", "%b", "A_", "a\\_b", "%\\%%", "é", "É%", "\\\\", "__"]
EXPRESSIONS = ["", "a", "^a", "b$", "a|b", "[a-c]", "^.?$", "[^a]", "a+", "\\.", "B"]
SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "uuid": st.sampled_from([*IDS, *IDS[:3], NOWHERE, IDS[0].upper()]),
    "bigint": st.integers(0, 9) | st.integers(0, 9).map(str),
    "numeric": st.sampled_from(NUMBERS) | st.integers(-3, 3) | st.sampled_from([0.5, 1.5]),
    "String": st.sampled_from(TEXTS),
    "jsonb": VALUES,
    "timestamptz": st.sampled_from(TIMES),
    "Int": st.integers(0, 3),
}


@st.composite
def worlds(draw: Draw) -> World:
    """A few links that refer to each other or to nothing, and data of some of them."""
    ids = draw(st.permutations(IDS))[: draw(st.sampled_from((0, 2, 5, 6, 7)))]
    ends = st.none() | st.sampled_from([*IDS[:3], NOWHERE])
    links = [
        {
            "id": id,
            "_deep": draw(st.sampled_from(SPACES)),
            "_i": draw(st.integers(0, 9)),
            **{f"_{name}": draw(ends) for name in ("type", "from", "to", "value")},
            **_times(draw),
        }
        for id in ids
    ]
    return {"links": links, **{name: _data(draw, TABLES[name], links) for name in ASKED[1:]}}


def _times(draw: Draw) -> dict[str, Any]:
    return {name: draw(st.sampled_from(TIMES)) for name in ("created_at", "updated_at")}


def _data(draw: Draw, table: Table, links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    owners = draw(st.permutations(links))[: draw(st.integers(0, 4))]
    values = {"String": st.sampled_from(TEXTS), "numeric": st.sampled_from(NUMBERS), "jsonb": VALUES}
    data = values[table.by_name["_data"].scalar]
    return [{"id": row["id"], "_deep": row["_deep"], "_data": draw(data), **_times(draw)} for row in owners]


# conditions


def where(draw: Draw, table: Table, depth: int) -> dict[str, Any]:
    """A condition about the table's rows."""
    return dict(_part(draw, table, depth) for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2)))))


def _part(draw: Draw, table: Table, depth: int) -> tuple[str, Any]:
    kind = draw(st.sampled_from(("column", "column", "logic", "logic", "relation", "count"))) if depth else "column"
    if kind == "logic":
        name = draw(st.sampled_from(("_and", "_or", "_not", "_not")))
        if name == "_not":
            return name, where(draw, table, depth - 1)
        return name, [where(draw, table, depth - 1) for _ in range(draw(st.integers(0, 2)))]
    relations = [each for each in _relations(table) if kind == "relation" or each.many]
    if kind == "column" or not relations:
        return _compared(draw, draw(st.sampled_from(_telling(table))))
    relation = draw(st.sampled_from(relations))
    other = TABLES[relation.table]
    if kind == "relation":
        return relation.name, where(draw, other, depth - 1)
    return f"{relation.name}_aggregate", {"count": _counted(draw, other, depth - 1)}


def _relations(table: Table) -> list[Relation]:
    return [relation for relation in table.relations if relation.table in ASKED]


def _telling(table: Table) -> list[Column]:
    """The table's columns; those that may be null, or hold the data, more than once."""
    return [*table.columns, *(column for column in table.columns if column.nullable or column.name == "_data")]


def _compared(draw: Draw, column: Column) -> tuple[str, Any]:
    names = [*_operators(column.scalar), "_is_null", *(["_cast"] if column.scalar == "numeric" else [])]
    asked = {draw(st.sampled_from(names)) for _ in range(draw(st.sampled_from((0, 1, 1, 1, 2))))}
    return column.name, {name: _operand(draw, column.scalar, name) for name in sorted(asked)}


def _operators(scalar: str) -> list[str]:
    sizes = ("_gt", "_gte", "_lt", "_lte") if scalar == "jsonb" else ()
    return [name for name in OPERATORS[scalar] if name not in sizes]


def _operand(draw: Draw, scalar: str, name: str) -> Any:
    if name == "_is_null":
        return draw(st.booleans())
    if name == "_cast":
        # JSON's numbers have another text in dicts.
        texts = {"_eq": st.sampled_from(NUMBERS), "_like": st.sampled_from(PATTERNS), "_gt": st.sampled_from(NUMBERS)}
        return {"String": {name: draw(text) for name, text in texts.items() if draw(st.booleans())}}
    if "like" in name or "similar" in name:
        return draw(st.sampled_from(PATTERNS if "like" in name else ["", "%", "a%", "_B", "_"]))
    if "regex" in name:
        return draw(st.sampled_from(EXPRESSIONS))
    if "_has_key" in name:
        keys = st.sampled_from(["a", "b", "ab", ""])
        return draw(keys if name == "_has_key" else st.lists(keys, max_size=2))
    values = SCALARS[scalar]
    return draw(st.lists(values, max_size=3) if name in ("_in", "_nin") else values)


def _counted(draw: Draw, table: Table, depth: int) -> dict[str, Any]:
    names = st.lists(st.sampled_from(list(table.by_name)), max_size=2)
    optional = {
        "arguments": draw(st.none() | names),
        "distinct": draw(st.none() | st.booleans()),
        "filter": draw(st.none() | st.just({})) if depth < 1 else where(draw, table, depth - 1),
    }
    given = {name: value for name, value in optional.items() if value is not None}
    return {**given, "predicate": _compared(draw, Column("count", "Int"))[1]}


@st.composite
def filters(draw: Draw) -> tuple[str, dict[str, Any]]:
    """A table, and a condition about its rows."""
    name = draw(st.sampled_from(ASKED))
    return name, where(draw, TABLES[name], 2)


# orders


def order(draw: Draw, table: Table) -> list[dict[str, Any]]:
    """Keys to sort by; at last the id, so that no two rows are alike."""
    keys = [_key(draw, table, 2) for _ in range(draw(st.integers(0, 2)))]
    return [*keys, {"id": draw(st.sampled_from(list(DIRECTIONS)))}]


def _key(draw: Draw, table: Table, depth: int) -> dict[str, Any]:
    way = st.sampled_from(list(DIRECTIONS))
    kind = draw(st.sampled_from(("column", "relation", "figure"))) if depth else "column"
    relations = [each for each in _relations(table) if each.many is (kind == "figure")]
    if kind == "column" or not relations:
        return {draw(st.sampled_from(_sortable(table))): draw(way)}
    relation = draw(st.sampled_from(relations))
    other = TABLES[relation.table]
    if kind == "relation":
        return {relation.name: _key(draw, other, depth - 1)}
    function, columns = draw(st.sampled_from([("count", None), *functions(other).items()]))
    figure = draw(way) if columns is None else {draw(st.sampled_from(list(columns))): draw(way)}
    return {f"{relation.name}_aggregate": {function: figure}}


def _sortable(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.scalar != "jsonb"]


def _distinct(draw: Draw, table: Table) -> dict[str, Any]:
    columns = draw(st.lists(st.sampled_from(_sortable(table)), unique=True, min_size=1, max_size=2))
    first = [{name: draw(st.sampled_from(list(DIRECTIONS)))} for name in draw(st.permutations(columns))]
    return {"distinct_on": columns, "order_by": [*first, *order(draw, table)]}


# whole questions


@dataclass(slots=True)
class Question:
    """A document that grows: its text, and the values of its variables."""

    draw: Draw
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def arguments(self, table: Table, depth: int) -> str:
        """Which rows."""
        draw = self.draw
        given: dict[str, Any] = {"order_by": order(draw, table)}
        if draw(st.integers(0, 4)) == 0:
            given = _distinct(draw, table)
        given["where"] = where(draw, table, depth)
        for name, most in (("limit", 4), ("offset", 3)):
            if draw(st.integers(0, 3)) == 0:
                given[name] = draw(st.none() | st.integers(0, most))
        shown = (f"{name}: {self.value(value)}" for name, value in draw(st.permutations(list(given.items()))))
        return f"({', '.join(shown)})"

    def value(self, value: Any) -> str:
        """A value as a literal, or as a variable, or as a literal in which variables stand."""
        if self.draw(st.integers(0, 5)) == 0:
            name = f"v{len(self.values)}"
            self.values[name] = value
            return f"${name}"
        match value:
            case dict():
                return f"{{{', '.join(f'{name}: {self.value(each)}' for name, each in value.items())}}}"
            case list():
                return f"[{', '.join(map(self.value, value))}]"
            case str() if value in DIRECTIONS or value in NAMES:
                return value
            case _:
                return literal(value)

    def rows(self, table: Table, depth: int) -> str:
        """What rows show."""
        shown = [self._shown(table, depth) for _ in range(self.draw(st.integers(1, 3)))]
        return f"{{ {' '.join(f'f{number}: {each}' for number, each in enumerate(shown))} }}"

    def _shown(self, table: Table, depth: int) -> str:
        draw = self.draw
        kind = draw(st.sampled_from(("column", "column", "relation", "aggregate", "__typename"))) if depth else "column"
        relations = [each for each in _relations(table) if kind == "relation" or each.many]
        if kind == "__typename":
            return kind
        if kind == "column" or not relations:
            return self._column(draw(st.sampled_from(table.columns)))
        relation = draw(st.sampled_from(relations))
        other = TABLES[relation.table]
        if kind == "aggregate":
            return f"{relation.name}_aggregate{self.arguments(other, depth - 1)} {self.told(other, depth - 1)}"
        chosen = self.arguments(other, depth - 1) if relation.many else ""
        return f"{relation.name}{chosen} {self.rows(other, depth - 1)}"

    def _column(self, column: Column) -> str:
        if column.scalar == "jsonb" and self.draw(st.booleans()):
            path = self.draw(st.sampled_from(["$", "a", "$.a.b", "[0]", "a[1]", "['ab']", "b.a"]))
            return f"{column.name}(path: {self.value(path)})"
        return column.name

    def told(self, table: Table, depth: int) -> str:
        """What is told of rows."""
        figures = [self._figure(table) for _ in range(self.draw(st.integers(1, 3)))]
        parts = [f"aggregate {{ {' '.join(f'f{number}: {each}' for number, each in enumerate(figures))} }}"]
        if self.draw(st.booleans()):
            parts.append(f"nodes {self.rows(table, depth)}")
        return f"{{ {' '.join(self.draw(st.permutations(parts)))} }}"

    def _figure(self, table: Table) -> str:
        draw = self.draw
        function, columns = draw(st.sampled_from([("count", None), *functions(table).items()]))
        if columns is not None:
            return f"{function} {{ {draw(st.sampled_from(list(columns)))} }}"
        names = draw(st.lists(st.sampled_from(list(table.by_name)), max_size=2))
        return f"count(columns: {self.value(names)}, distinct: {self.value(draw(st.none() | st.booleans()))})"

    def field(self) -> str:
        """A root field."""
        table = TABLES[self.draw(st.sampled_from(ASKED))]
        kind = self.draw(st.sampled_from(("rows", "rows", "rows", "aggregate", "key")))
        if kind == "key":
            return f"{table.graphql_name}_by_pk(id: {self.value(self.draw(SCALARS['uuid']))}) {self.rows(table, 2)}"
        if kind == "aggregate":
            return f"{table.graphql_name}_aggregate{self.arguments(table, 2)} {self.told(table, 1)}"
        return f"{table.graphql_name}{self.arguments(table, 3)} {self.rows(table, 2)}"


NAMES = frozenset(name for table in TABLES.values() for name in table.by_name)


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            escaped = "".join(f"\\u{ord(each):04x}" if each < " " or each in '"\\' else each for each in value)
            return f'"{escaped}"'
        case _:
            return str(value)


@st.composite
def questions(draw: Draw) -> tuple[str, dict[str, Any]]:
    """A document of one root field, and the values of its variables."""
    question = Question(draw)
    text = question.field()
    # What a variable is declared as is for validation to judge, which is not asked here.
    declared = " ".join(f"${name}: any" for name in question.values)
    return f"query {f'({declared}) ' if declared else ''}{{ {text} }}", question.values
