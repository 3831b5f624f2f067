"""Documents seen before: parsed, validated and planned once, found again by their text.

The server. It keeps what was made of a document, a bounded number of them; it makes nothing itself.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from graphql import GraphQLError
from graphql.language import DocumentNode

from deeplinks.dialect.plans import Plans

KEPT = 256
# Documents that carry data in their text are not asked twice, and would fill the memory.
LONGEST = 32 * 1024


@dataclass(slots=True)
class Prepared:
    """A parsed document, its plans, and what validation found in it once that was asked."""

    document: DocumentNode
    plans: Plans
    errors: list[GraphQLError] | None = None


class Documents:
    """Prepared documents by text; the least used go first.

    Strawberry's own caches find a document by a hash over all of its nodes, made anew for every request.
    """

    def __init__(self) -> None:
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()

    def find(self, text: str) -> Prepared | None:
        """What was prepared for this text."""
        prepared = self._prepared.get(text)
        if prepared is not None:
            self._prepared.move_to_end(text)
        return prepared

    def keep(self, text: str, document: DocumentNode) -> Prepared:
        """Prepare a parsed document, and keep it where it is short."""
        prepared = Prepared(document, Plans(document))
        if len(text) <= LONGEST:
            self._prepared[text] = prepared
        if len(self._prepared) > KEPT:
            self._prepared.popitem(last=False)
        return prepared

    def __len__(self) -> int:
        return len(self._prepared)
