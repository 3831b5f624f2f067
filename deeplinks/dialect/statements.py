"""Statements: what a request means, frozen. SQL is one reading of them, the same over plain dicts is another.

The dialect. Statements carry meaning and no SQL: tables, columns, conditions and operands only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from deeplinks.dialect.values import Operand
from deeplinks.tables import Column, Relation, Table

# Conditions: three-valued like SQL's; a row passes where they are true.


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of none: true."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """One of them at least; of none: false."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; unknown stays unknown."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a value by one of Hasura's operators. `as_text`: the column as PostgreSQL writes it."""

    column: Column
    operator: str
    operand: Operand
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """The column is null."""

    column: Column


@dataclass(frozen=True, slots=True)
class Related:
    """There is a row by this relation for which the condition is true."""

    relation: Relation
    condition: Condition


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows: all, those where the one column is not null, or for `distinct` how many different values or tuples."""

    columns: tuple[Column, ...] = ()
    distinct: bool = False


# What a count is compared as.
COUNTED = Column("count", "Int")


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of rows by this relation for which `condition` is true is so: `predicate` is about `COUNTED`."""

    relation: Relation
    count: Count
    condition: Condition
    predicate: Condition


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the house, not of the request: what it says of other tables, it says of all of their rows."""

    condition: Condition


Condition: TypeAlias = "And | Or | Not | Compare | IsNull | Related | Counted | Rule"
ALWAYS = And()


# Figures: what is told of many rows at once.


@dataclass(frozen=True, slots=True)
class Measure:
    """What an aggregate function tells of a column."""

    function: str
    column: Column


Figure: TypeAlias = "Count | Measure"


@dataclass(frozen=True, slots=True)
class OrderBy:
    """By a column, of the row itself or of the one row at the end of `path`; a missing row sorts as null."""

    path: tuple[Relation, ...]
    column: Column
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class OrderByFigure:
    """By what is told of the rows to which `relation` leads from the row itself, or from the one at the end of `path`."""

    path: tuple[Relation, ...]
    relation: Relation
    figure: Figure
    descending: bool
    nulls_first: bool


Order: TypeAlias = "tuple[OrderBy | OrderByFigure, ...]"


# Selections: what a row shows, under which key, in which order.


@dataclass(frozen=True, slots=True)
class Pick:
    """A column's value, or what lies at a path in it."""

    key: str
    column: Column
    path: Operand | None = None


@dataclass(frozen=True, slots=True)
class Typename:
    """The name of the type."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Nested:
    """The rows, or the one row, to which a relation leads."""

    key: str
    relation: Relation
    select: Select


@dataclass(frozen=True, slots=True)
class NestedAggregate:
    """What is told of the rows to which a relation leads."""

    key: str
    relation: Relation
    aggregate: Aggregate


Shown: TypeAlias = "Pick | Typename | Nested | NestedAggregate"
Selection: TypeAlias = "tuple[Shown, ...]"


@dataclass(frozen=True, slots=True)
class Select:
    """Rows of a table. Of rows that are alike in the columns of `distinct_on`, with which the order begins, the first."""

    table: Table
    selection: Selection
    where: Condition = ALWAYS
    order_by: Order = ()
    distinct_on: tuple[Column, ...] = ()
    limit: Operand | None = None
    offset: Operand | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """One figure."""

    key: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Measures:
    """What one function tells of several columns."""

    key: str
    parts: tuple[Tell | Typename, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over all of the rows."""

    key: str
    parts: tuple[Tell | Measures | Typename, ...]


@dataclass(frozen=True, slots=True)
class Nodes:
    """The rows themselves."""

    key: str
    selection: Selection


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is told of rows: `rows` are chosen, sorted and cut before anything is counted, and show nothing themselves."""

    rows: Select
    parts: tuple[Figures | Nodes | Typename, ...]


@dataclass(frozen=True, slots=True)
class ByKey:
    """The one row that has this key, or null."""

    table: Table
    selection: Selection
    key: tuple[Compare, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows in the order of a column, in batches of at most `batch_size`, from after the value `initial` on; then what comes."""

    table: Table
    selection: Selection
    column: Column
    descending: bool
    initial: Operand
    batch_size: Operand
    where: Condition = ALWAYS


# Answers of mutations.


@dataclass(frozen=True, slots=True)
class Affected:
    """How many rows were touched."""

    key: str


@dataclass(frozen=True, slots=True)
class Returning:
    """The rows that were touched, in the order in which they were given."""

    key: str
    selection: Selection


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts and rows: a mutation response."""

    parts: tuple[Affected | Returning | Typename, ...]


@dataclass(frozen=True, slots=True)
class One:
    """The one row, or null."""

    selection: Selection


Answer: TypeAlias = "Outcome | One"


@dataclass(frozen=True, slots=True)
class OnConflict:
    """What becomes of a row whose key is there: with no columns nothing, else these columns, where the old row is so."""

    columns: tuple[Column, ...]
    where: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows. `rows` is a list of objects, or one object where the answer is `One`; it may be a whole variable."""

    table: Table
    rows: Operand
    on_conflict: OnConflict | None
    answer: Answer
    # The tables as the asker sees them: what rows bring along is read when their values are known.
    tables: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Assign:
    """A column's new value: the operand itself, or what one of Hasura's operators makes of it and the old value."""

    column: Column
    operand: Operand
    operator: str = "_set"


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the rows that are so."""

    table: Table
    where: Condition
    changes: tuple[Assign, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class UpdateMany:
    """Updates one after another, each with its own answer. `updates` is a list of `{where, _set, …}`."""

    table: Table
    updates: Operand
    answer: Outcome
    # The tables as the asker sees them: the updates' filters are read when their values are known.
    tables: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Delete:
    """The rows that are so, gone; the answer shows them as they were."""

    table: Table
    where: Condition
    answer: Answer


Statement: TypeAlias = "Select | Aggregate | ByKey | Stream | Insert | Update | UpdateMany | Delete"
