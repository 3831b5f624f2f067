"""Fail the k-th: a scenario is run once to count its points, then once for each of them, failing just that one.

The simulation. Points are requests on their way there and back, and steps of any task of the loop. What is done to one: the
network fails (`exception`), or the task that has come to it is cancelled (`cancel`). Afterwards everybody opens the space
again with nothing failing, and every promise has to be kept.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from gql.graphql_request import GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed
from graphql import ExecutionResult

from deeplinks import Deep, GraphQLStorage, load, synchronize
from deeplinks.errors import DeepError
from deeplinks.sync.replica import replica_of
from tests.simulation.checks import check_all
from tests.simulation.clock import VirtualLoop, run_on
from tests.simulation.faults import Swarm
from tests.simulation.journal import NAME, Journal, state
from tests.simulation.line import Line
from tests.simulation.seams import seeded, stream
from tests.simulation.server import Server
from tests.simulation.trace import Trace

# Virtual seconds in which a scenario is over, whatever fails.
PATIENCE = 600.0


class Failing(StrEnum):
    """What fails at a point."""

    nothing = "nothing"
    exception = "exception"
    cancel = "cancel"


class Points:
    """Counts the points that are passed, and says when the k-th is."""

    def __init__(self, failing: Failing, k: int) -> None:
        self.failing = failing
        self.requests = 0
        self.steps = 0
        self.open = True
        self._k = k

    def request(self) -> bool:
        """A request passes a point; whether it fails there."""
        self.requests += self.open
        return self.open and self.failing is Failing.exception and self.requests == self._k

    def step(self) -> bool:
        """A task takes a step; whether it is cancelled."""
        self.steps += self.open
        return self.open and self.failing is Failing.cancel and self.steps == self._k


class FailingLine(Line):
    """A line that is as it should be, but for one point."""

    def __init__(self, who: str, world: World) -> None:
        quiet = Swarm(frozenset(), frozenset(), clients=2, steps=0, pause=0.0, loss=0.0)
        super().__init__(who, world.server, quiet, world.chance, world.loop, world.trace)
        self._points = world.points

    async def execute(self, request: GraphQLRequest) -> ExecutionResult:
        self._pass("request")
        result = await super().execute(request)
        self._pass("answer")
        return result

    def _pass(self, what: str) -> None:
        if self._points.request():
            raise TransportConnectionFailed(f"the {what} was lost")


class Side:
    """One who has a copy of the space."""

    def __init__(self, who: str, world: World, deep: Deep) -> None:
        self.who = who
        self.deep = deep
        self.line = FailingLine(who, world)
        self.storage = GraphQLStorage(transport=self.line)
        self.journal = Journal(who, world.server, deep)

    def do(self, step: Callable[[Deep], object]) -> None:
        """Change something, and note what was accepted."""
        before = state(self.deep)
        try:
            step(self.deep)
        finally:
            self.journal.note(before, state(self.deep))

    @property
    def settled(self) -> bool:
        replica = replica_of(self.deep, NAME)
        newest = self.line.server.newest(self.deep.id)
        return not (len(replica.outbox) or replica.outbox.unread()) and replica.cursor.n == newest


class World:
    """A server, and those who have copies."""

    def __init__(self, loop: VirtualLoop, points: Points) -> None:
        self.loop = loop
        self.points = points
        self.trace = Trace()
        self.chance: random.Random = stream(1, "kth")
        self.server = Server(loop, self.chance, self.trace)
        self.sides: list[Side] = []

    def first(self) -> Side:
        """The one who makes the space."""
        return self._side(Deep())

    async def another(self) -> Side:
        """One who loads it."""
        storage = GraphQLStorage(transport=FailingLine("loader", self))
        return self._side(await load(storage, space=self.sides[0].deep.id))

    def _side(self, deep: Deep) -> Side:
        side = Side(f"side {len(self.sides)}", self, deep)
        self.sides.append(side)
        return side


Scenario: TypeAlias = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Ran:
    """How many points there were, and what is wrong, if anything is."""

    requests: int
    steps: int
    failure: str


def run_failing(scenario: Scenario, failing: Failing = Failing.nothing, k: int = 0) -> Ran:
    """Run a scenario and fail the k-th point of it."""
    loop, points = VirtualLoop(), Points(failing, k)
    loop.set_task_factory(_counting(points))
    with seeded(1, loop):
        try:
            run_on(loop, _through(World(loop, points), scenario))
            failure = ""
        except Exception as error:  # noqa: BLE001  told with its point, whatever it is
            failure = f"{type(error).__name__}: {error}"
    return Ran(points.requests, points.steps, failure or "; ".join(loop.failures))


async def _through(world: World, scenario: Scenario) -> None:
    async with asyncio.timeout(PATIENCE):
        task = asyncio.ensure_future(scenario(world))
        await asyncio.wait((task,))
    world.points.open = False
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, DeepError):
        raise error
    if world.sides:
        await _afterwards(world)


async def _afterwards(world: World) -> None:
    """Nothing fails any more: all that was accepted is committed, and everybody has it."""
    async with asyncio.timeout(PATIENCE):
        for side in world.sides:
            async with synchronize(side.deep, side.storage) as database:
                await database.flush()
        while not all(side.settled for side in world.sides):
            for side in world.sides:
                await load(side.storage, into=side.deep)
    for side in world.sides:
        side.journal.check_committed(side.journal.last)
    check_all(world.sides, world.server.rules, world.sides[0].deep.id, world.server.commits)


# counting steps


class _Steps(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are counted, and whose task is cancelled at one of them."""

    def __init__(self, inner: Coroutine[Any, Any, Any], points: Points) -> None:
        self._inner = inner
        self._points = points

    def send(self, value: Any) -> Any:
        if self._points.step():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


def _counting(points: Points) -> Callable[..., asyncio.Task[Any]]:
    def made(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        own = getattr(coroutine, "__name__", "") in ("_through", "_afterwards")
        return asyncio.Task(coroutine if own else _Steps(coroutine, points), loop=loop, **more)

    return made
