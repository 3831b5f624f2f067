"""Looking at a GraphQL endpoint as a synchronizer sees it: is it there, does it let one in, has it the tables, does it ring.

A face. It asks through the storage that synchronizers use; errors come as the storage tells them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from deeplinks.batch import Cursor
from deeplinks.doctor.findings import Cause, Finding, Grade, fine, trouble, warning
from deeplinks.errors import (
    AccessDeniedError,
    DeepError,
    ResyncError,
    RewoundError,
    SchemaMissingError,
    UnavailableError,
)
from deeplinks.ids import is_id
from deeplinks.space import Deep
from deeplinks.storage.graphql import GraphQLStorage
from deeplinks.sync.replica import Replica
from deeplinks.sync.storages import storage_of
from deeplinks.tables import RESERVED_SPACE

# Seconds. The first ring comes at once; a line that is cut is cut soon.
PATIENCE: Final = 5.0
STAYING: Final = 1.0
# A clock that is further off (seconds) than a network may be slow.
SKEW: Final = 30.0


async def look_at_endpoint(url: str, secret: str | None, space: Deep | str | None, name: str) -> AsyncIterator[Finding]:
    """One look after the other; those that need what is missing are left out."""
    try:
        storage = storage_of(url, secret)
    except (DeepError, ImportError) as error:
        like = "give the address of a GraphQL endpoint, as http://localhost:8080/v1/graphql"
        yield trouble(Cause.address, str(error), like)
        return
    assert isinstance(storage, GraphQLStorage)
    try:
        async for finding in _looks(storage, url, space, name):
            yield finding
    finally:
        await storage.close()


async def _looks(storage: GraphQLStorage, url: str, space: Deep | str | None, name: str) -> AsyncIterator[Finding]:
    id = space.id if isinstance(space, Deep) else space
    if id is not None and not is_id(id):
        what = f"{id!r} is no id of a space"
        yield trouble(Cause.space, what, "an id is a UUID: see `deep.id`, or the table deep.spaces")
        return
    entered = await _enter(storage, id)
    yield entered
    async for finding in _around(url):
        yield finding
    if entered.grade is not Grade.trouble:
        yield await _live(storage, id or RESERVED_SPACE)
        if isinstance(space, Deep):
            yield await _log(storage, space, name)


async def _enter(storage: GraphQLStorage, space: str | None) -> Finding:
    """The first reading, as it goes on entering."""
    where = storage.where
    try:
        page = await storage.read(Cursor.start(space or RESERVED_SPACE), 1)
    except UnavailableError as error:
        return await _unavailable(where, error)
    except AccessDeniedError as error:
        given = "set HASURA_GRAPHQL_ADMIN_SECRET to the server's, or give it as secret=... or --secret"
        return trouble(Cause.secret, str(error.facts.get("why")), given)
    except SchemaMissingError:
        what = f"{where} is there, and its database has no deeplinks tables, or older ones"
        return trouble(Cause.tables, what, "run `deeplinks migrate` on its database")
    except DeepError as error:
        what = f"{where} answers, and not as a GraphQL endpoint with our tables: {error.facts.get('why')}"
        return trouble(
            Cause.endpoint, what, "check the path: it is usually /v1/graphql; and that the server is deeplinks"
        )
    if space is not None and not page.rows:
        what = f"{where} knows no space {space}"
        return warning(Cause.space, what, "it comes to be with its first change; is it another server, or another id?")
    return fine(Cause.server, f"{where} answers and lets us in")


async def _unavailable(where: str, error: UnavailableError) -> Finding:
    """Nobody there, or somebody whose database is away."""
    answer = await _get(where, "/healthz")
    if answer is None:
        what = f"nobody answers at {where}: {error.facts.get('why')}"
        return trouble(Cause.server, what, "start it with `deeplinks serve`, or check host, port and firewall")
    why = answer.text.strip()[:200] or f"HTTP {answer.status_code}"
    what = f"{where} is there and can't serve: {why}"
    return trouble(
        Cause.database, what, "start its PostgreSQL, or check the server's DATABASE_URL; nothing is lost meanwhile"
    )


async def _around(url: str) -> AsyncIterator[Finding]:
    """What the server says of itself: its version, and what time it is there."""
    answer = await _get(url, "/v1/version")
    if answer is None:
        return
    yield _version(answer)
    clock = _clock(answer)
    if clock is not None:
        yield clock


async def _get(url: str, path: str) -> httpx.Response | None:
    """An answer to a plain request beside the endpoint; None where there is none."""
    address = str(httpx.URL(url).join(path))
    try:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            return await client.get(address)
    except httpx.HTTPError:
        return None


def _version(answer: httpx.Response) -> Finding:
    from deeplinks import __version__ as mine

    try:
        told = answer.json()
        theirs, kind = str(told["version"]), str(told.get("server_type", "another server"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return warning(
            Cause.version, "it does not say which version it is", "make sure that a deeplinks or Hasura server is there"
        )
    if kind != "deeplinks":
        what = f"it is {kind} {theirs}; this is deeplinks {mine}"
        return warning(Cause.version, what, "our migrations have to be applied to its database, and its tables tracked")
    if theirs != mine:
        what = f"it is deeplinks {theirs}, and this is {mine}"
        return warning(Cause.version, what, "install the same version on both sides")
    return fine(Cause.version, f"it is deeplinks {theirs}, as this is")


def _clock(answer: httpx.Response) -> Finding | None:
    """How far its clock is from ours, by the date of its answer."""
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return None
    skew = (theirs - datetime.now(UTC)).total_seconds()
    if abs(skew) <= SKEW:
        return fine(Cause.clock, "its clock and this one agree")
    way = "ahead of" if skew > 0 else "behind"
    what = f"its clock is {abs(skew):.0f} s {way} this one"
    return warning(
        Cause.clock,
        what,
        "set both by NTP; who wins is not decided by clocks, but created_at and updated_at will look odd",
    )


async def _live(storage: GraphQLStorage, space: str) -> Finding:
    """Whether a subscription is answered, and stays."""
    proxy = "let the proxy in between pass WebSockets (Upgrade and Connection headers, long timeouts)"
    slow = "until then what others write is seen every 15 s only"
    try:
        async with aclosing(storage.bells(space)) as bells:
            async with asyncio.timeout(PATIENCE):
                await anext(bells)
            try:
                async with asyncio.timeout(STAYING):
                    await anext(bells)
            except TimeoutError:
                pass
    except TimeoutError:
        return trouble(Cause.live, f"a subscription was not answered in {PATIENCE:g} s; {slow}", proxy)
    except DeepError as error:
        return trouble(Cause.live, f"subscriptions do not work: {error.facts.get('why')}; {slow}", proxy)
    return fine(Cause.live, "changes of others are told as they come")


async def _log(storage: GraphQLStorage, deep: Deep, name: str) -> Finding:
    """Whether the log can be read on from where the space is."""
    replica = deep.space.kept.get(name)
    if not isinstance(replica, Replica) or replica.cursor.snapshot:
        return fine(Cause.log, "this space has read nothing yet: it begins with all of it")
    itself = "it is read anew by itself on entering or loading, and signals.resynchronized says so"
    try:
        await storage.read(replica.cursor, 1)
    except RewoundError as error:
        again = f"{itself}; what was changed after the backup and is not in it has to be done again"
        return warning(Cause.log, f"the log was set back, as by a restored backup: {error.facts.get('why')}", again)
    except ResyncError as error:
        return warning(
            Cause.log, f"the log can't be continued from change {replica.cursor.n}: {error.facts.get('why')}", itself
        )
    except DeepError as error:
        return trouble(Cause.log, f"the log can't be read: {error}", "see the findings above")
    return fine(Cause.log, f"the log goes on from change {replica.cursor.n}")
