"""A client that does little but wait: the same requests over so many connections, in a process of its own.

`python -m benchmarks.load` reads {url, connections, seconds, bodies} from its input, and prints requests a second and times.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from urllib.parse import urlsplit


@dataclass
class Load:
    """What came of it: requests a second, and milliseconds a request."""

    rate: float
    p50: float
    p99: float


def load(url: str, bodies: list[str], seconds: float, connections: int = 32) -> Load:
    """Ask for that long, in another process. Raises where an answer is not what it should be."""
    asked = json.dumps({"url": url, "connections": connections, "seconds": seconds, "bodies": bodies})
    command = [sys.executable, "-m", "benchmarks.load"]
    ran = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return Load(**json.loads(ran.stdout))


class _Connection(asyncio.Protocol):
    """HTTP/1.1, as much of it as answers with a content-length need."""

    def __init__(self, requests: cycle[bytes], times: list[float]) -> None:
        self.requests = requests
        self.times = times
        self.waiting = b""
        self.begun = 0.0
        self.asking = True
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))

    def ask(self) -> None:
        self.begun = perf_counter()
        self.transport.write(next(self.requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if b" 200 " not in head[:20] or b'"errors"' in body[:20]:
            self.done.set_exception(ValueError((head + body)[:500].decode()))
            return
        self.times.append(perf_counter() - self.begun)
        self.waiting = b""
        if self.asking:
            self.ask()
        elif not self.done.done():
            self.done.set_result(None)


async def _run(url: str, connections: int, seconds: float, bodies: list[str]) -> Load:
    address = urlsplit(url)
    head = f"POST {address.path} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n"
    requests = [f"{head}content-length: {len(body.encode())}\r\n\r\n{body}".encode() for body in bodies]
    times: list[float] = []
    loop = asyncio.get_running_loop()
    made: list[_Connection] = []
    for number in range(connections):
        own = cycle(requests[number % len(requests) :] + requests[: number % len(requests)])
        _, protocol = await loop.create_connection(
            lambda own=own: _Connection(own, times), address.hostname, address.port
        )
        made.append(protocol)
    # The first tenth warms up.
    await asyncio.sleep(seconds / 10)
    times.clear()
    began = perf_counter()
    await asyncio.sleep(seconds)
    count, spent = len(times), perf_counter() - began
    for connection in made:
        connection.asking = False
    await asyncio.gather(*(connection.done for connection in made))
    told = sorted(times[:count])
    return Load(count / spent, told[len(told) // 2] * 1000, told[int(len(told) * 0.99)] * 1000)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(vars(asyncio.run(_run(**given)))))
