"""Grouping: what a `together()` or one verb changes is told once, sent whole, or undone.

The space room. It knows what was changed as steps to undo and as changes to tell; what a change is, it does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from threading import RLock, get_ident
from typing import TYPE_CHECKING

from deeplinks.errors import BusyError, GroupTooLargeError, InvalidError
from deeplinks.space.changes import MOST_BYTES
from deeplinks.space.events import Change, Dispatcher, Signals
from deeplinks.space.netting import net
from deeplinks.space.values import same

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep
    from deeplinks.space.ledger import Ledger

# The fields of a Change that tells of the whole association; old and new are its type.
CREATED = "created"
DESTROYED = "destroyed"

_UNLOCKED = nullcontext()


class _Together:
    """What an open together() remembers: how to undo it, and what it changed."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], object]] = []
        self.changes: dict[str, dict[str, Change]] = {}
        # Whose states were asked for, and may be other ones since.
        self.touched: set[object] = set()

    def add(self, change: Change) -> None:
        """Keep the first old and the last new of a field; of what is destroyed, only that."""
        fields = self.changes.setdefault(change.id, {})
        if change.field == DESTROYED:
            made, gone = CREATED in fields, fields.get(DESTROYED)
            fields.clear()
            if gone is not None:
                # It was there before, went and came in between.
                fields[DESTROYED] = gone
            if made or gone is not None:
                return
        first = fields.get(change.field)
        old = change.old if first is None else first.old
        fields[change.field] = Change(change.id, change.field, old, change.new, change.origin)

    def net(self) -> tuple[Change, ...]:
        """What is different now."""
        told = (change for fields in self.changes.values() for change in fields.values())
        return tuple(one for one in told if one.field in (CREATED, DESTROYED) or not same(one.old, one.new))


class _Turn:
    """The turn of the event loop in which a together() is open: an `await` in it would let other tasks in."""

    def __init__(self) -> None:
        self.over = False
        self.task = _task()
        loop = asyncio.get_running_loop() if self.task else None
        self._end = loop.call_soon(self._ended) if loop else None

    def _ended(self) -> None:
        self.over = True

    def check(self) -> None:
        """Raises `InvalidError` where the loop had a turn in between."""
        if self.over:
            raise InvalidError(
                what="together()", why="there was an await in it, which lets other tasks in; await before it"
            )

    def close(self) -> None:
        """Ask the loop no more."""
        if self._end:
            self._end.cancel()


def _task() -> object:
    # Quicker than to be told by an exception that no loop runs here.
    return asyncio.current_task() if asyncio._get_running_loop() else None


