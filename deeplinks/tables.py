"""The tables, declared once: columns, scalars, keys, relations. SQL, SDL and documents are compared with this.

The ground. It holds facts about tables and no behaviour; SQL and GraphQL text may not enter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from deeplinks.ids import well_known

SCHEMA = "deep"

# GraphQL scalar -> PostgreSQL type.
SCALARS = MappingProxyType(
    {
        "uuid": "uuid",
        "bigint": "bigint",
        "numeric": "numeric",
        "String": "text",
        "Boolean": "boolean",
        "jsonb": "jsonb",
        "timestamptz": "timestamptz",
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its GraphQL scalar, whether it may be null, and the SQL expression that fills it when it is left out."""

    name: str
    scalar: str
    nullable: bool = False
    default: str | None = None

    @property
    def sql_type(self) -> str:
        """Its type in PostgreSQL."""
        return SCALARS[self.scalar]


@dataclass(frozen=True, slots=True)
class Relation:
    """A way from a row to rows of `table`: those whose `theirs` equals this row's `ours`. `many` is an array relationship."""

    name: str
    table: str
    ours: str
    theirs: str
    many: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the schema `deep`; `verbs` are what GraphQL may do with it.

    A role's view of it has fewer columns, relations and verbs. `insertable` are the columns that a new row may give and
    `updatable` those that may be changed: all of them where nothing else is said.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    verbs: frozenset[str] = frozenset({"select", "aggregate", "insert", "update", "delete"})
    relations: tuple[Relation, ...] = ()
    insertable: tuple[Column, ...] | None = None
    updatable: tuple[Column, ...] | None = None
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)
    relation_by_name: dict[str, Relation] = field(init=False, repr=False, compare=False, hash=False)
    insert_by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)
    update_by_name: dict[str, Column] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        inserted = self.columns if self.insertable is None else self.insertable
        updated = self.columns if self.updatable is None else self.updatable
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        object.__setattr__(self, "insert_by_name", {column.name: column for column in inserted})
        object.__setattr__(self, "update_by_name", {column.name: column for column in updated})
        object.__setattr__(self, "relation_by_name", {relation.name: relation for relation in self.relations})

    @property
    def graphql_name(self) -> str:
        """`deep_links`: the schema and the table, as Hasura writes them."""
        return f"{SCHEMA}_{self.name}"

    @property
    def constraint(self) -> str:
        """The name of the primary key, the one constraint `on_conflict` knows."""
        return f"{self.name}_pkey"

    @property
    def keyed(self) -> bool:
        """Whether a row can be named by its key: all of its columns are to be seen."""
        return all(name in self.by_name for name in self.key)

    @property
    def conflicts(self) -> bool:
        """Whether an insert may say what becomes of a row that is there: a table that is never updated ignores it."""
        return "update" in self.verbs or self.updatable is None


NOW = "now()"
REFERENCES = ("type", "from", "to", "value")
BACK_REFERENCES = MappingProxyType({"type": "typed", "from": "out", "to": "in", "value": "valued"})
DATA = MappingProxyType({"String": "strings", "Number": "numbers", "Function": "functions", "Object": "objects"})
# The built-in types that hold data, each with the table in which it rests.
HOLDING = MappingProxyType({**DATA, "Boolean": "objects", "Map": "objects", "Date": "objects"})

_TIMES = (Column("created_at", "timestamptz", default=NOW), Column("updated_at", "timestamptz", default=NOW))


def _links() -> Table:
    forward = tuple(Relation(name, "links", f"_{name}", "id", many=False) for name in REFERENCES)
    backward = tuple(Relation(back, "links", "id", f"_{name}", many=True) for name, back in BACK_REFERENCES.items())
    data = tuple(Relation(kind.lower(), table, "id", "id", many=True) for kind, table in DATA.items())
    return Table(
        "links",
        (
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("_deep", "uuid"),
            Column("_i", "bigint", default="nextval('deep.links_i')"),
            *(Column(f"_{name}", "uuid", nullable=True) for name in REFERENCES),
            *_TIMES,
        ),
        key=("id",),
        relations=forward + backward + data,
    )


def _data(name: str, scalar: str) -> Table:
    return Table(
        name,
        (Column("id", "uuid"), Column("_deep", "uuid"), Column("_data", scalar), *_TIMES),
        key=("id",),
        relations=(Relation("link", "links", "id", "id", many=False),),
    )


LINKS = _links()
STRINGS = _data("strings", "String")
NUMBERS = _data("numbers", "numeric")
FUNCTIONS = _data("functions", "jsonb")
OBJECTS = _data("objects", "jsonb")

SPACES = Table(
    "spaces",
    (
        Column("id", "uuid"),
        Column("name", "String", nullable=True),
        Column("version", "bigint", default="0"),
        Column("floor", "bigint", default="0"),
        *_TIMES,
    ),
    key=("id",),
    verbs=frozenset({"select", "aggregate", "insert", "update"}),
)

CHANGES = Table(
    "changes",
    (
        Column("_deep", "uuid"),
        Column("n", "bigint"),
        Column("tx", "bigint"),
        Column("tag", "bigint"),
        Column("table", "String"),
        Column("operation", "String"),
        Column("id", "uuid"),
        Column("before", "jsonb", nullable=True),
        Column("after", "jsonb", nullable=True),
        Column("client", "uuid", nullable=True),
        Column("seq", "bigint", nullable=True),
        Column("actor", "String", nullable=True),
        Column("at", "timestamptz", default=NOW),
    ),
    key=("_deep", "n"),
    verbs=frozenset({"select", "aggregate"}),
)

BATCHES = Table(
    "batches",
    (
        Column("_deep", "uuid"),
        Column("client", "uuid"),
        Column("seq", "bigint"),
        Column("checksum", "String"),
        Column("withdrawn", "Boolean", default="false"),
        Column("expects", "jsonb", nullable=True),
        Column("at", "timestamptz", default=NOW),
    ),
    key=("_deep", "client", "seq"),
    verbs=frozenset({"select", "aggregate", "insert"}),
)

# Filled by triggers when links are deleted; no business of GraphQL's.
TOMBSTONES = Table(
    "tombstones", (Column("_deep", "uuid"), Column("id", "uuid")), key=("_deep", "id"), verbs=frozenset()
)

DATA_TABLES = (STRINGS, NUMBERS, FUNCTIONS, OBJECTS)
# The data tables that a space is kept in by our own client.
SYNCHRONIZED = (STRINGS.name, NUMBERS.name, FUNCTIONS.name, OBJECTS.name)
LOGGED = (LINKS, *DATA_TABLES)
TABLES = MappingProxyType({table.name: table for table in (*LOGGED, SPACES, CHANGES, BATCHES, TOMBSTONES)})

# The space that holds the rows of the built-in types, planted by the migrations with `_type` null.
RESERVED_SPACE = well_known("deeplinks")
BUILT_IN_NAMES = (
    "String",
    "Number",
    "Function",
    "Object",
    "Boolean",
    "Map",
    "Date",
    "Set",
    "Array",
    "Item",
    "TypedTrue",
    "TypedFalse",
    "Contain",
    "Alive",
    "Field",
    "Method",
    "Event",
    "StorageMarker",
)
BUILT_INS = MappingProxyType({name: well_known(name) for name in BUILT_IN_NAMES})
