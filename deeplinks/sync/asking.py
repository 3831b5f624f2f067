"""Asking: a query is answered by a storage, what is not here yet is loaded, and the answer is the associations it means.

The sync room. Patience and order only; what a query means to a storage is decided in `criteria`.
"""

from __future__ import annotations

from deeplinks.errors import InvalidError, OtherSpaceError
from deeplinks.space import Association, Deep
from deeplinks.space.query import Query
from deeplinks.storage.protocol import Answering, Storage
from deeplinks.sync.caller import Caller
from deeplinks.sync.criteria import DEEPEST, asked
from deeplinks.sync.replica import Replica


async def ask(deep: Deep, query: Query, storage: Storage, replica: Replica, caller: Caller) -> list[Association]:
    """The associations that the query means, of what the storage has. Raises `InvalidError` and the storage's errors."""
    check(deep, query)
    if not isinstance(storage, Answering):
        raise InvalidError(what="ask", why=f"{storage!r} answers no questions; load it, and ask with deep.query")
    question = asked(query)
    answer = await storage.answer(question.variables)
    if answer.longer:
        why = f"there are value chains of more than {DEEPEST} steps, which a storage does not follow for data"
        raise InvalidError(what="ask", why=f"{why}; load them, and ask with deep.query")
    await replica.take_unknown(answer.rows, caller)
    found = [one for id in answer.ids if (one := deep.get(id)) is not None]
    # By anything else than the order of creation things are sorted here, and then cut.
    return query._piece(query._order.sorted(found)) if query._order.keys else found


def check(deep: Deep, query: Query) -> None:
    """Raises `OtherSpaceError` for a query of another space."""
    if query._space is not deep.space:
        raise OtherSpaceError(association=repr(query), owner=repr(deep), field="ask")
