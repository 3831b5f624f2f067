"""For whom a request runs: a role, its variables, and what the role may, table by table.

The dialect. Rights are values that others make; they are applied where tables are named, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deeplinks.dialect.statements import ALWAYS, Assign, Condition
from deeplinks.dialect.values import Tree, Variables
from deeplinks.tables import TABLES, Table

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a role's rows of one table: which may be seen, changed, deleted, and what new ones have to be.

    Rows to change or to delete have to be such as may be seen, too; `inserted` and `updated` have to be true of rows as a
    mutation left them. `limit` is how many a list shows at most.
    """

    select: Condition = ALWAYS
    update: Condition = ALWAYS
    delete: Condition = ALWAYS
    inserted: Condition = ALWAYS
    updated: Condition = ALWAYS
    insert_presets: tuple[Assign, ...] = ()
    update_presets: tuple[Assign, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """What a role may: the tables as it sees them, with fewer columns, relations and verbs, and rules for their rows.

    `spaces` are those that it is confined to, ids or names of session variables; `None`: to none.
    """

    tables: Mapping[str, Table]
    rules: Mapping[str, Rules] = field(default_factory=dict[str, Rules])
    spaces: tuple[Tree, ...] | None = None

    def of(self, table: Table) -> Rules:
        """The rules for a table's rows."""
        return self.rules.get(table.name, UNRULED)


UNRULED = Rules()
EVERYTHING = Rights(TABLES)
NOTHING = Rights({})


@dataclass(frozen=True, slots=True)
class Session:
    """For whom a statement runs: the role, its variables, and how it wants numbers told.

    Who is not the admin may nothing but what `rights` say. `expires_at` is when it ends (seconds of the epoch): a
    subscription may not outlive it.
    """

    role: str = ADMIN
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    stringify_numerics: bool = False
    rights: Rights = NOTHING
    expires_at: float | None = None

    def __post_init__(self) -> None:
        if self.role == ADMIN and self.rights is NOTHING:
            object.__setattr__(self, "rights", EVERYTHING)

    @property
    def ruled(self) -> bool:
        """Whether anything is kept from it."""
        return self.rights is not EVERYTHING

    def known(self, variables: Variables) -> Variables:
        """A request's variables with the session's own, which no request can name: theirs have dashes."""
        return {**variables, **self.variables} if self.ruled else variables

    def without_variables(self) -> Session:
        """What statements may be written for, and be used again for others of the same rights."""
        return replace(self, variables={}, expires_at=None) if self.variables else self
