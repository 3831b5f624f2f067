"""The errors: one tree with stable codes, the same in Python and in GraphQL `extensions.code`.

The ground. It imports nothing of ours. The first paragraph of a class's docstring is its message.

    DeepError
    ├── InvalidError (ValueError)        bad input, nothing changed
    │   ├── WrongTypeError (TypeError)
    │   ├── MalformedIdError
    │   ├── UnstorableError
    │   ├── OtherSpaceError
    │   ├── BuiltInError
    │   ├── GroupTooLargeError
    │   ├── BusyError
    │   ├── NoDataError
    │   ├── ReadOnlyDataError (TypeError)
    │   └── NoCollectionError (TypeError)
    │       └── OtherCollectionError
    ├── NotFoundError (LookupError)
    │   ├── UnknownIdError (KeyError)
    │   ├── UnknownNameError (KeyError)
    │   ├── NoKeyError (KeyError)
    │   ├── NoPlaceError (IndexError)
    │   ├── NotAMemberError (ValueError, KeyError)
    │   ├── DestroyedError
    │   └── ResourceMissingError
    ├── FunctionNotTrustedError
    ├── SignalLoopError
    ├── StorageError                     what lies behind a storage said no, or nothing
    │   ├── UnavailableError (ConnectionError)    may pass: a retry helps
    │   ├── AccessDeniedError (PermissionError)
    │   ├── SchemaMissingError
    │   ├── MigrationError
    │   ├── QueryError
    │   ├── StoppedError
    │   ├── OvertakenError
    │   ├── RefusedError
    │   │   └── StaleError
    │   ├── ResyncError
    │   │   └── RewoundError
    │   ├── UnknownSpaceError
    │   └── LocalFileError
    │       ├── FileInUseError
    │       └── CorruptFileError
    ├── OutboxFullError
    ├── FlushTimeoutError (TimeoutError)
    └── SettingsError
        └── PermissionsError
"""

from __future__ import annotations

from inspect import cleandoc
from os import getpid
from typing import ClassVar, Final, Protocol, runtime_checkable

# SQLSTATE classes, and one state, after which the same request may succeed: connection, rollback, resources, an operator;
# a lock (PostgreSQL manual, appendix A).
TRANSIENT_STATES: Final = ("08", "40", "53", "57", "55P03")


@runtime_checkable
class Described(Protocol):
    """What errors call by more than its text, as an association by its name and its short id."""

    def described(self) -> str:
        """A few words, never an error."""
        ...


def described(value: object) -> str:
    """A value as an error calls it."""
    return value.described() if isinstance(value, Described) else str(value)


class DeepError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "unexpected"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """What, which and what next, in one line."""
        template = " ".join(cleandoc(type(self).__doc__ or "").split("\n\n")[0].split())
        text = template.format_map(_Shown(self.facts))
        if "field" in self.facts and "{field" not in template:
            owner = self.facts.get("owner", self.facts.get("association"))
            text += " It was given as {field} of {owner}.".format_map(_Shown({**self.facts, "owner": owner}))
        return text

    def __str__(self) -> str:
        return self.message


class _Shown(dict[str, object]):
    """Facts as a message shows them: bounded, and a missing one is a dash."""

    def __init__(self, facts: dict[str, object]) -> None:
        super().__init__({name: _bounded(value) for name, value in facts.items()})

    def __missing__(self, key: str) -> str:
        return "-"


def _bounded(value: object) -> object:
    if isinstance(value, int | float):
        return value
    text = described(value)
    return text if len(text) <= 2000 else f"{text[:2000]}…"


class InvalidError(DeepError, ValueError):
    """{what} is not valid: {why}."""

    code = "validation-failed"


class WrongTypeError(InvalidError, TypeError):
    """{what} takes {expected}, not {value}."""

    code = "wrong-type"

    def __init__(self, *, what: str, expected: str, value: object) -> None:
        super().__init__(what=what, expected=expected, value=_named(value))


