"""Promising: how far associations are with their storages, and the promises that wait for it.

The space room. Who writes is told to it as a function; it waits for them and never writes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.errors import InvalidError, WrongTypeError, described
from deeplinks.space.association import Association
from deeplinks.space.ledger import SyncState
from deeplinks.space.promises import Chain, Operation, Promise
from deeplinks.space.register import Register

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep

Writer: TypeAlias = "Callable[[Association], Awaitable[object]]"


class Promising(Register):
    """The operations that were assigned to associations, and who writes for whom."""

    def __init__(self, root: Deep, id: str) -> None:
        super().__init__(root, id)
        # Who writes now, by storage name: waits until what was accepted of an association is written.
        self.writers: dict[str, Writer] = {}
        self._chains: dict[Association, Chain] = {}

    def sync_states(self, association: Association) -> dict[str, SyncState]:
        """How far it is with each storage that has to do with it."""
        states = {name: ledger.state(association) for name, ledger in self.ledgers.items()}
        return {name: state for name, state in states.items() if state is not None}

    def promise_of(self, association: Association) -> Promise:
        """What is still to be done of an association."""
        chain = self._chains.get(association)
        unwritten = partial(self._unwritten, association)
        return Promise(chain, lambda: bool(unwritten()), partial(self._write_all, association, unwritten))

    def promise_also(self, association: Association, operation: Operation | Promise) -> None:
        """Have an operation run after those of this association before it. Raises `WrongTypeError`."""
        if isinstance(operation, Association):
            raise WrongTypeError(what=f"promise of {described(association)}", expected="an awaitable", value=operation)
        chain = self._chains.get(association) or Chain(str(association))
        if isinstance(operation, Promise) and operation.chain in (chain, None):
            # Its own promise again, or one with nothing to run.
            return
        chain.add(operation)
        self._chains[association] = chain

    def forget_promise(self, association: Association) -> None:
        """Start clean: what was assigned is waited for no more."""
        chain = self._chains.pop(association, None)
        if chain is not None:
            chain.drop()

    def _unwritten(self, association: Association) -> list[str]:
        return [name for name, state in self.sync_states(association).items() if state is not SyncState.stored]

    async def _write_all(self, association: Association, unwritten: Callable[[], list[str]]) -> None:
        for name in unwritten():
            writer = self.writers.get(name)
            if writer is None:
                why = f"nobody writes to {name!r} now; enter synchronize(deep, …, name={name!r}) first"
                raise InvalidError(what=f"promise of {described(association)}", why=why)
            await writer(association)
