"""The input types, made from the tables: filters, orders, rows to insert, values to set.

The server. It says what a client may write; what that means is the dialect's to read.
"""

from __future__ import annotations

from collections.abc import Mapping

from deeplinks.dialect.changes import Operator, input_name, operators
from deeplinks.dialect.columns import AGGREGATE
from deeplinks.dialect.functions import functions
from deeplinks.dialect.nesting import insertable
from deeplinks.dialect.operators import CASTS, OPERATORS, Comparison
from deeplinks.dialect.ordering import DIRECTIONS
from deeplinks.server.forging import SCALAR_TYPES, Forge, Part, Shape, many, maybe
from deeplinks.tables import LOGGED, Column, Relation, Table

DIRECTIONS_SAID = {
    "asc": "ascending, nulls last",
    "asc_nulls_first": "ascending, nulls first",
    "asc_nulls_last": "ascending, nulls last",
    "desc": "descending, nulls first",
    "desc_nulls_first": "descending, nulls first",
    "desc_nulls_last": "descending, nulls last",
}

# Tables whose every change is in the log.
STREAMED = frozenset(table.name for table in LOGGED)
ORDERINGS_SAID = {"ASC": "ascending ordering of the cursor", "DESC": "descending ordering of the cursor"}


def scalar(column: Column) -> Shape:
    """The column's scalar."""
    return SCALAR_TYPES[column.scalar]


def forge_inputs(forge: Forge) -> Shape:
    """All input types; what comes back is the enum of directions."""
    directions = forge.enum("order_by", {name: DIRECTIONS_SAID[name] for name in DIRECTIONS}, "column ordering options")
    orderings = forge.enum("cursor_ordering", ORDERINGS_SAID, "ordering argument of a cursor")
    for name in sorted(OPERATORS):
        _comparisons(forge, name)
    for table in forge.tables.values():
        if "select" in table.verbs:
            # An enum takes the place of its name: it has to be there before anything asks for it.
            _columns(forge, table)
    for table in forge.tables.values():
        if "select" in table.verbs:
            _filter(forge, table)
            if "aggregate" in table.verbs:
                _counts(forge, table)
            _order(forge, table, directions)
            _order_by_figures(forge, table, directions)
            if table.name in STREAMED:
                _cursor(forge, table, orderings)
        if "insert" in table.verbs:
            _insert(forge, table)
        if "update" in table.verbs:
            _update(forge, table)
    return directions


def _cursor(forge: Forge, table: Table, orderings: Shape) -> None:
    name = f"{table.graphql_name}_stream_cursor"
    said = "The value after which a stream begins, of one column."
    initial = forge.input(f"{name}_value_input", _values(table.by_name), said)
    parts = {
        "initial_value": Part(initial, "the stream begins after this value", required=True),
        "ordering": Part(maybe(orderings), "ascending, unless told otherwise"),
    }
    forge.input(f"{name}_input", parts, f'Where a stream of rows of "deep.{table.name}" begins.')


def _comparisons(forge: Forge, name: str) -> None:
    parts = {operator: _comparison(name, each) for operator, each in OPERATORS[name].items()}
    null = {"_is_null": Part(maybe(bool))}
    said = f"Compare a column of type {name}: what is given has to be true together."
    forge.input(f"{name}_comparison_exp", {**parts, **null, **_casts(forge, name)}, said)


def _comparison(name: str, operator: Comparison) -> Part:
    shape = SCALAR_TYPES[operator.operand(name)]
    return Part(maybe(many(shape) if operator.many else shape), operator.said)


def _casts(forge: Forge, name: str) -> Mapping[str, Part]:
    if name not in CASTS:
        return {}
    other = CASTS[name]
    parts = {other: Part(maybe(forge.named(f"{other}_comparison_exp")))}
    cast = forge.input(f"{name}_cast_exp", parts, f"Compare a column of type {name} as another type.")
    return {"_cast": Part(maybe(cast))}


def _columns(forge: Forge, table: Table) -> None:
    said = f'The columns of "deep.{table.name}".'
    forge.enum(f"{table.graphql_name}_select_column", {column.name: "" for column in table.columns}, said)


def _filter(forge: Forge, table: Table) -> None:
    name = f"{table.graphql_name}_bool_exp"
    own = forge.named(name)
    logic = {"_and": Part(maybe(many(own))), "_not": Part(maybe(own)), "_or": Part(maybe(many(own)))}
    columns = {each.name: Part(maybe(forge.named(f"{each.scalar}_comparison_exp"))) for each in table.columns}
    relations = {
        each.name: Part(maybe(forge.named(f"{forge.tables[each.table].graphql_name}_bool_exp")))
        for each in table.relations
    }
    counts = {
        f"{each.name}{AGGREGATE}": Part(maybe(_aggregates(forge, forge.tables[each.table])))
        for each in table.relations
        if each.many and "aggregate" in forge.tables[each.table].verbs
    }
    said = f'Which rows of "deep.{table.name}": what is given has to be true together.'
    forge.input(name, {**logic, **columns, **relations, **counts}, said)


def _aggregates(forge: Forge, table: Table) -> Shape:
    return forge.named(f"{table.graphql_name}_aggregate_bool_exp")


