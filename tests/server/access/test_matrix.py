"""The matrix: roles, users, tables, operations and paths, each cell as an oracle of a few lines says; secrets are never told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest

from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from tests.server.access.scene import DATA, GRANTS, PERMISSIONS, RELATIONS, TABLES, Held, Scene, may, visible

ID = "$id: uuid!"
# A reading of one row by its id: its name, its document, the tables and verbs that it needs.
READINGS = [
    ("list", "query ({ID}) {{ deep_{T}(where: {{id: {{_eq: $id}}}}) {{ id {D} }} }}", ("{T}", "select")),
    ("by key", "query ({ID}) {{ deep_{T}_by_pk(id: $id) {{ id {D} }} }}", ("{T}", "select")),
    (
        "all",
        "query ({ID}) {{ deep_{T}(where: {{id: {{_in: [$id]}}}}, order_by: {{id: asc}}, limit: 5) {{ id {D} }} }}",
        ("{T}", "select"),
    ),
    (
        "count",
        "query ({ID}) {{ deep_{T}_aggregate(where: {{id: {{_eq: $id}}}}) {{ aggregate {{ count }} }} }}",
        ("{T}", "select", "aggregate"),
    ),
    (
        "nodes",
        "query ({ID}) {{ deep_{T}_aggregate(where: {{id: {{_eq: $id}}}}) {{ nodes {{ id {D} }} }} }}",
        ("{T}", "select", "aggregate"),
    ),
    (
        "greatest",
        "query ({ID}) {{ deep_{T}_aggregate(where: {{id: {{_eq: $id}}}}) {{ aggregate {{ max {{ id }} }} }} }}",
        ("{T}", "select", "aggregate"),
    ),
    ("live", "subscription ({ID}) {{ deep_{T}(where: {{id: {{_eq: $id}}}}) {{ id {D} }} }}", ("{T}", "select")),
    ("live by key", "subscription ({ID}) {{ deep_{T}_by_pk(id: $id) {{ id {D} }} }}", ("{T}", "select")),
]
# The same through relations, from the link to its data and back, and from the link that two links share.
PATHS = [
    (
        "nested",
        "query ({ID}) {{ deep_links_by_pk(id: $id) {{ {R} {{ id _data }} }} }}",
        ("links", "select"),
        ("{T}", "select"),
    ),
    (
        "nested, filtered",
        "query ({ID}) {{ deep_links(where: {{{R}: {{id: {{_eq: $id}}}}}}) {{ id }} }}",
        ("links", "select"),
        ("{T}", "select"),
    ),
    (
        "nested count",
        "query ({ID}) {{ deep_links_by_pk(id: $id) {{ {R}_aggregate {{ aggregate {{ count }} }} }} }}",
        ("links", "select"),
        ("{T}", "select", "aggregate"),
    ),
    (
        "by count",
        "query ({ID}) {{ deep_links(where: {{id: {{_eq: $id}}, {R}_aggregate: {{count: {{predicate: {{_gt: 0}}}}}}}}) {{ id }} }}",
        ("links", "select"),
        ("{T}", "select", "aggregate"),
    ),
    ("back", "query ({ID}) {{ deep_{T}_by_pk(id: $id) {{ link {{ id }} }} }}", ("links", "select"), ("{T}", "select")),
    (
        "by its link",
        "query ({ID}) {{ deep_{T}(where: {{link: {{id: {{_eq: $id}}}}}}) {{ id }} }}",
        ("links", "select"),
        ("{T}", "select"),
    ),
    (
        "sorted by its link",
        "query ({ID}) {{ deep_{T}(where: {{id: {{_eq: $id}}}}, order_by: {{link: {{id: asc}}}}) {{ id }} }}",
        ("links", "select"),
        ("{T}", "select"),
    ),
    (
        "sorted by count",
        "query ({ID}) {{ deep_links(where: {{id: {{_eq: $id}}}}, order_by: {{{R}_aggregate: {{count: asc}}}}) {{ id }} }}",
        ("links", "select"),
        ("{T}", "select", "aggregate"),
    ),
]
VALUES = {
    "links": "_to: null",
    "strings": '_data: "x"',
    "numbers": "_data: 1",
    "functions": "_data: {a: 1}",
    "objects": "_data: {a: 1}",
}
CHANGED = {"strings": "x", "numbers": 1, "functions": {"a": 1}, "objects": {"a": 1}}
MUTATIONS = [
    (
        "update",
        "mutation ({ID}) {{ update_deep_{T}(where: {{id: {{_eq: $id}}}}, _set: {{{V}}}) {{ affected_rows }} }}",
        ("{T}", "select", "update"),
    ),
    (
        "update, told",
        "mutation ({ID}) {{ update_deep_{T}(where: {{id: {{_eq: $id}}}}, _set: {{{V}}}) {{ returning {{ id }} }} }}",
        ("{T}", "select", "update"),
    ),
    (
        "update by key",
        "mutation ({ID}) {{ update_deep_{T}_by_pk(pk_columns: {{id: $id}}, _set: {{{V}}}) {{ id }} }}",
        ("{T}", "select", "update"),
    ),
    (
        "update many",
        "mutation ({ID}) {{ update_deep_{T}_many(updates: [{{where: {{id: {{_eq: $id}}}}, _set: {{{V}}}}}]) {{ affected_rows }} }}",
        ("{T}", "select", "update"),
    ),
    (
        "update all",
        "mutation ({ID}) {{ update_deep_{T}(where: {{_and: [{{}}, {{id: {{_eq: $id}}}}]}}, _set: {{{V}}}) {{ affected_rows }} }}",
        ("{T}", "select", "update"),
    ),
    (
        "delete",
        "mutation ({ID}) {{ delete_deep_{T}(where: {{id: {{_eq: $id}}}}) {{ affected_rows }} }}",
        ("{T}", "select", "delete"),
    ),
    ("delete by key", "mutation ({ID}) {{ delete_deep_{T}_by_pk(id: $id) {{ id }} }}", ("{T}", "select", "delete")),
]


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    settings = Settings(database_url=database_url, permissions=PERMISSIONS)
    async with open_engine(settings) as engine:
        with psycopg.connect(database_url, autocommit=True) as connection:
            yield Scene(engine, connection)


def _documents(kinds: list[Any], tables: tuple[str, ...]) -> Iterator[tuple[str, str, str, list[tuple[str, ...]]]]:
    for table in tables:
        words = {
            "ID": ID,
            "T": table,
            "R": RELATIONS.get(table, ""),
            "V": VALUES[table],
            "D": "" if table == "links" else "_data",
        }
        for name, text, *needs in kinds:
            yield name, table, text.format(**words), [(need[0].format(**words), *need[1:]) for need in needs]


def _keeps_secrets(scene: Scene, role: str, asker: str, answer: str, held: list[Held]) -> bool:
    """No secret of a row that is not to be seen is in the answer."""
    hidden = [one for one in held if not visible(role, scene.users[asker], one) or role == "nobody"]
    return not any(secret in answer for one in hidden for secret in one.secrets.values())


def _refused(answer: str) -> bool:
    """What is not granted is not there."""
    match json.loads(answer):
        case {"errors": [{"extensions": {"code": "validation-failed"}}]}:
            return True
        case _:
            return False


def _touches(answer: str, id: str) -> bool:
    """Whether the answer tells of the row, or of one row at all."""
    if "errors" in json.loads(answer):
        return False
    (value,) = json.loads(answer)["data"].values()
    return any(found in json.dumps(value) for found in (f'"{id}"', '"count": 1', '"affected_rows": 1'))


@pytest.mark.parametrize("role", GRANTS)
async def test_what_may_be_read_is_what_the_oracle_says(scene: Scene, role: str) -> None:
    wrong: list[str] = []
    cells = 0
    for table in TABLES:
        held = {name: scene.fresh(user, table) for name, user in scene.users.items()}
        kinds = READINGS if table == "links" else READINGS + PATHS
        for asker in ("alice", "eve"):
            user = scene.users[asker]
            for name, _, text, needs in _documents(kinds, (table,)):
                for whose, one in held.items():
                    cells += 1
                    answer = await scene.ask(role, user, text, id=one.id)
                    granted = all(may(role, *need) for need in needs)
                    right = _touches(answer, one.id) == (visible(role, user, one)) if granted else _refused(answer)
                    if not right or not _keeps_secrets(scene, role, asker, answer, list(held.values())):
                        wrong.append(f"{role} {asker} {table} {name} of {whose}: {answer[:300]}")
    assert not wrong, "\n".join(wrong[:10])
    assert cells == 2 * 3 * (5 * len(READINGS) + 4 * len(PATHS))


@pytest.mark.parametrize("role", GRANTS)
async def test_what_may_be_changed_is_what_the_oracle_says(scene: Scene, role: str) -> None:
    wrong: list[str] = []
    asker, user = "alice", scene.users["alice"]
    for name, table, text, needs in _documents(MUTATIONS, TABLES):
        for whose, other in scene.users.items():
            one = scene.fresh(other, table)
            before = scene.there(table, one.id)
            answer = await scene.ask(role, user, text, id=one.id)
            after = scene.there(table, one.id)
            granted = all(may(role, *need) for need in needs)
            done = granted and visible(role, user, one)
            changed = (
                after is None
                or (table != "links" and after["_data"] == CHANGED[table])
                or (table == "links" and after != before)
            )
            right = changed == done and (_touches(answer, one.id) == done if granted else _refused(answer))
            if not right or not _keeps_secrets(scene, role, asker, answer, [one]):
                wrong.append(f"{role} {table} {name} of {whose}: {answer[:300]} {after}")
    assert not wrong, "\n".join(wrong[:10])


UPSERT = (
    "mutation ($rows: [deep_{T}_insert_input!]!) {{ insert_deep_{T}(objects: $rows, on_conflict: "
    "{{constraint: {T}_pkey, update_columns: [_data]}}) {{ affected_rows }} }}"
)


@pytest.mark.parametrize("role", GRANTS)
async def test_rows_that_are_there_are_overwritten_by_whom_the_oracle_says(scene: Scene, role: str) -> None:
    wrong: list[str] = []
    user = scene.users["alice"]
    for table in DATA:
        for whose, other in scene.users.items():
            one = scene.fresh(other, table)
            row = {"id": one.id, "_deep": user.space, "_data": CHANGED[table]}
            answer = await scene.ask(role, user, UPSERT.format(T=table), rows=[row])
            after = scene.there(table, one.id)
            assert after is not None
            granted = may(role, table, "insert", "update", "select")
            # A row of another space is nobody's to overwrite by naming its id.
            done = granted and visible(role, user, one) and other.space == user.space
            if (after["_data"] == CHANGED[table]) != done or not _keeps_secrets(scene, role, "alice", answer, [one]):
                wrong.append(f"{role} {table} of {whose}: {answer[:300]} {after}")
    assert not wrong, "\n".join(wrong[:10])


INSERT = "mutation ($rows: [deep_{T}_insert_input!]!) {{ insert_deep_{T}(objects: $rows) {{ affected_rows }} }}"


@pytest.mark.parametrize("role", GRANTS)
async def test_new_rows_are_let_in_where_the_oracle_says(scene: Scene, role: str) -> None:
    wrong: list[str] = []
    user = scene.users["alice"]
    for table in ("links", "strings", "numbers"):
        for whose, other in scene.users.items():
            one = scene.hold(other)
            id = one.id if table != "links" else str(__import__("uuid").uuid4())
            row: dict[str, Any] = (
                {"id": id, "_from": other.id} if table == "links" else {"id": id, "_data": CHANGED[table]}
            )
            if role != "writer":
                row["_deep"] = other.space
            answer = await scene.ask(role, user, INSERT.format(T=table), rows=[row])
            allowed = {
                "member": other.space == user.space,
                "owner": other == user,
                "writer": other == user,
                "admin": True,
            }
            done = may(role, table, "insert") and allowed.get(role, False)
            if (scene.there(table, id) is not None) != done or ("errors" in json.loads(answer)) == done:
                wrong.append(f"{role} {table} for {whose}: {answer[:300]}")
    assert not wrong, "\n".join(wrong[:10])