def shown(value: object) -> str:
    """A value as an error quotes it."""
    return repr(value)[:200]


def _named(value: object) -> str:
    return f"{type(value).__name__} {value!r}"[:200]


class MalformedIdError(InvalidError):
    """{value!r} is not an id: an id is a UUID."""

    code = "malformed-id"


class UnstorableError(InvalidError):
    """{value} can't be data of {association}: {why}."""

    code = "unstorable"


class OtherSpaceError(InvalidError):
    """{association} belongs to another space than {owner}.{field}: take this space's own, deep[id], or copy it."""

    code = "other-space"


class BuiltInError(InvalidError):
    """{association} is built in: it can't be {action}."""

    code = "built-in"


class GroupTooLargeError(InvalidError):
    """together() holds {bytes} bytes and the most that is sent whole is {limit}: make it smaller."""

    code = "group-too-large"


class BusyError(InvalidError):
    """{what} can't be done just now: {why}."""

    code = "busy"


class NoDataError(InvalidError):
    """{association} can't hold {value} as data: its type is {type}. Make it an instance of a type that holds data, as
    deep.String or deep.Object, or give it one as its value.
    """

    code = "no-data"

    def __init__(self, *, association: object, type: object, value: object) -> None:
        super().__init__(association=association, type=type, value=shown(value))


class ReadOnlyDataError(InvalidError, TypeError):
    """What was read of an association's data can't be changed in place, for nobody would hear of it: set it through the
    association, as in object["key"] = value or object.data = {{...}}.
    """

    code = "read-only-data"


class NoCollectionError(InvalidError, TypeError):
    """{association} has no members, as there is no collection at the end of the value chain: make it a deep.Set(), or
    give it one as its value.
    """

    code = "no-collection"


class OtherCollectionError(NoCollectionError):
    """{association} is {kind} and knows no {verb}, which is for {kinds}."""

    code = "other-collection"


class NotFoundError(DeepError, LookupError):
    """There is no {what} {name}."""

    code = "not-found"


class UnknownIdError(NotFoundError, KeyError):
    """There is no association {id} in this space; deep.get(id) gives None instead."""

    code = "unknown-id"

    __str__ = DeepError.__str__


class UnknownNameError(NotFoundError, KeyError):
    """There is nothing called {name!r} in {association}: see its .children, or give the name first."""

    code = "unknown-name"

    __str__ = DeepError.__str__


class NoKeyError(NotFoundError, KeyError):
    """There is no key {key!r} in {association}; .get(key) gives None instead."""

    code = "no-key"

    __str__ = DeepError.__str__


class NoPlaceError(NotFoundError, IndexError):
    """There is no place {place} in {association}, which has {size} members."""

    code = "no-place"


class NotAMemberError(NotFoundError, ValueError, KeyError):
    """{value!r} is no member of {association}."""

    code = "not-a-member"

    __str__ = DeepError.__str__


class DestroyedError(NotFoundError):
    """{association} is destroyed: its id is never used again; make a new one, or copy it."""

    code = "destroyed"


class ResourceMissingError(NotFoundError):
    """The file {name} is not beside the package: the installation is not whole; install deeplinks again."""

    code = "resource-missing"


class FunctionNotTrustedError(DeepError):
    """{association} came from a storage as source text and is never run by itself: read its .data.source,
    and run it yourself if you trust it.
    """

    code = "function-not-trusted"


class SignalLoopError(DeepError):
    """Receivers keep changing what they listen to, {generations} generations deep: {receivers}."""

    code = "signal-loop"


class StorageError(DeepError):
    """The storage {storage} failed: {why}."""

    code = "storage-error"


class UnavailableError(StorageError, ConnectionError):
    """{storage} can't be reached: {why}."""

    code = "unavailable"