def _counts(forge: Forge, table: Table) -> None:
    name = table.graphql_name
    parts = {
        "arguments": Part(maybe(many(forge.named(f"{name}_select_column"))), "columns; none: rows are counted"),
        "distinct": Part(maybe(bool), "count different values"),
        "filter": Part(maybe(forge.named(f"{name}_bool_exp")), "which rows are counted"),
        "predicate": Part(forge.named("Int_comparison_exp"), "what their number has to be", required=True),
    }
    count = forge.input(f"{name}_aggregate_bool_exp_count", parts, f'How many rows of "deep.{table.name}".')
    said = f'What rows of "deep.{table.name}" are together.'
    forge.input(f"{name}_aggregate_bool_exp", {"count": Part(maybe(count))}, said)


def _order(forge: Forge, table: Table, directions: Shape) -> None:
    columns = {each.name: Part(maybe(directions)) for each in table.columns}
    relations = dict(
        _order_by_relation(forge, each)
        for each in table.relations
        if not each.many or "aggregate" in forge.tables[each.table].verbs
    )
    said = f'How rows of "deep.{table.name}" are sorted.'
    forge.input(f"{table.graphql_name}_order_by", {**columns, **relations}, said)


def _order_by_relation(forge: Forge, relation: Relation) -> tuple[str, Part]:
    name = forge.tables[relation.table].graphql_name
    if relation.many:
        return f"{relation.name}{AGGREGATE}", Part(maybe(forge.named(f"{name}_aggregate_order_by")))
    return relation.name, Part(maybe(forge.named(f"{name}_order_by")))


def _order_by_figures(forge: Forge, table: Table, directions: Shape) -> None:
    name = table.graphql_name
    measures = {"count": Part(maybe(directions))}
    for function, columns in functions(table).items():
        parts = {column: Part(maybe(directions)) for column in columns}
        made = forge.input(f"{name}_{function}_order_by", parts, f'By {function} of columns of "deep.{table.name}".')
        measures[function] = Part(maybe(made))
    forge.input(f"{name}_aggregate_order_by", measures, f'By what is told of rows of "deep.{table.name}".')


def _values(columns: Mapping[str, Column]) -> Mapping[str, Part]:
    return {name: Part(maybe(scalar(column))) for name, column in columns.items()}


def _insert(forge: Forge, table: Table) -> None:
    name = table.graphql_name
    found = (insertable(table, each.name, forge.tables) for each in table.relations)
    along = {each.name: Part(maybe(forge.named(_along(forge.tables[each.table], each.many)))) for each in found if each}
    said = f'A row for "deep.{table.name}", and rows that it brings along.'
    forge.input(f"{name}_insert_input", {**_values(table.insert_by_name), **along}, said)
    if table.conflicts:
        _conflict(forge, table)
    for many_rows in _leading(forge, table):
        _rows_along(forge, table, many_rows)


def _along(table: Table, listed: bool) -> str:
    return f"{table.graphql_name}_{'arr' if listed else 'obj'}_rel_insert_input"


def _leading(forge: Forge, table: Table) -> set[bool]:
    """Whether rows of other tables bring along one row of this table, or many."""
    others = (each for each in forge.tables.values() if "insert" in each.verbs)
    relations = (insertable(other, each.name, forge.tables) for other in others for each in other.relations)
    return {each.many for each in relations if each and each.table == table.name}


def _rows_along(forge: Forge, table: Table, listed: bool) -> None:
    shape = forge.named(f"{table.graphql_name}_insert_input")
    parts = {"data": Part(many(shape) if listed else shape, "the rows" if listed else "the row", required=True)}
    if table.conflicts:
        conflict = maybe(forge.named(f"{table.graphql_name}_on_conflict"))
        parts["on_conflict"] = Part(conflict, "what becomes of a row whose key is there")
    said = f'{"Rows" if listed else "A row"} of "deep.{table.name}", inserted along with another.'
    forge.input(_along(table, listed), parts, said)


def _conflict(forge: Forge, table: Table) -> None:
    name = table.graphql_name
    constraint = forge.enum(f"{name}_constraint", {table.constraint: "primary key"}, "What a row may conflict with.")
    columns = forge.enum(f"{name}_update_column", dict.fromkeys(table.update_by_name, ""), "What may be overwritten.")
    conflict = {
        "constraint": Part(constraint, required=True),
        "update_columns": Part(many(columns), "what is taken from the new row; nothing: the old row stays", default=[]),
        "where": Part(maybe(forge.named(f"{name}_bool_exp")), "which old rows may be overwritten"),
    }
    forge.input(f"{name}_on_conflict", conflict, "What becomes of a row whose key is there.")


def _update(forge: Forge, table: Table) -> None:
    name = table.graphql_name
    for operator, (each, columns) in operators(table).items():
        forge.input(
            input_name(table, operator), {column.name: Part(_operand(each, column)) for column in columns}, each.said
        )
    if table.keyed:
        key = {column: Part(scalar(table.by_name[column]), required=True) for column in table.key}
        forge.input(f"{name}_pk_columns_input", key, f'A row of "deep.{table.name}" by its key.')
    where = Part(forge.named(f"{name}_bool_exp"), "which rows", required=True)
    forge.input(f"{name}_updates", {**operations(forge, table), "where": where}, "One update of many.")


def _operand(operator: Operator, column: Column) -> Shape:
    shape = SCALAR_TYPES[operator.operand] if operator.operand else scalar(column)
    return maybe(many(shape) if operator.many else shape)


def operations(forge: Forge, table: Table) -> Mapping[str, Part]:
    """What an update of the table's rows may do, operator by operator."""
    return {
        name: Part(maybe(forge.named(input_name(table, name))), operator.said)
        for name, (operator, _) in operators(table).items()
    }
