"""One hot space: eight writers who commit small transactions to the same links, against tables that keep no log."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from uuid import uuid4

import psycopg

from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate

WRITERS = 8
HOT = 200
BARE = """
    create schema bare;
    create table bare.links (like deep.links including defaults including indexes);
    create table bare.strings (like deep.strings including defaults including indexes);
"""
BATCH = "insert into deep.batches (_deep, client, seq, checksum) values (%(space)s, %(client)s, %(seq)s, 'sum');"
WRITE = """
    update {schema}.links set _to = %(made)s where id = %(one)s;
    update {schema}.links set _to = %(made)s where id = %(other)s;
    insert into {schema}.links (_deep, id) values (%(space)s, %(made)s);
    insert into {schema}.strings (_deep, id, _data) values (%(space)s, %(made)s, 'text');
"""


def hot(commits: int) -> str:
    """Write so many transactions each way, and give the Markdown table."""
    with temporary() as server:
        asyncio.run(migrate(server.url))
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(BARE.encode())
        lines = [
            _raced(server.url, "bare", commits, "tables without a log", announced=False),
            _raced(
                server.url, "deep", commits, "**the log**, batches announced first, as our client does", announced=True
            ),
            # It waits a second for each deadlock: a tenth is enough.
            _raced(
                server.url,
                "deep",
                commits // 10,
                "the log, batches not announced, as foreign writers do",
                announced=False,
            ),
        ]
    head = f"| {WRITERS} writers, one space, {HOT} hot links | commits/s | deadlocks |\n|---|---:|---:|"
    return "\n".join([head, *lines])


def _raced(url: str, schema: str, commits: int, name: str, *, announced: bool) -> str:
    space, ids = str(uuid4()), [str(uuid4()) for _ in range(HOT)]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"insert into {schema}.links (_deep, id) select %s, unnest(%s::uuid[])".encode(), (space, ids)
        )
    began = perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        deadlocks = sum(
            pool.map(lambda seed: _write(url, schema, space, ids, commits // WRITERS, seed, announced), range(WRITERS))
        )
    return f"| {name} | {commits / (perf_counter() - began):,.0f} | {deadlocks} |"


def _write(url: str, schema: str, space: str, ids: list[str], commits: int, seed: int, announced: bool) -> int:
    """So many transactions, again where one was ended by a deadlock; how many were."""
    dice, client, deadlocks, seq = random.Random(seed), str(uuid4()), 0, 1
    text = f"{BATCH if announced else ''}{WRITE.format(schema=schema)}".encode()
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        while seq <= commits:
            one, other = dice.sample(ids, 2)
            values = {"space": space, "client": client, "seq": seq, "made": str(uuid4()), "one": one, "other": other}
            try:
                # Of several statements that are sent as one: a transaction, and nobody waits for this thread in the middle.
                connection.execute(text, values)
                seq += 1
            except psycopg.errors.DeadlockDetected:
                deadlocks += 1
    return deadlocks
