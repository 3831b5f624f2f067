"""The contenders in memory: the same skewed graph, the same questions and changes, each as its own users would write it."""

from __future__ import annotations

import random
import sqlite3
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from deeplinks import Association, Deep
from deeplinks.space.bulk import Build, Ends

TYPES = 10
DEGREE = 4


@dataclass
class Graph:
    """A graph as numbers: for each link where it starts, where it ends, its type, and the text of every third."""

    nodes: int
    links: list[tuple[int, int, int, str | None]]

    @classmethod
    def of(cls, size: int, seed: int = 7) -> Graph:
        """A skewed one: few nodes have many links, few types have many instances."""
        chance = random.Random(seed)
        nodes = max(size // DEGREE, 2)

        def skewed(many: int) -> int:
            return int(many * chance.random() ** 2)

        links = [
            (skewed(nodes), skewed(nodes), skewed(TYPES), f"the text of link {number}" if number % 3 == 0 else None)
            for number in range(size)
        ]
        return cls(nodes, links)


class Core:
    """What is raced. Nodes and links are asked for by their numbers in the graph."""

    FEW: ClassVar[int | None] = None
    """How many changes are enough, where each of them takes long."""

    def build(self, graph: Graph) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """What is to happen after a change, and is not counted."""

    def neighbours(self, nodes: Sequence[int]) -> int:
        raise NotImplementedError

    def two_hops(self, nodes: Sequence[int]) -> int:
        raise NotImplementedError

    def instances(self, type: int) -> int:
        raise NotImplementedError

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        raise NotImplementedError

    def delete(self, links: Sequence[int]) -> None:
        raise NotImplementedError


class Ours(Core):
    """deeplinks, built in bulk; a storage's ledger is attached, so that all that is built and changed is noted for it."""

    def build(self, graph: Graph) -> None:
        self.deep = deep = Deep()
        Node, *self.types = (deep(), *(deep.String() for _ in range(TYPES)))
        for type in (Node, *self.types):
            type.store("database", "typed_true")
        with deep.bulk() as build:
            self.nodes = build.nodes(Node, graph.nodes)
            self.links = self._links(build, graph)

    def _links(self, build: Build, graph: Graph) -> list[Association]:
        nodes = self.nodes
        ends: list[list[Ends]] = [[] for _ in range(TYPES)]
        texts: list[list[str | None]] = [[] for _ in range(TYPES)]
        for start, end, type, text in graph.links:
            ends[type].append((nodes[start], nodes[end]))
            texts[type].append(text)
        made = [iter(build.links(*given)) for given in zip(self.types, ends, texts, strict=True)]
        return [next(made[type]) for _, _, type, _ in graph.links]

    def settle(self) -> None:
        """As a synchronizer does: what waits is taken, and the storage has it."""
        ledger = self.deep.space.ledger("database")
        while ledger.waits:
            ledger.known.update(entry.association for entry in ledger.take(1_000)[0] if not entry.destroyed)

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len([link.to for link in self.nodes[node].out]) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        count = 0
        for node in nodes:
            count += len([second.to for first in self.nodes[node].out for second in first.to.out])
        return count

    def instances(self, type: int) -> int:
        return len(list(self.types[type].typed))

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            self.links[link].from_ = self.nodes[node]

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self.links[link].destroy()


class Dicts(Core):
    """Plain dicts: a record a link, by its number, and three indexes by hand, ordered as ours. The floor of pure Python."""

    def build(self, graph: Graph) -> None:
        self.records = records = {}
        self.out: dict[int, dict[int, None]] = {node: {} for node in range(graph.nodes)}
        self.into: dict[int, dict[int, None]] = {node: {} for node in range(graph.nodes)}
        self.typed: dict[int, dict[int, None]] = {type: {} for type in range(TYPES)}
        out, into, typed = self.out, self.into, self.typed
        for link, (start, end, type, text) in enumerate(graph.links):
            records[link] = {"type": type, "from": start, "to": end, "text": text}
            out[start][link] = None
            into[end][link] = None
            typed[type][link] = None

    def neighbours(self, nodes: Sequence[int]) -> int:
        records, out = self.records, self.out
        return sum(len([records[link]["to"] for link in out[node]]) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        records, out = self.records, self.out
        return sum(
            len([records[second]["to"] for first in out[node] for second in out[records[first]["to"]]])
            for node in nodes
        )

    def instances(self, type: int) -> int:
        return len(list(self.typed[type]))

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            record = self.records[link]
            del self.out[record["from"]][link]
            record["from"] = node
            self.out[node][link] = None

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            record = self.records.pop(link)
            del self.out[record["from"]][link]
            del self.into[record["to"]][link]
            del self.typed[record["type"]][link]


class NetworkX(Core):
    """networkx: a MultiDiGraph whose edges have a type and a text as attributes."""

    def build(self, graph: Graph) -> None:
        import networkx as nx

        self.graph = made = nx.MultiDiGraph()
        made.add_nodes_from(range(graph.nodes))
        keys = made.add_edges_from(
            (start, end, {"type": type} if text is None else {"type": type, "text": text})
            for start, end, type, text in graph.links
        )
        self.links = [(start, end, key) for (start, end, _, _), key in zip(graph.links, keys, strict=True)]

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len([end for _, end, _ in self.graph.out_edges(node, keys=True)]) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        out = self.graph.out_edges
        return sum(
            len([end for _, middle, _ in out(node, keys=True) for _, end, _ in out(middle, keys=True)])
            for node in nodes
        )

    def instances(self, type: int) -> int:
        return len([edge for *edge, kind in self.graph.edges(keys=True, data="type") if kind == type])

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            start, end, key = self.links[link]
            facts = self.graph.edges[start, end, key]
            self.graph.remove_edge(start, end, key)
            self.links[link] = (node, end, self.graph.add_edge(node, end, **facts))

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self.graph.remove_edge(*self.links[link])


class Successors(NetworkX):
    """networkx where the ends are enough, and not the links: parallel ones count once."""

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len(list(self.graph.successors(node))) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        successors = self.graph.successors
        return sum(len([end for middle in successors(node) for end in successors(middle)]) for node in nodes)


class RDF(Core):
    """rdflib: each link a resource with type, from, to and text."""

    def build(self, graph: Graph) -> None:
        from rdflib import Graph as Triples
        from rdflib import Literal, Namespace

        space = Namespace("urn:x:")
        self.triples = made = Triples()
        self.says = TYPE, FROM, TO, TEXT = space.type, space["from"], space.to, space.text
        self.types = [space[f"type{number}"] for number in range(TYPES)]
        self.nodes = [space[f"node{number}"] for number in range(graph.nodes)]
        self.links = [space[f"link{number}"] for number in range(len(graph.links))]
        for link, (start, end, type, text) in zip(self.links, graph.links, strict=True):
            made.add((link, TYPE, self.types[type]))
            made.add((link, FROM, self.nodes[start]))
            made.add((link, TO, self.nodes[end]))
            if text is not None:
                made.add((link, TEXT, Literal(text)))

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len(self._ends(self.nodes[node])) for node in nodes)

    def _ends(self, node: Any) -> list[Any]:
        _, FROM, TO, _ = self.says
        return [end for link in self.triples.subjects(FROM, node) for end in self.triples.objects(link, TO)]

    def two_hops(self, nodes: Sequence[int]) -> int:
        return sum(len(self._ends(middle)) for node in nodes for middle in self._ends(self.nodes[node]))

    def instances(self, type: int) -> int:
        return len(list(self.triples.subjects(self.says[0], self.types[type])))

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            self.triples.set((self.links[link], self.says[1], self.nodes[node]))

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self.triples.remove((self.links[link], None, None))


class RustworkX(Core):
    """rustworkx: a PyDiGraph, in Rust; a type and a text are the weight of an edge, and its index is its id."""

    def build(self, graph: Graph) -> None:
        import rustworkx

        self.graph = made = rustworkx.PyDiGraph()
        made.add_nodes_from(range(graph.nodes))
        self.links = list(made.add_edges_from([(start, end, (type, text)) for start, end, type, text in graph.links]))

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len([end for _, end, _ in self.graph.out_edges(node)]) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        out = self.graph.out_edges
        return sum(len([end for _, middle, _ in out(node) for _, end, _ in out(middle)]) for node in nodes)

    def instances(self, type: int) -> int:
        return len([edge for edge, (*_, (kind, _)) in self.graph.edge_index_map().items() if kind == type])

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            index = self.links[link]
            _, end = self.graph.get_edge_endpoints_by_index(index)
            facts = self.graph.get_edge_data_by_index(index)
            self.graph.remove_edge_from_index(index)
            self.links[link] = self.graph.add_edge(node, end, facts)

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self.graph.remove_edge_from_index(self.links[link])


class IGraph(Core):
    """igraph, in C: types and texts are attributes of edges. A change moves all edges after it, so few are made."""

    FEW = 20

    def build(self, graph: Graph) -> None:
        import igraph

        self.graph = igraph.Graph(
            n=graph.nodes,
            edges=[(start, end) for start, end, _, _ in graph.links],
            directed=True,
            edge_attrs={"type": [link[2] for link in graph.links], "text": [link[3] for link in graph.links]},
        )
        self.moved: dict[int, int] = {}
        self.gone: list[int] = []

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(len(self.graph.successors(node)) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        successors = self.graph.successors
        return sum(len([end for middle in successors(node) for end in successors(middle)]) for node in nodes)

    def instances(self, type: int) -> int:
        return len(self.graph.es.select(type=type).indices)

    def _at(self, link: int) -> int:
        """Where a link is now: all behind one that went have moved up, and one that was moved is behind all."""
        at = self.moved.get(link, link)
        return at - bisect_left(self.gone, at)

    def _end(self, link: int) -> None:
        self.graph.delete_edges(self._at(link))
        insort(self.gone, self.moved.get(link, link))

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            edge = self.graph.es[self._at(link)]
            end, facts = edge.target, edge.attributes()
            self._end(link)
            self.moved[link] = self.graph.ecount() + len(self.gone)
            self.graph.add_edge(node, end, **facts)

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self._end(link)


class SQLite(Core):
    """sqlite3 in memory: one table and three indexes."""

    def build(self, graph: Graph) -> None:
        self.base = base = sqlite3.connect(":memory:")
        base.execute("create table links (id integer primary key, start int, end int, type int, text text)")
        rows = ((number, *link) for number, link in enumerate(graph.links))
        base.executemany("insert into links values (?, ?, ?, ?, ?)", rows)
        for column in ("start", "end", "type"):
            base.execute(f"create index by_{column} on links ({column})")

    def _all(self, query: str, given: int) -> int:
        return len(self.base.execute(query, (given,)).fetchall())

    def neighbours(self, nodes: Sequence[int]) -> int:
        return sum(self._all("select id, end from links where start = ?", node) for node in nodes)

    def two_hops(self, nodes: Sequence[int]) -> int:
        query = "select two.id, two.end from links one join links two on two.start = one.end where one.start = ?"
        return sum(self._all(query, node) for node in nodes)

    def instances(self, type: int) -> int:
        return self._all("select id from links where type = ?", type)

    def update(self, moves: Sequence[tuple[int, int]]) -> None:
        for link, node in moves:
            self.base.execute("update links set start = ? where id = ?", (node, link))

    def delete(self, links: Sequence[int]) -> None:
        for link in links:
            self.base.execute("delete from links where id = ?", (link,))


CORES: dict[str, Callable[[], Core]] = {
    "deeplinks": Ours,
    "plain dicts": Dicts,
    "networkx": NetworkX,
    "networkx, ends only": Successors,
    "rdflib": RDF,
    "rustworkx": RustworkX,
    "igraph": IGraph,
    "sqlite3 in memory": SQLite,
}
