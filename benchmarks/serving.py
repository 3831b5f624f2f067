"""Serving: the server against its peers over the same tables, each in a process of its own, and so is the client.

The peers: strawberry with resolvers, PostGraphile 5 (where npm is there), uvicorn with fixed bytes, COPY, SQLAlchemy's ORM.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg

from benchmarks.fan import fan
from benchmarks.ground import database, server
from benchmarks.load import Load, load
from benchmarks.loading import copied
from benchmarks.race import Contender, Race
from deeplinks.storage.migrations import migrate

POSTGRAPHILE = Path(__file__).parent / "peers" / "postgraphile"
POSTGRAPHILE_5 = "PostGraphile 5"
CONNECTIONS = 32
PAGE = 10_000
COLUMNS = "id, _deep, _i, _type, _from, _to, _value"
# PostGraphile follows references that it is told of: the tables have no foreign keys between links.
TOLD = r"""
    comment on table deep.links is
        E'@foreignKey (_type) references deep.links (id)\n@foreignKey (_from) references deep.links (id)';
    analyze deep.links;
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """An endpoint with its documents for the same questions."""

    name: str
    url: str
    by_key: str
    nested: str
    page: str = ""


def ours(url: str) -> Peer:
    """Our server."""
    columns = COLUMNS.replace(",", "")
    return Peer(
        "**deeplinks**",
        url,
        f"query ($id: uuid!) {{ deep_links_by_pk(id: $id) {{ {columns} }} }}",
        "query ($id: uuid!) { deep_links_by_pk(id: $id) { id type { id } "
        "out(limit: 10, order_by: {_i: asc}) { id _type _to } } }",
        "query ($space: uuid!, $after: bigint!, $limit: Int!) { rows: deep_links(where: {_deep: {_eq: $space}, "
        f"_i: {{_gt: $after}}}}, order_by: {{_i: asc}}, limit: $limit) {{ {columns} }} }}",
    )


def resolvers(url: str) -> Peer:
    """Strawberry with resolvers."""
    columns = COLUMNS.replace(",", "")
    return Peer(
        "strawberry, resolvers over psycopg",
        url,
        f"query ($id: String!) {{ link(id: $id) {{ {columns} }} }}",
        "query ($id: String!) { link(id: $id) { id type { id } out(limit: 10) { id _type _to } } }",
        "query ($space: String!, $after: String!, $limit: Int!) { rows: links(space: $space, after: $after, "
        f"limit: $limit) {{ {columns} }} }}",
    )


def postgraphile(url: str) -> Peer:
    """PostGraphile, which calls a column `id` rowId; it is paged by offset, which costs it little over so few pages."""
    columns = COLUMNS.replace(",", "").replace("id", "rowId", 1)
    return Peer(
        POSTGRAPHILE_5,
        url,
        f"query ($id: UUID!) {{ linkByRowId(rowId: $id) {{ {columns} }} }}",
        "query ($id: UUID!) { linkByRowId(rowId: $id) { rowId linkByType { rowId } "
        "linksByFrom(first: 10, orderBy: _I_ASC) { nodes { rowId _type _to } } } }",
        "query ($space: UUID!, $after: Int!, $limit: Int!) { all: allLinks(condition: {_deep: $space}, "
        f"orderBy: _I_ASC, offset: $after, first: $limit) {{ rows: nodes {{ {columns} }} }} }}",
    )


@contextmanager
def process(*command: str, cwd: Path | None = None, quiet: bool = False) -> Generator[str]:
    """An endpoint as a process that prints where it is."""
    environment = {**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    told = subprocess.DEVNULL if quiet else None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True, cwd=cwd, env=environment) as running:
        try:
            assert running.stdout
            yield running.stdout.readline().split()[1]
        finally:
            running.terminate()


