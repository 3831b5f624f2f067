"""Keys that are fetched: from a real HTTP server, again when they are old, and when a token names one that is new."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from deeplinks.dialect.refusal import RequestError
from deeplinks.server.access import Admission
from deeplinks.server.settings import Settings
from deeplinks.server.tasks import Tasks
from deeplinks.server.tokens import issuers, keys
from tests.server.signing import SECRET, by_hand, claims, ec_key, ed_key, rsa_key, signed
from tests.waiting import until


def rsa_entry(number: int, **more: object) -> dict[str, Any]:
    made = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(number).public_key(), as_dict=True)
    return {**made, "kid": f"rsa-{number}", "use": "sig", **more}


@dataclass
class KeyServer:
    """An HTTP server that publishes keys."""

    entries: list[Any] = field(default_factory=list[Any])
    cache_control: str = "max-age=3600"
    status: str = "200 OK"
    body: bytes | None = None
    asked: int = 0
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = self.body if self.body is not None else json.dumps({"keys": self.entries}).encode()
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(body)}\r\ncache-control: {self.cache_control}\r\n"
        writer.write(f"{head}connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    served = KeyServer([rsa_entry(0)])
    listening = await asyncio.start_server(served.answer, "127.0.0.1", 0)
    async with listening:
        served.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/keys.json"
        yield served


@asynccontextmanager
async def admitting(server: KeyServer) -> AsyncIterator[Admission]:
    text = json.dumps({"jwk_url": server.url})
    admission, tasks = Admission(Settings(admin_secret="s", issuers=issuers(text, "JWT"))), Tasks()
    await admission.begin(tasks)
    try:
        yield admission
    finally:
        await tasks.stop()


def role(admission: Admission, token: str) -> str:
    return admission.admit({"authorization": f"Bearer {token}"}).role


def admits(admission: Admission, token: str) -> bool:
    try:
        return role(admission, token) == "user"
    except RequestError:
        return False


def token(number: int = 0, **header: object) -> str:
    return signed(claims(), rsa_key(number), "RS256", **{"kid": f"rsa-{number}", **header})


async def test_a_token_of_a_published_key_comes_in(server: KeyServer) -> None:
    async with admitting(server) as admission:
        assert role(admission, token()) == "user"
    assert server.asked == 1


async def test_keys_of_all_kinds_are_understood(server: KeyServer) -> None:
    ec = jwt.algorithms.ECAlgorithm.to_jwk(ec_key("P-384").public_key(), as_dict=True)
    ed = jwt.algorithms.OKPAlgorithm.to_jwk(ed_key().public_key(), as_dict=True)
    server.entries = [rsa_entry(0, alg="RS256"), {**ec, "kid": "ec"}, {**ed, "kid": "ed"}]

    async with admitting(server) as admission:
        assert role(admission, token()) == "user"
        assert role(admission, signed(claims(), ec_key("P-384"), "ES384", kid="ec")) == "user"
        assert role(admission, signed(claims(), ed_key(), "EdDSA", kid="ed")) == "user"


async def test_a_token_without_the_id_of_its_key_comes_in_where_there_is_one_key(server: KeyServer) -> None:
    nameless = signed(claims(), rsa_key(), "RS256")

    async with admitting(server) as admission:
        assert role(admission, nameless) == "user"
    server.entries.append(rsa_entry(1))
    async with admitting(server) as admission:
        assert not admits(admission, nameless)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: token(1),
        lambda: token(1, kid="rsa-0"),
        lambda: token(0, kid="rsa"),
        lambda: token(0, kid="RSA-0"),
        lambda: by_hand({"alg": "HS256", "kid": "secret"}, claims()),
        lambda: by_hand({"alg": "HS256", "kid": "rsa-0"}, claims()),
        lambda: by_hand({"alg": "none", "kid": "rsa-0"}, claims()),
        lambda: signed(claims(), rsa_key(), "RS512", kid="only-256"),
        lambda: signed(claims(), rsa_key(), "RS256", kid="for-encryption"),
    ],
)
async def test_a_token_of_another_key_is_refused(server: KeyServer, forged: Any) -> None:
    server.entries += [
        {"kty": "oct", "kid": "secret", "k": keys.jwt.utils.base64url_encode(SECRET.encode()).decode()},
        rsa_entry(0, kid="only-256", alg="RS256"),
        rsa_entry(0, kid="for-encryption", use="enc"),
        {"kty": "XX", "kid": "unknown"},
        "nonsense",
    ]

    async with admitting(server) as admission:
        assert admits(admission, token())
        assert not admits(admission, forged())


async def test_a_new_key_is_fetched_when_a_token_names_it(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CURIOSITY", 0.0)
    async with admitting(server) as admission:
        server.entries = [rsa_entry(1)]

        await until(lambda: admits(admission, token(1)))

        assert not admits(admission, token(0))


async def test_keys_nobody_knows_are_not_asked_for_again_and_again(server: KeyServer) -> None:
    async with admitting(server) as admission:
        for _ in range(50):
            assert not admits(admission, token(1))
            await asyncio.sleep(0)

        assert server.asked == 1


async def test_old_keys_are_fetched_again_by_themselves(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "SHORTEST", 0.01)
    server.cache_control = "public, max-age=0"
    async with admitting(server) as admission:
        server.entries = [rsa_entry(1)]

        await until(lambda: admits(admission, token(1)))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=300", 300),
        ("public, MAX-AGE=300, s-maxage=60", 300),
        ("no-store", 1),
        ("no-cache, max-age=300", 1),
        ("max-age=0", 1),
        ("max-age=99999999999", 86_400),
        ("", 60),
        ("max-age=-1", 60),
    ],
)
def test_keys_last_as_long_as_their_server_says(header: str, seconds: float) -> None:
    assert keys.lasting(header) == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [("500 Error", b""), ("302 Found", b""), ("200 OK", b"not JSON"), ("200 OK", b"[]"), ("200 OK", b'{"keys": 1}')],
)
async def test_what_is_known_stays_where_keys_cant_be_fetched(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch, status: str, body: bytes
) -> None:
    monkeypatch.setattr(keys, "SHORTEST", 0.01)
    server.cache_control = "no-store"
    async with admitting(server) as admission:
        server.status, server.body = status, body
        asked = server.asked

        await until(lambda: server.asked > asked + 1)

        assert admits(admission, token())


async def test_a_server_without_its_keys_starts_and_finds_them_later(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SHORTEST", 0.01)
    server.status = "503 Service Unavailable"
    async with admitting(server) as admission:
        assert not admits(admission, token())
        server.status = "200 OK"

        await until(lambda: admits(admission, token()))
