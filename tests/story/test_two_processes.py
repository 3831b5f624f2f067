"""Two processes on one space, over a server that is a process too: they end equal, to each other and to the tables."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row

from deeplinks import Deep, blocking
from tests.processes import ROOT, served

PEER = Path(__file__).with_name("peer.py")


class Peer:
    """The other end of `peer.py`."""

    def __init__(self, endpoint: str, space: str, name: str) -> None:
        command = [sys.executable, "-W", "error", str(PEER), endpoint, space, name]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.loaded = self.answer()

    def ask(self, line: str) -> Any:
        self.say(line)
        return self.answer()

    def say(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.process:
            assert self.process.stdin
            self.process.stdin.close()
            if error is not None:
                self.process.kill()
        assert error is not None or self.process.returncode == 0


@contextmanager
def space(endpoint: str, texts: int = 1) -> Iterator[Deep]:
    """A stored space with some texts in it."""
    deep = Deep()
    for number in range(texts):
        deep.String(f"first {number}").store("database")
    with blocking.synchronize(deep, endpoint):
        pass
    yield deep


def tables(database_url: str, space: str) -> dict[str, list[Any]]:
    """What the tables have of a space, as a peer dumps it."""
    select = """
        select l.id::text, l._type::text, l._from::text, l._to::text, l._value::text, s._data
        from deep.links l left join deep.strings s on s.id = l.id where l._deep = %s
    """
    with psycopg.connect(database_url) as connection:
        return {row[0]: list(row[1:]) for row in connection.execute(select, [space]).fetchall()}


def log(database_url: str, space: str) -> list[dict[str, Any]]:
    """The changes of a space, in order."""
    select = 'select n, operation, "table", id::text, client::text, seq from deep.changes where _deep = %s order by n'
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(select, [space]).fetchall()


def test_each_change_of_one_is_seen_by_the_other_and_none_comes_back(database_url: str) -> None:
    with (
        served(database_url) as endpoint,
        space(endpoint) as deep,
        Peer(endpoint, deep.id, "one") as one,
        Peer(endpoint, deep.id, "other") as other,
    ):
        before = len(log(database_url, deep.id))
        for peer in (one, other):
            peer.say("write 100")
        assert [one.answer(), other.answer()] == [100, 100]
        for peer in (one, other):
            assert peer.ask("flush") == 0
            assert peer.ask("wait 201") == 201
        first, second = one.ask("dump"), other.ask("dump")
        changes = log(database_url, deep.id)[before:]

    writers: dict[str, set[str]] = {}
    for change in changes:
        writers.setdefault(change["id"], set()).add(change["client"])
    assert all(len(clients) == 1 for clients in writers.values())
    assert len(writers) == 200
    assert first["rows"] == second["rows"] == tables(database_url, deep.id)
    assert {change["seq"] for change in changes} <= set(range(1, max(first["batches"], second["batches"]) + 1))


def test_loading_ten_thousand_rows_writes_nothing(database_url: str) -> None:
    with served(database_url) as endpoint, space(endpoint, 10_000) as deep:
        before = len(log(database_url, deep.id))
        with Peer(endpoint, deep.id, "reader") as reader:
            assert reader.loaded == 10_001
            assert reader.ask("flush") == 0
            assert reader.ask("dump")["batches"] == 0
        assert len(log(database_url, deep.id)) == before


def test_a_server_killed_and_started_again_in_the_middle_loses_and_doubles_nothing(database_url: str) -> None:
    with served(database_url) as endpoint, space(endpoint) as deep:
        port = str(urlsplit(endpoint).port)
    with served(database_url, "--port", port) as server, space(server):
        one, other = Peer(server, deep.id, "one"), Peer(server, deep.id, "other")
        with one, other:
            for count in (3, 5):
                for peer in (one, other):
                    peer.say("write 200")
                server.kill()
                server.start()
                for peer in (one, other):
                    assert peer.answer() == 200
                    peer.say(f"edit {count * 20}")
                server.kill()
                server.start()
                for peer in (one, other):
                    peer.answer()
                    assert peer.ask("flush") == 0
            for peer in (one, other):
                assert peer.ask("wait 801") == 801
            assert settled(one, other, database_url, deep.id)
            changes = log(database_url, deep.id)

    numbers = [change["n"] for change in changes]
    assert numbers == list(range(1, len(numbers) + 1))
    inserted = [change["id"] for change in changes if (change["table"], change["operation"]) == ("links", "insert")]
    assert len(inserted) == len(set(inserted)) == 802


def settled(one: Peer, other: Peer, database_url: str, space: str) -> bool:
    """Both have what the tables have, as soon as both have read it."""
    for _ in range(200):
        rows = [peer.ask("dump")["rows"] for peer in (one, other)]
        if rows[0] == rows[1] == tables(database_url, space):
            return True
    return False