def installed() -> str:
    """Why there is no PostGraphile; nothing where there is one, installed now if it was not yet."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "PostGraphile is not raced: there is no npm"
    if (POSTGRAPHILE / "node_modules").is_dir():
        return ""
    command = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"]
    ran = subprocess.run(command, cwd=POSTGRAPHILE, capture_output=True, text=True, check=False)
    return f"PostGraphile is not raced: npm says {ran.stderr.strip().splitlines()[-1]}" if ran.returncode else ""


def planted(url: str, count: int) -> tuple[str, list[str]]:
    """A space of so many links: each of a hundred has ten out of it, and is the type of some."""
    space, ids = str(uuid4()), [str(uuid4()) for _ in range(count)]
    with psycopg.connect(url, autocommit=True) as connection:
        insert = (
            "insert into deep.links (id, _deep, _type, _from, _to) select one, %(space)s, "
            "(%(ids)s::uuid[])[1 + n %% 100], (%(ids)s::uuid[])[1 + n / 10], one "
            "from unnest(%(ids)s::uuid[]) with ordinality as u (one, n)"
        )
        connection.execute(insert.encode(), {"space": space, "ids": ids})
        connection.execute(TOLD.encode())
    return space, ids


# questions


def questions(title: str, peers: list[Peer], ids: list[str], rounds: int, seconds: float, *, nested: bool) -> str:
    """So many connections ask at the same time; the table has the median of each round's ratio to fixed bytes."""
    bodies = {
        peer.name: [
            orjson.dumps({"query": peer.nested if nested else peer.by_key, "variables": {"id": id}}).decode()
            for id in ids
        ]
        for peer in peers
    }
    size = len(httpx.post(peers[0].url, content=bodies[peers[0].name][0], headers=JSON).content)
    told: dict[str, list[Load]] = {name: [] for name in ("uvicorn, fixed bytes", *bodies)}
    with process(sys.executable, "-m", "benchmarks.peers.bare", str(size)) as bare:
        for _ in range(rounds):
            told["uvicorn, fixed bytes"].append(load(bare, ["{}"], seconds, CONNECTIONS))
            for peer in peers:
                told[peer.name].append(load(peer.url, bodies[peer.name], seconds, CONNECTIONS))
    return _table(f"{title}, {CONNECTIONS} connections", "requests/s", told)


