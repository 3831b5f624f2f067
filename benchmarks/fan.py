"""Many subscribers who do little but count: sockets in a process of their own, and one writer whose changes they wait for.

`python -m benchmarks.fan` reads {url, subscribers, changes, subscription, mutations} from its input, and prints what came of it.
"""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

TEXT, PING, PONG = 0x1, 0x9, 0xA


@dataclass
class Fan:
    """What came of it: messages a second, and milliseconds from the writer's sending to a subscriber's hearing."""

    rate: float
    p50: float
    p99: float


def fan(url: str, subscribers: int, subscription: dict[str, Any], mutations: list[dict[str, Any]]) -> Fan:
    """Have that many subscribe, and make these changes one after another, in another process."""
    asked = {"url": url, "subscribers": subscribers, "subscription": subscription, "mutations": mutations}
    command = [sys.executable, "-m", "benchmarks.fan"]
    ran = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return Fan(**json.loads(ran.stdout))


class _Subscriber(asyncio.Protocol):
    """A socket that speaks as much of `graphql-transport-ws` as is needed, and counts what it is told."""

    def __init__(self, host: str, path: str, subscription: dict[str, Any]) -> None:
        self.opening = (
            f"GET {path} HTTP/1.1\r\nhost: {host}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        ).encode()
        self.subscription = subscription
        self.waiting = b""
        self.open = False
        self.heard: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.opening)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        if not self.open:
            head, found, rest = self.waiting.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head, head
            self.open, self.waiting = True, rest
            self.say({"type": "connection_init"})
        while (frame := self.frame()) is not None:
            self.take(*frame)

    def frame(self) -> tuple[int, bytes] | None:
        """The next whole frame; a server's are not masked."""
        data = self.waiting
        if len(data) < 2:
            return None
        size, start = data[1] & 0x7F, 2
        if size == 126:
            size, start = struct.unpack("!H", data[2:4])[0] if len(data) >= 4 else 1 << 62, 4
        elif size == 127:
            size, start = struct.unpack("!Q", data[2:10])[0] if len(data) >= 10 else 1 << 62, 10
        if len(data) < start + size:
            return None
        self.waiting = data[start + size :]
        return data[0] & 0xF, data[start : start + size]

    def take(self, kind: int, payload: bytes) -> None:
        if kind == PING:
            self.send(PONG, payload)
        elif kind == TEXT and b'"connection_ack"' in payload[:40]:
            self.say({"type": "subscribe", "id": "1", "payload": self.subscription})
        elif kind == TEXT:
            assert b'"next"' in payload[:60], payload
            self.heard.append(perf_counter())

    def say(self, message: dict[str, Any]) -> None:
        self.send(TEXT, json.dumps(message).encode())

    def send(self, kind: int, payload: bytes) -> None:
        # Masked by zeros, which leave it as it is.
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        self.transport.write(bytes([0x80 | kind]) + size + bytes(4) + payload)  # type: ignore[attr-defined]


async def _post(url: str, body: dict[str, Any]) -> None:
    address, text = urlsplit(url), json.dumps(body).encode()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST {address.path} HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}connection: close\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
    answer = await reader.read()
    assert b'"errors"' not in answer, answer
    writer.close()


async def _all(subscribers: list[_Subscriber], count: int) -> None:
    async with asyncio.timeout(120):
        while any(len(one.heard) < count for one in subscribers):
            await asyncio.sleep(0.001)


async def _run(url: str, subscribers: int, subscription: dict[str, Any], mutations: list[dict[str, Any]]) -> Fan:
    address, loop, made = urlsplit(url), asyncio.get_running_loop(), list[_Subscriber]()
    for _ in range(subscribers):
        _, one = await loop.create_connection(
            lambda: _Subscriber(address.netloc, address.path, subscription), address.hostname, address.port
        )
        made.append(one)
    await _all(made, 1)
    delays: list[float] = []
    spent = 0.0
    for number, mutation in enumerate(mutations, 2):
        began = perf_counter()
        await asyncio.gather(_post(url, mutation), _all(made, number))
        last = [one.heard[number - 1] - began for one in made]
        delays += last
        spent += max(last)
    told = sorted(delays)
    return Fan(len(told) / spent, told[len(told) // 2] * 1000, told[int(len(told) * 0.99)] * 1000)


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(_run(**json.load(sys.stdin))))))
