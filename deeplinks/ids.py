"""Ids: made here, cheap, unique over processes and forks.

The ground. Nothing of ours is imported but `errors`; no I/O but the system's random source.
"""

from __future__ import annotations

import os
import re
import secrets
import uuid
from collections.abc import Callable
from itertools import count

from deeplinks.errors import MalformedIdError, WrongTypeError

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch

# The name space of the well-known ids (RFC 9562, version 5): the same in every space and process.
_WELL_KNOWN = uuid.UUID("5d1f0a5e-3c0b-5e8a-9b7e-6f1d2c3b4a59")


def canonical(value: object) -> str:
    """The one spelling of an id: 36 characters, lower case.

    Takes text in any spelling that RFC 9562 allows, or a `uuid.UUID`.
    Raises `WrongTypeError` for another type, `MalformedIdError` for text that is no UUID.
    """
    if isinstance(value, str):
        if _CANONICAL(value):
            return value
        try:
            return str(uuid.UUID(value))
        except ValueError:
            raise MalformedIdError(value=value) from None
    if isinstance(value, uuid.UUID):
        return str(value)
    raise WrongTypeError(what="an id", expected="a str or a uuid.UUID", value=value)


def is_id(text: str) -> bool:
    """Whether a text is an id, in any spelling."""
    if _CANONICAL(text):
        return True
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def well_known(name: str) -> str:
    """The fixed id of a built-in."""
    return str(uuid.uuid5(_WELL_KNOWN, name))


def _session(random_bits: Callable[[int], int]) -> str:
    """74 random bits in the shape of a version 8 UUID, up to its last group (RFC 9562, 5.8)."""
    bits = random_bits(74)
    variant = 0x8000 | (bits & 0x3FFF)
    return f"{bits >> 42:08x}-{bits >> 26 & 0xFFFF:04x}-8{bits >> 14 & 0xFFF:03x}-{variant:04x}-"


# The last three digits of ids that are made many at once.
_TAILS = [f"{number:03x}" for number in range(0x1000)]


class Ids:
    """New ids: a random session, then a counter of 48 bits. Renewed after a fork."""

    __slots__ = ("__weakref__", "_next", "_prefix", "random_bits")

    def __init__(self, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        # From a seeded source the same ids come again, in the same order: after a change of it, `renew`.
        self.random_bits = random_bits
        self.renew()

    def renew(self) -> None:
        """Take a new session, as a forked child must."""
        self._prefix = _session(self.random_bits)
        self._next = count(1).__next__

    def __call__(self) -> str:
        return f"{self._prefix}{self._next():012x}"

    def many(self, count: int) -> list[str]:
        """That many at once, of a session of their own: quicker, and nobody else counts in it."""
        prefix = _session(self.random_bits)
        full, rest = divmod(count, len(_TAILS))
        heads = (f"{prefix}{head:09x}" for head in range(full))
        last = f"{prefix}{full:09x}"
        return [*(head + tail for head in heads for tail in _TAILS), *(last + tail for tail in _TAILS[:rest])]


new_id = Ids()
os.register_at_fork(after_in_child=new_id.renew)
