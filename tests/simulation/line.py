"""A line: what lies between one client and the server, and all that can happen to a request and its answer there.

The simulation. A transport of gql, under the storage that people use: every request of every verb has its own fate.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator

from gql.graphql_request import GraphQLRequest
from gql.transport import AsyncTransport
from gql.transport.exceptions import TransportConnectionFailed
from graphql import ExecutionResult

from deeplinks.storage.memory.documents import AnswerError
from tests.simulation.clock import VirtualLoop
from tests.simulation.faults import Fault, Swarm
from tests.simulation.server import Ear, Server, batch_of
from tests.simulation.trace import Trace

# Seconds: of a way as it should be, of one that takes long, and until an old copy of a request comes.
QUICK = (0.001, 0.02)
SLOW = 15.0
LATE = 60.0
# After so long a client gives up waiting for an answer.
PATIENCE = 10.0


class Line(AsyncTransport):
    """One client's way to the server."""

    def __init__(
        self, who: str, server: Server, swarm: Swarm, chance: random.Random, loop: VirtualLoop, trace: Trace
    ) -> None:
        self.who = who
        self.server = server
        self.swarm = swarm
        self.faulty = False
        self.dead = False
        self.cut_until = 0.0
        self._chance = chance
        self._loop = loop
        self._trace = trace
        self._ears: dict[Ear, None] = {}

    # what befalls it

    def cut(self, seconds: float) -> None:
        """Nothing gets through for a while."""
        self.cut_until = self._loop.now + seconds
        self.hang_up()

    def hang_up(self) -> None:
        """The bells are gone; whoever wants them has to ask again."""
        for ear in list(self._ears):
            ear.cut()

    def _has(self, fault: Fault) -> bool:
        return self.faulty and fault in self.swarm.faults

    def _befalls(self, fault: Fault) -> bool:
        return self._has(fault) and self._chance.random() < self.swarm.loss

    # a transport

    async def connect(self) -> None:
        """Nothing to connect: each request finds its way or does not."""

    async def close(self) -> None:
        """Nothing to close."""

    async def execute(self, request: GraphQLRequest) -> ExecutionResult:
        """A request goes, is answered, and the answer comes; or any of that fails."""
        epoch = self.server.epoch
        await self._go(Fault.drop, "request")
        if not self.server.up or epoch != self.server.epoch:
            raise self._lost("the server was down")
        result = self._served(request)
        if batch_of(request.variable_values or {}) and self._befalls(Fault.duplicate):
            self._loop.call_later(self._chance.uniform(0, LATE), self._late, request, self.server.memory)
        epoch = self.server.epoch
        await self._go(Fault.swallow, "answer")
        if epoch != self.server.epoch:
            raise self._lost("the server died")
        return result

    async def _go(self, loss: Fault, what: str) -> None:
        if self.dead:
            await asyncio.Event().wait()
        if self._loop.now < self.cut_until:
            await asyncio.sleep(self._chance.choice([0.01, 1.0]))
            raise self._lost(f"the {what} was cut off")
        if self._befalls(loss):
            await asyncio.sleep(self._chance.uniform(0, PATIENCE))
            raise self._lost(f"the {what} was lost")
        slow = self._befalls(Fault.delay)
        await asyncio.sleep(self._chance.uniform(0, SLOW) if slow else self._chance.uniform(*QUICK))
        if self.dead:
            await asyncio.Event().wait()

    def _served(self, request: GraphQLRequest) -> ExecutionResult:
        values = request.variable_values or {}
        try:
            result = ExecutionResult(data=self.server.answer(self.who, request.document, values))
        except AnswerError as error:
            result = ExecutionResult(data=None, errors=[error.answer])
        batch = batch_of(values)
        what = ("writes", batch["seq"]) if batch else ("reads", values.get("n", "-"))
        self._trace.note(self._loop.now, self.who, *what, "refused" if result.errors else "ok")
        return result

    def _late(self, request: GraphQLRequest, memory: object) -> None:
        """An old copy of a request comes, and nobody waits for its answer. None outlives the tables that it was for."""
        if self.server.up and self.server.memory is memory:
            self._trace.note(self._loop.now, self.who, "late copy")
            self._served(request)

    def _lost(self, why: str) -> TransportConnectionFailed:
        self._trace.note(self._loop.now, self.who, why)
        return TransportConnectionFailed(why)

    async def subscribe(self, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult]:
        """Bells: each may be lost or late, and the connection may end."""
        await self._go(Fault.drop, "subscription")
        if not self.server.up:
            raise self._lost("the server was down")
        ear = Ear((request.variable_values or {})["deep"])
        self._ears[ear] = self.server.ears[ear] = None
        ear.rung.set()
        try:
            while True:
                await self._heard(ear)
                n = self.server.newest(ear.space)
                yield ExecutionResult(data={"changes": [{"n": str(n), "tag": "0"}] if n else []})
        finally:
            self._ears.pop(ear, None)
            self.server.ears.pop(ear, None)

    async def _heard(self, ear: Ear) -> None:
        while True:
            await ear.rung.wait()
            ear.rung.clear()
            if ear.broken:
                raise self._lost("the bells are gone")
            if not self._befalls(Fault.bells):
                break
        await asyncio.sleep(self._chance.uniform(0, SLOW if self._befalls(Fault.delay) else 0.01))
