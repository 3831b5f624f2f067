"""A client that is killed again and again loses nothing that it had accepted, and nothing of it takes effect twice.

`CLIENT_KILLS` says how often (20), `SEED` when; `make torture-client` does it a thousand times.
"""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.processes import ROOT, served

KEEPER = Path(__file__).with_name("keeper.py")
KILLS = int(os.environ.get("CLIENT_KILLS", "20"))


def start(path: Path, endpoint: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(KEEPER), str(path), endpoint, name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def lived(path: Path, endpoint: str, name: str, seconds: float) -> tuple[str, list[str]]:
    """One life of a keeper that is killed so long after it began to accept: its space, and the texts it accepted."""
    with start(path, endpoint, name) as process:
        assert process.stdout
        space = process.stdout.readline().split()[1]
        killing = threading.Timer(seconds, process.kill)
        killing.start()
        # A line that was cut by the kill was not said.
        lines = [line.split() for line in process.stdout if line.endswith("\n")]
        killing.join()
    assert process.returncode == -9
    return space, [text for word, text in lines if word == "ACC"]


@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_client_that_is_killed_again_and_again_loses_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    path = tmp_path / "graph.deep"
    accepted: list[str] = []
    with served(database_url) as endpoint:
        for number in range(KILLS):
            space, texts = lived(path, endpoint, f"{number}", chance.uniform(0.001, 0.5))
            accepted += texts
        with start(path, endpoint, "--finish") as process:
            assert process.stdout
            assert process.stdout.readline().split()[1] == space
        assert process.returncode == 0

    assert len(accepted) > KILLS
    texts = stored(database_url, space)
    assert [text for text in accepted if texts[text] != 1] == []
    assert max(texts.values()) == 1
    assert_exactly_once(database_url, space)


def stored(database_url: str, space: str) -> Counter[str]:
    """The texts that the tables have of a space, and how often."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select _data from deep.strings where _deep = %s", [space]).fetchall()
    return Counter(text for (text,) in rows)


def assert_exactly_once(database_url: str, space: str) -> None:
    """The log has no gap, nothing was made twice, and groups are whole."""
    numbers = "select n from deep.changes where _deep = %s order by n"
    twice = """
        select id from deep.changes where _deep = %s and operation = 'insert' and "table" = 'links'
        group by id having count(*) > 1
    """
    halves = """
        select l.id from deep.links l where l._deep = %s and l._from is not null
        and not (exists (select from deep.strings s where s.id = l._from) and exists (select from deep.strings s where s.id = l._to))
    """
    with psycopg.connect(database_url) as connection:
        found = [n for (n,) in connection.execute(numbers, [space]).fetchall()]
        assert found == list(range(1, len(found) + 1))
        assert connection.execute(twice, [space]).fetchall() == []
        assert connection.execute(halves, [space]).fetchall() == []