class AccessDeniedError(StorageError, PermissionError):
    """{storage} refused access: {why}. Check the secret."""

    code = "access-denied"


class SchemaMissingError(StorageError):
    """{storage} has no deeplinks tables, or older ones ({why}): run `deeplinks migrate` on it."""

    code = "schema-missing"


class MigrationError(StorageError):
    """Migration {migration} of {storage} failed: {why}."""

    code = "migration-failed"


class QueryError(StorageError):
    """{storage} did not accept the request at {path}: {why} ({reason})."""

    code = "query-failed"


class StoppedError(StorageError):
    """{storage} did not take batch {seq}, and no row of it is at fault: {why} ({reason}). All that waits is kept, and nothing
    after it was sent: mend the cause and enter again.
    """

    code = "stopped"


class OvertakenError(StorageError):
    """Batch {seq} of {storage} is not applied: batch {applied}, which it withdraws, took effect after all."""

    code = "overtaken"


class RefusedError(StorageError):
    """{storage} refused {what} for good: {why} ({reason}). It was set aside and everything else is written: see
    .refused, mend the cause and retry(), or discard().
    """

    code = "refused"


class StaleError(RefusedError):
    """{association} was expected at change {expected}, and somebody else changed it since, at change {actual}: {told}. Nothing of
    it was written: look at what it is now, then change it again.
    """

    code = "stale"

    @property
    def expected(self) -> int:
        """The change at which it was seen."""
        return int(str(self.facts.get("expected", 0)))

    @property
    def actual(self) -> int:
        """The change that somebody else made since."""
        return int(str(self.facts.get("actual", 0)))

    @property
    def mine(self) -> object:
        """What it was to be; None where nothing was changed yet."""
        return self.facts.get("mine")

    @property
    def theirs(self) -> object:
        """What somebody else made of it."""
        return self.facts.get("theirs")


class ResyncError(StorageError):
    """The cursor of space {space} at {n} can't be continued: {why}. Its reader starts anew."""

    code = "resync"


class RewoundError(ResyncError):
    """The log of space {space} was set back below {n}, as by a restored backup: {why}. Its reader starts anew."""

    code = "rewound"


class UnknownSpaceError(StorageError):
    """{storage} has never heard of space {space}, which was stored before: is it the right address? Nothing was changed. To
    store all of it there, call deep.forget_storage with the storage's name, and mark it again.
    """

    code = "unknown-space"


class LocalFileError(StorageError):
    """The file {file} can't be used: {why}."""

    code = "local-file"


class FileInUseError(LocalFileError):
    """The file {file} is in use by {whom} since {since}: one at a time has it; {next}, or use another file."""

    code = "file-in-use"

    def __init__(self, *, file: object, pid: object, since: object) -> None:
        own = pid == getpid()
        whom, next = (f"this process {pid}", "close it there") if own else (f"process {pid}", "end that one")
        super().__init__(file=file, pid=pid, since=since, whom=whom, next=next)


class CorruptFileError(LocalFileError):
    """The file {file} is damaged at {record}: {why}. Nothing of it was used or changed; put a copy of it aside, and
    start with another file.
    """

    code = "file-corrupt"


class OutboxFullError(DeepError):
    """{file} takes no more: {why}. Nothing was changed; what waits is kept, and is sent when the storage can be reached."""

    code = "outbox-full"


class FlushTimeoutError(DeepError, TimeoutError):
    """Not everything was written in {seconds} s: {pending} changes wait, nothing is discarded ({why})."""

    code = "flush-timeout"

    @property
    def pending(self) -> int:
        """How many associations wait with their changes."""
        pending = self.facts.get("pending")
        return pending if isinstance(pending, int) else 0


class SettingsError(DeepError, ValueError):
    """The setting {name} is not usable: {why}."""

    code = "invalid-configuration"


class PermissionsError(SettingsError):
    """The permissions in {path} can't be used: at {place}: {why}."""

    code = "invalid-permissions"
