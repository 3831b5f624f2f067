"""Tables and types as a client names them: `deep.links` and `deep_links` are one, and what GraphQL calls its types.

The client. Facts come from the tables; no document is made here.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.tables import DATA_TABLES, SCHEMA, TABLES, Table

BY_NAME = {table.graphql_name: table for table in TABLES.values() if table.verbs}
# A real Hasura over the four tables of old has no space at the data.
_ours = frozenset((table.name, "_deep") for table in DATA_TABLES)


def table_of(name: object) -> Table:
    """The table that is called so: "deep.links" or "deep_links". Raises `InvalidError`."""
    if not isinstance(name, str):
        raise WrongTypeError(what="table", expected='a name, as "deep.links"', value=name)
    table = BY_NAME.get(name.replace(".", "_"))
    if table is None:
        raise unknown("table", name, (f"{SCHEMA}.{one.name}" for one in BY_NAME.values()))
    return table


def plain(table: Table) -> tuple[str, ...]:
    """The columns that are answered where nobody says which."""
    return tuple(column.name for column in table.columns if (table.name, column.name) not in _ours)


def check_known(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """All the names are known. Raises `InvalidError`."""
    names = tuple(known)
    for name in given:
        if name not in names:
            raise unknown(what, name, names)


def unknown(what: str, name: str, known: Iterable[str]) -> InvalidError:
    """A name that is not there, with what may be meant."""
    names = sorted(known)
    near = get_close_matches(name, names, 3) or names
    return InvalidError(what=f"the {what} {name!r}", why=f"there is none of that name; there is {', '.join(near)}")
