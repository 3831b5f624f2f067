"""Roles: for each table the grants to select, insert, update and delete become the table as the role sees it, and rules.

The server. What is not granted is not there; what is granted without sense is refused at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from deeplinks.dialect.session import ADMIN, Rights, Rules
from deeplinks.dialect.statements import ALWAYS
from deeplinks.dialect.values import Tree, Value
from deeplinks.server.limits import Limits
from deeplinks.server.permissions.place import Place
from deeplinks.server.permissions.rules import confined, presets, rule, spaces
from deeplinks.tables import CHANGES, TABLES, Column, Table

GRANTABLE: Final = {name: table for name, table in TABLES.items() if table.verbs}
KEYS: Final = {
    "select": ("columns", "filter", "limit", "aggregate"),
    "insert": ("columns", "check", "presets"),
    "update": ("columns", "filter", "check", "presets"),
    "delete": ("filter",),
}


@dataclass(frozen=True, slots=True)
class Grants:
    """A role's entry for one table."""

    table: Table
    place: Place
    given: Mapping[str, Mapping[str, Value]]
    spaces: tuple[Tree, ...] | None

    def has(self, verb: str) -> bool:
        return verb in self.given

    def of(self, verb: str, key: str, default: Value = None) -> tuple[Value, Place]:
        """What a key of a verb says, and where."""
        return self.given.get(verb, {}).get(key, default), self.place / verb / key


def rights(roles: Mapping[str, Value], place: Place, limits: Mapping[str, Limits]) -> Mapping[str, Rights]:
    """The rights of each role; no list shows more rows than its limits say. Raises `PermissionsError`."""
    return {name: _role(name, entry, place / name, limits[name].rows) for name, entry in roles.items()}


def _role(name: str, value: Value, place: Place, most: int | None) -> Rights:
    if name == ADMIN:
        raise place.wrong("the admin may everything")
    entry = place.table(value, ("within", "limits", *GRANTABLE))
    own = spaces(entry.get("within"), place / "within")
    grants = [_grants(table, entry[name], place / name, own) for name, table in GRANTABLE.items() if name in entry]
    shown = {one.table.name for one in grants if one.has("select")}
    tables = {one.table.name: _view(one, shown) for one in grants}
    return Rights(tables, {one.table.name: _rules(one, most) for one in grants}, own)


def _grants(table: Table, value: Value, place: Place, spaces: tuple[Tree, ...] | None) -> Grants:
    verbs = table.verbs - {"aggregate"}
    entry = place.table(value, verbs)
    given = {verb: (place / verb).table(entry[verb], KEYS[verb]) for verb in KEYS if verb in entry}
    for verb in ("update", "delete"):
        if verb in given and "select" not in given:
            raise (place / verb).wrong("it needs select too: rows to touch are chosen among those that may be seen")
    if "insert" in given and "check" not in given["insert"]:
        raise (place / "insert").wrong("it needs a check, what a new row has to be; {} lets in all")
    return Grants(table, place, given, spaces)


def _columns(grants: Grants, verb: str) -> tuple[Column, ...]:
    """The columns that a verb names, without those that are preset. Raises `PermissionsError`."""
    value, place = grants.of(verb, "columns")
    if not grants.has(verb):
        return ()
    if value is None:
        raise (grants.place / verb).wrong('it needs columns, a list or "*"')
    preset, _ = grants.of(verb, "presets", {})
    kept = preset if isinstance(preset, dict) else {}
    found = tuple(grants.table.by_name[name] for name in place.names(value, grants.table.by_name) if name not in kept)
    if not found:
        raise place.wrong("no column is left")
    return found


def _view(grants: Grants, shown: set[str]) -> Table:
    table = grants.table
    aggregate, place = grants.of("select", "aggregate", default=False)
    verbs = set(grants.given) | ({"aggregate"} if place.flag(aggregate) else set[str]())
    relations = table.relations if grants.has("select") else ()
    columns = _columns(grants, "select")
    if table.name == CHANGES.name:
        # What is hidden has none.
        columns = tuple(replace(column, nullable=True) if column.name == "id" else column for column in columns)
    return replace(
        table,
        columns=columns,
        verbs=frozenset(verbs),
        relations=tuple(relation for relation in relations if relation.table in shown),
        insertable=_columns(grants, "insert"),
        updatable=_columns(grants, "update"),
    )


def _rules(grants: Grants, most: int | None) -> Rules:
    table, own = grants.table, grants.spaces
    limit, limited = grants.of("select", "limit")
    filters = {verb: rule(table, *grants.of(verb, "filter", {})) for verb in ("select", "update", "delete")}
    inserted = rule(table, *grants.of("insert", "check", {}))
    # Who may change a row may not give it away, unless the check says so.
    check, place = grants.of("update", "check")
    updated = filters["update"] if check is None else rule(table, check, place)
    return Rules(
        select=confined(table, own, filters["select"], reading=True),
        update=confined(table, own, filters["update"]),
        delete=confined(table, own, filters["delete"]),
        inserted=confined(table, own, inserted) if grants.has("insert") else ALWAYS,
        updated=confined(table, own, updated) if grants.has("update") else ALWAYS,
        insert_presets=presets(table, *grants.of("insert", "presets", {})),
        update_presets=presets(table, *grants.of("update", "presets", {})),
        limit=min((one for one in (limited.count(limit), most) if one is not None), default=None),
    )
