"""How far a reading reaches: the one space in which everything lies that it may ever show.

The dialect. It looks at statements and values; when anything is read again is decided by whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from uuid import UUID

from deeplinks.dialect.session import Rights
from deeplinks.dialect.statements import (
    Aggregate,
    And,
    ByKey,
    Compare,
    Condition,
    Counted,
    Nested,
    NestedAggregate,
    Nodes,
    Not,
    Or,
    OrderBy,
    OrderByFigure,
    Related,
    Rule,
    Select,
    Selection,
    Stream,
)
from deeplinks.dialect.values import Variables
from deeplinks.tables import CHANGES, LOGGED, Relation, Table

# Tables whose every change has its number in the log of its space.
_NUMBERED = frozenset(table.name for table in (*LOGGED, CHANGES))
SPACE = "_deep"
Reading: TypeAlias = "Select | Aggregate | ByKey | Stream"


def space_of(statement: Reading, variables: Variables) -> str | None:
    """The space outside of which nothing can change this reading, as a canonical id; `None` where there is no such one.

    Entries that are pruned from the log leave a reading of `changes` with the next change.
    """
    rows = statement.rows if isinstance(statement, Aggregate) else statement
    if not _numbered(rows.table) or not _stays(statement):
        return None
    for compare in _demanded(rows):
        if compare.column.name == SPACE and compare.operator == "_eq":
            return _canonical(compare.operand.value(variables))
    return None


def confined(rights: Rights) -> bool:
    """Whether the rules for rows look at no other space than the row's own."""
    return all(_inside(rules.select) for rules in rights.rules.values())


def _numbered(table: Table) -> bool:
    return table.name in _NUMBERED


def _demanded(statement: Select | ByKey | Stream) -> Iterator[Compare]:
    """The comparisons that every row has to pass."""
    parts: list[Condition] = list(statement.key) if isinstance(statement, ByKey) else [statement.where]
    while parts:
        part = parts.pop()
        if isinstance(part, And):
            parts += part.parts
        elif isinstance(part, Compare):
            yield part


def _stays(statement: Reading) -> bool:
    match statement:
        case Aggregate(rows, parts):
            return _stays(rows) and all(_shows(part.selection) for part in parts if isinstance(part, Nodes))
        case Select():
            chosen = _inside(statement.where) and all(map(_beside, statement.order_by))
            return chosen and _shows(statement.selection)
        case ByKey():
            return _shows(statement.selection)
        case Stream():
            # Its rows are told when they are touched themselves, whatever becomes of others.
            return True


def _shows(selection: Selection) -> bool:
    for item in selection:
        if isinstance(item, Nested | NestedAggregate):
            reading = item.select if isinstance(item, Nested) else item.aggregate
            if not _own(item.relation) or not _stays(reading):
                return False
    return True


def _beside(key: OrderBy | OrderByFigure) -> bool:
    leads = (*key.path, key.relation) if isinstance(key, OrderByFigure) else key.path
    return all(map(_own, leads))


def _inside(condition: Condition) -> bool:
    match condition:
        case And(parts) | Or(parts):
            return all(map(_inside, parts))
        case Not(part) | Rule(part):
            return _inside(part)
        case Related(relation, part) | Counted(relation, condition=part):
            return _own(relation) and _inside(part)
        case _:
            return True


def _own(relation: Relation) -> bool:
    """A link and its data have one id, and one space; a reference may lead to any space."""
    return relation.ours == relation.theirs == "id"


def _canonical(value: object) -> str | None:
    try:
        return str(UUID(str(value)))
    except ValueError:
        # PostgreSQL has more spellings, and refuses what is none.
        return None
