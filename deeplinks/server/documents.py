"""Documents seen before: parsed, validated and planned once, found again by their text.

The server. It keeps what was made of a document, a bounded number of them; it makes nothing itself.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from graphql import GraphQLError, parse
from graphql.language import DocumentNode

from deeplinks.dialect.plans import Plans
from deeplinks.server.limits import Limits
from deeplinks.server.measure import Measure, measured

KEPT = 256
# Documents that carry data in their text are not asked twice, and would fill the memory.
LONGEST = 32 * 1024


@dataclass(slots=True)
class Prepared:
    """A parsed document, its measure, its plans, and what validation found in it once that was asked."""

    document: DocumentNode
    measure: Measure
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

    def prepare(self, text: str, limits: Limits) -> Prepared:
        """Parse and measure a document within limits, and keep it where it is short.

        Raises `GraphQLError` where it is none, or larger, and `RequestError` as `measured` does.
        """
        most = limits.tokens
        document = parse(text, max_lexical_tokens=most, max_comments=most, max_source_length=limits.text)
        prepared = Prepared(document, measured(document), Plans(document))
        if len(text) <= LONGEST:
            self._prepared[text] = prepared
        if len(self._prepared) > KEPT:
            self._prepared.popitem(last=False)
        return prepared

    def __len__(self) -> int:
        return len(self._prepared)
