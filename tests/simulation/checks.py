"""What holds at the end of every schedule: each change once, a log without gaps, the tables as the model, all equal.

The simulation. Each check is one promise; each raises `BrokenError`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from typing import Any

import orjson

from deeplinks.space.ledger import TYPED
from deeplinks.storage.memory.rules import Rules, image
from deeplinks.tables import BUILT_INS, CHANGES, DATA_TABLES, LINKS, SPACES
from tests.simulation.client import Client
from tests.simulation.commits import COLUMNS, DATA, Commit
from tests.simulation.journal import NAME, BrokenError, state
from tests.simulation.model import Model

MARKS = frozenset(BUILT_INS[kind] for kind in TYPED.values())


def check_all(clients: Sequence[Client], rules: Rules, space: str, commits: list[Commit]) -> None:
    """Everything. Raises `BrokenError`."""
    tables = tables_of(rules, space)
    stored_again = {(one.line.who, id) for one in clients if one.journal for id in one.journal.released}
    check_once(commits, tables.keys(), stored_again)
    check_log(rules, space)
    check_model(tables, Model.of(commits))
    for client in clients:
        if not client.line.dead:
            check_replica(client, tables)


def check_once(commits: list[Commit], alive: Set[str], stored_again: Set[tuple[str, str]]) -> None:
    """No batch takes effect twice, and no text is written twice by the one who made it, unless it was stored again."""
    numbers = Counter((one.client, one.seq) for one in commits if one.client)
    texts = Counter(
        (commit.who, one.id, one.values)
        for commit in commits
        for one in commit.operations
        if one.verb == "put" and one.table == "strings" and one.id in alive and (commit.who, one.id) not in stored_again
    )
    doubled = [key for counted in (numbers, texts) for key, times in counted.items() if times > 1]
    if doubled:
        raise BrokenError(f"taken twice: {doubled}")


def check_log(rules: Rules, space: str) -> None:
    """n counts from the floor without a gap, and one batch is one transaction."""
    row = rules.find(SPACES, (space,))
    if row is None:
        # Nothing was ever committed.
        return
    entries = sorted(rules.of_space(CHANGES, space), key=lambda one: one["n"])
    if [one["n"] for one in entries] != list(range(row["floor"] + 1, rules.newest(space) + 1)):
        raise BrokenError(f"the log has gaps: {[one['n'] for one in entries]}")
    batches = {(one["client"], one["seq"], one["tx"]) for one in entries if one["client"]}
    if len(batches) != len({(client, seq) for client, seq, _ in batches}):
        raise BrokenError("a batch is in two transactions of the log")


def tables_of(rules: Rules, space: str) -> dict[str, dict[str, Any]]:
    """The rows of a space without its root: references, and data with its table."""
    found = {row["id"]: {name: row[name] for name in COLUMNS} for row in rules.of_space(LINKS, space)}
    found.pop(space, None)
    for fields in found.values():
        fields[DATA] = None
    for table in DATA_TABLES:
        for row in rules.of_space(table, space):
            found[row["id"]][DATA] = (table.name, image(table, row)["_data"])
    return found


def check_model(tables: dict[str, dict[str, Any]], model: Model) -> None:
    """The tables are what the accepted operations lead to, in the order of their commits."""
    expected = {id: fields | {DATA: model.data.get(id)} for id, fields in model.links.items()}
    if dumped(tables) != dumped(expected):
        raise BrokenError(f"the tables are not what was committed: {differences(tables, expected)}")


def check_replica(client: Client, tables: dict[str, dict[str, Any]]) -> None:
    """A copy is the tables, byte by byte: all rows but those that it was told to let go of."""
    assert client.deep is not None
    assert client.journal is not None
    held = state(client.deep)
    left = tables.keys() - held.keys()
    released = {id for id in left if client.deep.get(id) is not None or id in client.journal.released}
    expected = {id: fields for id, fields in tables.items() if fields["_type"] not in MARKS and id not in released}
    if dumped(held) != dumped(expected):
        raise BrokenError(f"{client.who} differs from the tables: {differences(held, expected)}")
    check_marks(client, tables)


def check_marks(client: Client, tables: dict[str, dict[str, Any]]) -> None:
    """The typed marks of what is here are those of the tables."""
    assert client.deep is not None
    ledger = client.deep.space.ledger(NAME)
    marked = [(type, ids) for marks in ledger.typed.values() for type, ids in marks.items()]
    here = {id for type, ids in marked if type.id in tables for id in ids}
    # A type that was let go of, destroyed by somebody and brought back by a backup stays dead to who let go of it.
    here_types = {one.id for one in client.deep} - ledger.purged
    marks = [(id, fields["_from"]) for id, fields in tables.items() if fields["_type"] in MARKS]
    there = {id for id, type in marks if type in tables and type in here_types}
    if here != there:
        raise BrokenError(f"{client.who} has other marks: here only {here - there}, there only {there - here}")


def dumped(rows: dict[str, dict[str, Any]]) -> bytes:
    """One spelling for one content."""
    return orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)


def differences(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> list[str]:
    """Where two differ, for people."""
    ids = sorted(id for id in one.keys() | other.keys() if one.get(id) != other.get(id))
    return [f"{id}: {one.get(id)} != {other.get(id)}" for id in ids[:3]]
