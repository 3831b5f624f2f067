"""Rows by their keys: what is asked in one turn of the loop, or while an answer is under way, is asked as one statement.

The server. Requests are one only where all is the same but the key, the session's values among it. It opens no connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import psycopg

from deeplinks.dialect.sql import Bound, Keyed, Parameter, Step
from deeplinks.server.within import Within

NULL: Final = b"null"
# Keys of one statement, at most.
MOST: Final = 256
# Turns of the loop for which more keys are waited for, at most.
TURNS: Final = 4
# As PostgreSQL writes them: another spelling would not be found among the answers.
_canonical = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch

Alone: TypeAlias = "Callable[[Bound, Within], Awaitable[list[bytes]]]"
Many: TypeAlias = "Callable[[Step, Within], Awaitable[list[list[bytes]]]]"
Kind: TypeAlias = "tuple[str, tuple[Parameter, ...], Within]"
Answer: TypeAlias = "asyncio.Future[list[bytes]]"


class _Group:
    """Requests of one kind that wait for the next statement, by their keys."""

    def __init__(self, first: Bound, keyed: Keyed) -> None:
        self.first = first
        self.keyed = keyed
        self.waiting: dict[str, list[tuple[Bound, Answer]]] = {}

    def add(self, key: str, field: Bound) -> Answer:
        answer: Answer = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(key, []).append((field, answer))
        return answer

    @property
    def asked(self) -> list[tuple[Bound, Answer]]:
        return [one for listed in self.waiting.values() for one in listed if not one[1].done()]

    def step(self, keys: list[str]) -> Step:
        """The statement for these keys."""
        parameters = list(self.first.chains[0][0].parameters)
        parameters[self.keyed.place] = keys
        return Step(self.keyed.text, tuple(parameters))

    def settle(self, keys: list[str], rows: list[list[bytes]]) -> None:
        """Give each its row, or null."""
        found = {key.decode(): text for key, text in rows}
        for key in keys:
            for _, answer in self.waiting[key]:
                if not answer.done():
                    answer.set_result([found.get(key) or NULL])


class Gathering:
    """`alone` asks for one field, `many` for the rows of a statement over many keys."""

    def __init__(self, alone: Alone, many: Many) -> None:
        self._alone = alone
        self._many = many
        self._groups: dict[Kind, _Group] = {}
        self._running: dict[Kind, asyncio.Task[None]] = {}

    async def ask(self, field: Bound, within: Within) -> list[bytes]:
        """The field's answer. Raises what asking raises."""
        keyed = field.keyed
        if keyed is None:
            return await self._alone(field, within)
        parameters = field.chains[0][0].parameters
        key, others = parameters[keyed.place], parameters[: keyed.place] + parameters[keyed.place + 1 :]
        if not isinstance(key, str) or not _canonical(key) or any(isinstance(one, list) for one in others):
            return await self._alone(field, within)
        return await self._join((keyed.text, others, within), keyed, key, field)

    def _join(self, kind: Kind, keyed: Keyed, key: str, field: Bound) -> Answer:
        group = self._groups.get(kind)
        if group is None:
            group = self._groups[kind] = _Group(field, keyed)
        if kind not in self._running:
            self._running[kind] = asyncio.create_task(self._run(kind), name="deeplinks keys")
        return group.add(key, field)

    async def _run(self, kind: Kind) -> None:
        """Ask for what waits, until nothing does: a task begins after the turn of the loop in which it was made."""
        try:
            while (group := self._groups.get(kind)) is not None:
                await _filled(group)
                del self._groups[kind]
                await self._answer(group, kind[2])
        finally:
            del self._running[kind]

    async def _answer(self, group: _Group, within: Within) -> None:
        try:
            if len(group.asked) == 1:
                await self._one_by_one(group, within)
            else:
                await self._together(group, within)
        except psycopg.Error:
            # Whatever it was, it need not be everybody's.
            await self._one_by_one(group, within)
        finally:
            for _, answer in group.asked:
                answer.cancel()

    async def _together(self, group: _Group, within: Within) -> None:
        keys = list(group.waiting)
        for start in range(0, len(keys), MOST):
            some = keys[start : start + MOST]
            group.settle(some, await self._many(group.step(some), within))

    async def _one_by_one(self, group: _Group, within: Within) -> None:
        for field, answer in group.asked:
            try:
                found = await self._alone(field, within)
            except Exception as error:  # noqa: BLE001  raised where it is waited for
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(found)


async def _filled(group: _Group) -> None:
    """Wait as long as each turn of the loop brings more of them, and not for long."""
    for _ in range(TURNS):
        before = len(group.waiting)
        await asyncio.sleep(0)
        if len(group.waiting) == before:
            return
