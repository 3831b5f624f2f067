"""What people hand over as a storage: a URL, or a storage; opened, and closed if it was opened here.

The sync room. It translates and decides nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from deeplinks.errors import SettingsError, WrongTypeError
from deeplinks.storage.protocol import Storage


def storage_of(storage: str | Storage, secret: str | None) -> Storage:
    """The storage behind a URL, or the storage itself. Raises `SettingsError` for a URL that is none."""
    if isinstance(storage, str):
        return _by_url(storage, secret)
    if not isinstance(storage, Storage):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise WrongTypeError(what="storage", expected="the URL of a GraphQL endpoint or a storage", value=storage)
    return storage


def _by_url(url: str, secret: str | None) -> Storage:
    if not url.startswith(("http://", "https://")):
        raise SettingsError(name="storage URL", why=f"{url!r} is not http://… or https://… of a GraphQL endpoint")
    try:
        from deeplinks.storage.graphql import GraphQLStorage
    except ImportError as error:
        raise ImportError("a GraphQL client is needed: pip install 'deeplinks[client]'") from error
    return GraphQLStorage(url, secret=secret)


@asynccontextmanager
async def opened(storage: str | Storage, secret: str | None) -> AsyncGenerator[Storage]:
    """The storage; at the end it is closed if it came as a URL."""
    source = storage_of(storage, secret)
    try:
        yield source
    finally:
        if isinstance(storage, str):
            await source.close()
