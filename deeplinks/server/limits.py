"""How much one request may be and ask for: bytes, tokens, depth, fields, rows, time; a role's own, or the ones by default.

The server. Limits are values; what a request comes to is measured elsewhere, and held against them where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deeplinks.dialect.session import ADMIN

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a role; as they stand here, those of roles that nothing is said of.

    `body` is in bytes, `text` in characters of a document; `tokens` to `fragments` are of a document, `nesting` of its
    variables, `batch` of requests sent together, `subscriptions` of operations at the same time on one socket, `rows` of one list, `cost` of the rows that a query may come to, `seconds`
    of a statement in the database. None is no limit.
    """

    body: int = MEGABYTE
    text: int = 64 * 1024
    tokens: int = 4_000
    operations: int = 20
    depth: int = 10
    fields: int = 500
    aliases: int = 30
    roots: int = 50
    variables: int = 100
    directives: int = 50
    fragments: int = 50
    nesting: int | None = 50
    batch: int = 10
    subscriptions: int = 100
    rows: int | None = 10_000
    cost: int | None = 1_000_000
    seconds: float | None = 5.0
    introspection: bool = False


OTHERS: Final = Limits()
# Who is nobody in particular: a page with a few lists.
ANONYMOUS: Final = Limits(
    body=64 * 1024,
    text=16 * 1024,
    tokens=2_000,
    depth=8,
    fields=300,
    aliases=10,
    roots=10,
    batch=3,
    subscriptions=10,
    rows=1_000,
    cost=100_000,
)
# A together() of 32 MB, by estimate, and what goes around it; a document that carries data in its text.
ADMINS: Final = Limits(
    body=40 * MEGABYTE,
    text=40 * MEGABYTE,
    tokens=4_000_000,
    operations=1_000,
    depth=50,
    fields=20_000,
    aliases=10_000,
    roots=5_000,
    variables=5_000,
    directives=1_000,
    fragments=200,
    nesting=None,
    batch=1_000,
    subscriptions=1_000,
    rows=None,
    cost=None,
    seconds=None,
    introspection=True,
)


def limits_of(role: str, own: Mapping[str, Limits], anonymous: str | None = None) -> Limits:
    """The limits of a role: its own where it has some. `anonymous` is the role of those who say nothing of themselves."""
    if role in own:
        return own[role]
    if role == ADMIN:
        return ADMINS
    return ANONYMOUS if role == anonymous else OTHERS