def _table(title: str, unit: str, told: dict[str, list[Any]]) -> str:
    first = next(iter(told.values()))
    lines = [
        f"| {title} | {unit}, median | p50, ms | p99, ms | ratio to the first, median |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, found in told.items():
        ratio = median(one.rate / limit.rate for one, limit in zip(found, first, strict=True))
        rate, p50, p99 = (median(getattr(one, part) for one in found) for part in ("rate", "p50", "p99"))
        lines.append(f"| {name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {ratio:.2f} |")
    return "\n".join(lines)


# loading

JSON = {"content-type": "application/json"}
COPY = f"copy (select {COLUMNS} from deep.links where _deep = '{{}}' order by _i) to stdout (format binary)"


class Loading:
    """All links of a space, as dicts."""

    def __init__(self, url: str, space: str, count: int, peers: list[Peer]) -> None:
        self.url = url
        self.space = space
        self.count = count
        self.peers = peers

    def race(self) -> Race:
        contenders = [Contender("COPY binary, bytes only", self.by_copy)]
        contenders += [Contender(f"{peer.name}, into dicts", self.by(peer)) for peer in self.peers]
        return Race(f"load {self.count:,} rows over HTTP", "rows", self.count, contenders)

    async def by_copy(self, _: object) -> object:
        return await copied(self.url, COPY.format(self.space))

    def by(self, peer: Peer) -> Any:
        async def loaded(_: object) -> object:
            count, last = 0, "0"
            async with httpx.AsyncClient(timeout=300) as client:
                while True:
                    after = count if peer.name == POSTGRAPHILE_5 else last
                    variables = {"space": self.space, "after": after, "limit": PAGE}
                    body = orjson.dumps({"query": peer.page, "variables": variables})
                    data = orjson.loads((await client.post(peer.url, content=body, headers=JSON)).content)["data"]
                    rows = data["rows"] if "rows" in data else data["all"]["rows"]
                    count += len(rows)
                    if len(rows) < PAGE:
                        assert count == self.count, count
                        return count
                    last = str(rows[-1]["_i"])

        return loaded


# writing

LINKS = (
    "insert into deep.links (id, _deep, _type, _from, _to, _value) select * from unnest"
    "(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[])"
)
STRINGS = "insert into deep.strings (id, _deep, _data) select * from unnest(%b::uuid[], %b::uuid[], %b::text[])"
OURS = (
    "mutation ($links: [deep_links_insert_input!]!, $strings: [deep_strings_insert_input!]!) {"
    " insert_deep_links(objects: $links) { affected_rows } insert_deep_strings(objects: $strings) { affected_rows } }"
)
THEIRS = "mutation ($links: [LinkInput!]!, $strings: [StringInput!]!) { insert(links: $links, strings: $strings) }"
NAMES = ("id", "_deep", "_type", "_from", "_to", "_value")


class Inserting:
    """So many links, and a third as many strings, a request and a transaction; the log is on for all."""

    def __init__(self, url: str, ours: Peer, theirs: Peer, count: int, requests: int) -> None:
        self.url = url
        self.ours = ours
        self.theirs = theirs
        self.count = count
        self.requests = requests

    def race(self) -> Race:
        contenders = [
            Contender("SQL `unnest`", self.by_sql, self.rows),
            Contender(self.ours.name, self.by(self.ours, OURS, whole=True), self.rows),
            Contender(self.theirs.name, self.by(self.theirs, THEIRS, whole=False), self.rows),
            Contender("SQLAlchemy ORM, add_all and commit", self.by_orm, self.rows),
        ]
        size = (self.count + self.count // 3) * self.requests
        return Race(f"insert {self.count:,} links and {self.count // 3:,} strings a request", "rows", size, contenders)

    async def rows(self) -> object:
        return [self._batch() for _ in range(self.requests)]

    def _batch(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        space, ids = str(uuid4()), [str(uuid4()) for _ in range(self.count)]
        links = [(id, space, ids[0], ids[number // 2], ids[number // 3], None) for number, id in enumerate(ids)]
        return links, [(id, space, f"text of {id}") for id in ids[: self.count // 3]]

    async def by_sql(self, batches: Any) -> object:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            for links, strings in batches:
                async with connection.transaction():
                    await connection.execute(LINKS.encode(), _columns(links))
                    await connection.execute(STRINGS.encode(), _columns(strings))
        return None

    def by(self, peer: Peer, query: str, *, whole: bool) -> Any:
        async def inserted(batches: Any) -> object:
            async with httpx.AsyncClient(timeout=300) as client:
                for links, strings in batches:
                    names = ("id", "_deep", "_data") if whole else ("id", "_data")
                    data = strings if whole else [(id, text) for id, _, text in strings]
                    variables = {"links": _dicts(NAMES, links), "strings": _dicts(names, data)}
                    body = orjson.dumps({"query": query, "variables": variables})
                    answer = (await client.post(peer.url, content=body, headers=JSON)).content
                    assert b'"errors"' not in answer, answer
            return None

        return inserted

    async def by_orm(self, batches: Any) -> object:
        from benchmarks.orm import write

        for links, strings in batches:
            write(self.url, links, strings)
        return None


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _dicts(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


# subscribers


def subscribers(ours: Peer, theirs: Peer, count: int, changes: int, rounds: int) -> str:
    """So many subscribers of the same ten rows, and a writer who changes them again and again."""
    live = (
        "subscription ($space: uuid!) { deep_links(where: {_deep: {_eq: $space}}, order_by: {_i: desc}, limit: 10) "
        f"{{ {COLUMNS.replace(',', '')} }} }}"
    )
    resolved = f"subscription ($space: String!) {{ links(space: $space, limit: 10) {{ {COLUMNS.replace(',', '')} }} }}"
    told: dict[str, list[Any]] = {theirs.name: [], ours.name: []}
    for _ in range(rounds):
        for peer, subscription, mutation in ((theirs, resolved, THEIRS), (ours, live, OURS)):
            space = str(uuid4())
            asked = {"query": subscription, "variables": {"space": space}}
            rows = ([{"id": str(uuid4()), "_deep": space}] for _ in range(changes))
            made = [{"query": mutation, "variables": {"links": row, "strings": []}} for row in rows]
            told[peer.name].append(fan(peer.url, count, asked, made))
    return _table(f"{count:,} subscribers, {changes} changes", "messages/s", told)


# all of it


@asynccontextmanager
async def peers(url: str) -> AsyncGenerator[list[Peer]]:
    """Ours first, then those that there are."""
    async with AsyncExitStack() as stack:
        found = [
            ours(stack.enter_context(server(url))),
            resolvers(stack.enter_context(process(sys.executable, "-m", "benchmarks.peers.resolvers", url))),
        ]
        if why := installed():
            print(why, flush=True)
        else:
            command = ("node", str(POSTGRAPHILE / "serve.mjs"), url)
            found.append(postgraphile(stack.enter_context(process(*command, cwd=POSTGRAPHILE, quiet=True))))
        yield found


async def serving(rows: int, rounds: int, seconds: float) -> None:
    """Race, and print the tables."""
    with database() as url:
        await migrate(url)
        space, ids = planted(url, rows)
        async with peers(url) as found:
            print(await Loading(url, space, rows + 1, found).race().run(rounds), end="\n\n", flush=True)
            for title, nested in (("a row by its key", False), ("a row with its type and ten links", True)):
                print(questions(title, found, ids[:500], rounds, seconds, nested=nested), end="\n\n", flush=True)
            for count, requests in ((1_000, 10), (10_000, 2)):
                race = Inserting(url, found[0], found[1], count, requests).race()
                print(await race.run(rounds), end="\n\n", flush=True)
            for count in (100, 1_000):
                print(subscribers(found[0], found[1], count, 20, rounds), end="\n\n", flush=True)
