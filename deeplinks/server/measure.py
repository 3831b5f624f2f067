"""What a document comes to: depth, fields, aliases and so on, counted before it is validated, for that may cost the most.

The server. It counts nodes of a parsed document; how much is too much is said by `limits`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

from deeplinks.dialect.refusal import RequestError
from deeplinks.server.faults import TOO_MUCH
from deeplinks.server.limits import Limits

META: Final = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Measure:
    """A document's measure. What fragments bring counts wherever they are spread; of its operations the largest counts.

    Questions about the schema have no depth: graphql-core bounds it by itself. `asks_schema` says that there are some.
    """

    tokens: int = 0
    operations: int = 0
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    variables: int = 0
    directives: int = 0
    fragments: int = 0
    asks_schema: bool = False

    def check(self, limits: Limits) -> None:
        """Hold it against limits. Raises `RequestError`."""
        for each in fields(self):
            most, there = getattr(limits, each.name, None), getattr(self, each.name)
            if most is not None and there > most:
                raise RequestError(
                    f"the document has {there} {_said(each.name)}, and {most} is the limit", code=TOO_MUCH
                )


def _said(name: str) -> str:
    return {"depth": "levels of fields", "roots": "root fields", "fragments": "fragments and spreads of them"}.get(
        name, name
    )


@dataclass(frozen=True, slots=True)
class _Size:
    """What selections come to, with all that is spread in them."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    asks_schema: bool = False

    def beside(self, other: _Size) -> _Size:
        return _Size(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.roots + other.roots,
            self.asks_schema or other.asks_schema,
        )


def measured(document: DocumentNode) -> Measure:
    """The measure of a document.

    Raises `RequestError` for an empty selection, and for fragments that hold themselves or nest without an end.
    """
    spread = _Spread(document)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    try:
        sizes = [spread.size(node.selection_set) for node in operations]
    except RecursionError:
        raise RequestError("the request is nested too deep", code=TOO_MUCH) from None
    return Measure(
        tokens=_tokens(document),
        operations=len(operations),
        depth=max((size.depth for size in sizes), default=0),
        fields=max((size.fields for size in sizes), default=0),
        aliases=max((size.aliases for size in sizes), default=0),
        roots=max((size.roots for size in sizes), default=0),
        variables=sum(len(node.variable_definitions or ()) for node in operations),
        directives=spread.directives,
        fragments=spread.fragments,
        asks_schema=any(size.asks_schema for size in sizes),
    )


def _tokens(document: DocumentNode) -> int:
    token, count = document.loc.start_token if document.loc else None, 0
    while token is not None:
        token, count = token.next, count + 1
    return count


class _Spread:
    """Fragments by name, each measured once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._definitions = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size | None] = {}
        self.fragments = len(self._definitions)
        self.directives = sum(len(getattr(node, "directives", None) or ()) for node in document.definitions)
        for node in document.definitions:
            self._count(getattr(node, "selection_set", None))

    def _count(self, selections: SelectionSetNode | None) -> None:
        """The directives and the fragments of selections as they are written."""
        waiting = [selections] if selections else []
        while waiting:
            written = waiting.pop().selections
            if not written:
                # graphql-core reads `{ }`, which the language does not have.
                raise RequestError("not a valid graphql query: a selection is empty", "$.query")
            for node in written:
                self.directives += len(node.directives or ())
                self.fragments += not isinstance(node, FieldNode)
                inside: SelectionSetNode | None = getattr(node, "selection_set", None)
                if inside is not None:
                    waiting.append(inside)

    def size(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for node in selections.selections:
            size = size.beside(self._of(node))
        return size

    def _of(self, node: Node) -> _Size:
        match node:
            case FieldNode():
                inside = self.size(node.selection_set) if node.selection_set else _Size()
                meta = node.name.value in META
                depth = 0 if meta else inside.depth
                return _Size(depth + 1, inside.fields + 1, inside.aliases + (node.alias is not None), 1, meta)
            case InlineFragmentNode():
                return self.size(node.selection_set)
            case FragmentSpreadNode():
                return self._fragment(node.name.value)
            case _:
                return _Size()

    def _fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            # Nothing stands for one that is being measured: to be asked for it again is to go round.
            self._sizes[name] = None
            definition = self._definitions.get(name)
            self._sizes[name] = self.size(definition.selection_set) if definition else _Size()
        size = self._sizes[name]
        if size is None:
            raise RequestError(f'fragment "{name}" holds itself')
        return size


def nested(value: object, most: int) -> bool:
    """Whether lists and objects are in one another deeper than that."""
    level: list[object] = [value]
    for _ in range(most + 1):
        level = [inside for one in level for inside in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]
    elif isinstance(value, list):
        yield from value  # pyright: ignore[reportUnknownVariableType]
