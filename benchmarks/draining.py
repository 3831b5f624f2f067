"""Draining: what waited for a server until there is one, out of memory and out of a file, against the same rows by SQL."""

from __future__ import annotations

import tempfile
from pathlib import Path

import deeplinks
from benchmarks.race import Contender, Race
from benchmarks.writing import Writing, graph
from deeplinks import LocalGraph, synchronize

WAITING = 100_000


class Draining(Writing):
    """The contenders over one database and one endpoint; the log is on for all."""

    def race(self) -> Race:
        sql = Contender("SQL `unnest`, 10 000 rows a commit", self.by_sql, self.rows)
        ours = Contender("deeplinks: out of memory, over GraphQL/HTTP", self.by_graphql, self.graph)
        kept = Contender("deeplinks: out of a file, over GraphQL/HTTP", self.out_of_a_file, self.file)
        count = len(graph(self.size))
        return Race(f"drain {count:,} waiting changes", "changes", count, [sql, ours, kept])

    async def file(self) -> object:
        """A graph that was made, ended, and is open again."""
        path = Path(tempfile.mkdtemp()) / "graph.deep"
        with deeplinks.open(path, max_bytes=None) as deep:
            graph(self.size, deep)
        return deeplinks.open(path)

    async def out_of_a_file(self, opened: object) -> object:
        assert isinstance(opened, LocalGraph)
        async with synchronize(opened.deep, self.endpoint) as database:
            await database.flush()
        opened.close()
        return None