class Grouping:
    """The groups of one space, one within the other, with the ledgers that note apart meanwhile."""

    def __init__(self, root: Deep) -> None:
        self.root = root
        self.ledgers: dict[str, Ledger] = {}
        # The one ledger, where there is one and no other.
        self.only: Ledger | None = None
        self.lock = RLock()
        # Whether anybody has a say in a change or hears of it: a storage, a group, an index, a listener.
        self.attended = False
        # Whether anything is looked up by data or by membership: until then nothing follows what changes.
        self.indexed = False
        # Whether each change is followed: by an index, or by the file of a storage.
        self.followed = False
        self.signals = Signals(self._attend)
        self.dispatcher = Dispatcher(self.signals)
        self._together: list[_Together] = []
        self._turn: _Turn | None = None
        self._grouping = 0
        # Whether a storage has a file that hears each change first.
        self.keeping = False

    @contextmanager
    def together(self) -> Generator[None]:
        """One thought: told once at the end, sent whole, undone if it raises.

        Raises `GroupTooLargeError` at its end, and is undone, if it is more than one request can carry; `InvalidError`,
        and is undone, if there was an `await` in it.
        """
        with self.lock:
            together = self._open()
            turn = self._turn = self._turn or _Turn()
            try:
                yield
                turn.check()
                self._check_weight()
                self._keep(whole=True)
            except BaseException:
                self._undo(together)
                raise
            self._close(together, whole=True)
        self._ring()
        self.dispatcher.release(net)

    @contextmanager
    def _undoable(self) -> Generator[None]:
        """What one verb changes: as together(), but what is more than one request can carry is cut, and not refused."""
        with self.lock:
            together = self._open()
            try:
                yield
                whole = self._weight() <= MOST_BYTES
                self._keep(whole=whole)
            except BaseException:
                self._undo(together)
                raise
            self._close(together, whole=whole)
        self._ring()
        self.dispatcher.release()

    @contextmanager
    def _kept(self) -> Generator[None]:
        """What one verb changes, where a storage has a file: that hears of it before it counts, and undoes it by refusing."""
        with self.lock:
            together = self._open()
            try:
                yield
                self._keep(whole=False)
            except BaseException:
                self._undo(together)
                raise
            self._close(together, whole=False)
        self.dispatcher.release()

    def _keep(self, *, whole: bool) -> None:
        """Tell the files what the outermost group changed; whatever one raises undoes it."""
        if self.keeping and len(self._together) == 1:
            for ledger in self.ledgers.values():
                ledger.tell_keeper(whole=whole)

    def _open(self) -> _Together:
        if self._turn and self._turn.task is not _task():
            raise BusyError(what="a change", why="the together() of another task is open, which must not await")
        together = _Together()
        self._together.append(together)
        self.attended = True
        self._grouping = get_ident()
        self.dispatcher.hold()
        for ledger in self.ledgers.values():
            ledger.open()
        return together

    def _attend(self) -> None:
        self.attended = True

    def _rest(self) -> None:
        """A group is over: nobody attends any more, unless somebody does."""
        if not self._heeded():
            self.attended = False
            # Whoever began to listen meanwhile, in another thread, is not overlooked.
            self.attended = self._heeded()

    def _heeded(self) -> bool:
        return bool(self.ledgers or self._together or self.indexed or self.signals.heard)

    def _weight(self) -> int:
        """How many bytes the outermost together() would send to the storage that it has most for."""
        if len(self._together) > 1 or not self.ledgers:
            return 0
        return max(ledger.weight() for ledger in self.ledgers.values())

    def _end_turn(self) -> None:
        if self._turn and not self._together:
            self._turn.close()
            self._turn = None

    def _check_weight(self) -> None:
        bytes = self._weight()
        if bytes > MOST_BYTES:
            raise GroupTooLargeError(bytes=bytes, limit=MOST_BYTES)

    def _undo(self, together: _Together) -> None:
        self._together.pop()
        self._rest()
        self._end_turn()
        for undo in reversed(together.undo):
            undo()
        for ledger in self.ledgers.values():
            ledger.drop()
        self.dispatcher.drop()

    def _close(self, together: _Together, *, whole: bool) -> None:
        self._together.pop()
        self._rest()
        self._end_turn()
        for ledger in self.ledgers.values():
            ledger.close(whole=whole)
        if self._together:
            outer = self._together[-1]
            outer.undo.extend(together.undo)
            for fields in together.changes.values():
                for change in fields.values():
                    outer.add(change)
        else:
            changes = together.net()
            if changes and self.signals.changed.receivers:
                self.dispatcher.queue(self.signals.changed, self.root, changes=changes)

    def _grouped(self) -> _Together | None:
        """The open together() of this thread; what others do meanwhile is not part of it."""
        return self._together[-1] if self._together and self._grouping == get_ident() else None

    @property
    def grouping(self) -> bool:
        """Whether a together() of this thread is open."""
        return self._grouped() is not None

    @property
    def steps(self) -> int:
        """How many steps the innermost together() has to undo."""
        return len(self._together[-1].undo)

    def journal(self, undo: Callable[..., object], *arguments: object) -> None:
        """Remember how to undo a step, where it may have to be."""
        together = self._grouped()
        if together:
            together.undo.append(partial(undo, *arguments))

    def first_touched(self, one: object) -> bool:
        """Whether a group is open, and this was not asked of one yet."""
        together = self._grouped()
        if together is None or one in together.touched:
            return False
        together.touched.add(one)
        return True

    def _locked(self) -> AbstractContextManager[object]:
        if not self.ledgers:
            return _UNLOCKED
        return self._kept() if self.keeping and not self._grouped() else self.lock

    def _ring(self) -> None:
        """Tell a synchronizer once that something waits for it, first: people's receivers can't keep it from hearing."""
        if not self.ledgers or self._grouped():
            return
        for ledger in tuple(self.ledgers.values()):
            if ledger.rings():
                self.dispatcher.tell_now(self.signals.waiting, self.root, storage=ledger.name)
