"""How far a reading reaches: the one space in which everything lies that it may ever show.

The dialect. It looks at statements and values; when anything is read again is decided by whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from uuid import UUID

from deeplinks.dialect.session import Rights
from deeplinks.dialect.statements import (
    And,
    ByKey,
    Compare,
    Condition,
    Counted,
    Nested,
    Not,
    Or,
    OrderBy,
    OrderByFigure,
    Related,
    Rule,
    Select,
    Stream,
)
from deeplinks.dialect.values import Variables
from deeplinks.tables import CHANGES, LOGGED, Relation, Table

# Tables whose every change has its number in the log of its space.
_NUMBERED = frozenset(table.name for table in (*LOGGED, CHANGES))
SPACE = "_deep"
Reading: TypeAlias = "Select | ByKey | Stream"


def space_of(statement: Reading, variables: Variables) -> str | None:
    """The space outside of which nothing can change this reading, as a canonical id; `None` where there is no such one.

    Entries that are pruned from the log leave a reading of `changes` with the next change.
    """
    if not _numbered(statement.table) or not _stays(statement):
        return None
    for compare in _demanded(statement):
        if compare.column.name == SPACE and compare.operator == "_eq":
            return _canonical(compare.operand.value(variables))
    return None


def confined(rights: Rights) -> bool:
    """Whether the rules for rows look at no other space than the row's own."""
    return all(_inside(rules.select) for rules in rights.rules.values())


def _numbered(table: Table) -> bool:
    return table.name in _NUMBERED


def _demanded(statement: Reading) -> Iterator[Compare]:
    """The comparisons that every row has to pass."""
    parts: list[Condition] = list(statement.key) if isinstance(statement, ByKey) else [statement.where]
    while parts:
        part = parts.pop()
        if isinstance(part, And):
            parts += part.parts
        elif isinstance(part, Compare):
            yield part


def _stays(statement: Reading) -> bool:
    if isinstance(statement, Stream):
        # Its rows are told when they are touched themselves, whatever becomes of others.
        return True
    if isinstance(statement, Select) and not (_inside(statement.where) and all(map(_beside, statement.order_by))):
        return False
    nested = (item for item in statement.selection if isinstance(item, Nested))
    return all(_own(item.relation) and _stays(item.select) for item in nested)


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
