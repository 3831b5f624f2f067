"""JSON as data: what an Object and a Map hold, checked when it comes in, and never changed in place.

The space room. Values in, frozen values out, or an error that names the place; no association, no row, no form on the wire.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NoReturn, TypeAlias, TypeVar, cast

import orjson

from deeplinks.errors import Described, ReadOnlyDataError, UnstorableError, described

# A text, a document: what a storage takes in one row. JSON parsers end somewhere below; so do people.
MOST_TEXT: Final = 16 * 1024 * 1024
MOST_DEPTH: Final = 100
# CPython turns no longer ints into text by default.
MOST_DIGITS: Final = 4_300
MOST_BITS: Final = 14_000
# Brackets and a comma.
EMPTY: Final = 4

# A JSON value as it is kept: exact numbers, containers that can't be changed.
Frozen: TypeAlias = "str | int | float | Decimal | FrozenDict | FrozenList | None"
Scalar: TypeAlias = "str | int | float | Decimal | None"
Steps: TypeAlias = tuple[object, ...]


def _refuse(*_: object, **__: object) -> NoReturn:
    raise ReadOnlyDataError


class FrozenDict(dict[str, Frozen]):
    """An Object's data: equal to the dict it was made of, and read only. A copy of it is a plain dict."""

    __slots__ = ("bytes",)
    bytes: int

    __setitem__ = __delitem__ = __ior__ = _refuse  # pyright: ignore[reportAssignmentType]
    clear = pop = popitem = setdefault = update = _refuse  # pyright: ignore[reportAssignmentType]

    def __reduce__(self) -> tuple[object, ...]:
        return dict, (list(self.items()),)


class FrozenList(list[Frozen]):
    """A list inside an Object or a Map: equal to the list it was made of, and read only. A copy of it is a plain list."""

    __slots__ = ("bytes",)
    bytes: int

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # pyright: ignore[reportAssignmentType]
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # pyright: ignore[reportAssignmentType]

    def __reduce__(self) -> tuple[object, ...]:
        return list, (list(self),)


class FrozenMap(Mapping[Scalar, Frozen]):
    """A Map's data: a mapping in which 1, 1.0 and True are three keys; it keeps its order and is read only."""

    __slots__ = ("_entries", "bytes")
    bytes: int

    def __init__(self, pairs: Iterable[tuple[Scalar, Frozen]]) -> None:
        self._entries = {exact(key): (key, value) for key, value in pairs}

    def __getitem__(self, key: object) -> Frozen:
        try:
            return self._entries[exact(key)][1]
        except TypeError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[Scalar]:
        return (key for key, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{key!r}: {value!r}' for key, value in self.items())}}}"

    def pairs(self) -> list[tuple[Scalar, Frozen]]:
        """Keys with their values, in order."""
        return list(self._entries.values())


Container: TypeAlias = FrozenDict | FrozenList | FrozenMap
Mapped: TypeAlias = FrozenDict | FrozenMap
ScalarT = TypeVar("ScalarT", bound=Scalar)


def exact(value: object) -> Hashable:
    """What two pieces of data have in common if, and only if, they are the same: 1, 1.0 and True are not.

    Raises `TypeError` for what is no data.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return dict, frozenset((name, exact(item)) for name, item in items)
    if isinstance(value, list):
        return list, tuple(exact(item) for item in cast("list[object]", value))
    if isinstance(value, FrozenMap):
        return FrozenMap, tuple((exact(key), exact(item)) for key, item in value.pairs())
    if value is None or isinstance(value, bool | int | float | Decimal):
        # Decimals of other digits are different data, and their texts say so.
        return type(value), str(value or abs(value)) if isinstance(value, float | Decimal) else value
    raise TypeError(f"{type(value).__name__} is no JSON value")


def size(value: object) -> int:
    """About how many bytes a value takes in JSON, with the comma after it; of a container it is known."""
    if isinstance(value, Container):
        return value.bytes
    if isinstance(value, str):
        return len(orjson.dumps(value)) + 2
    if isinstance(value, bool) or value is None:
        return 6
    return len(format(value, "f")) + 2 if isinstance(value, Decimal) else _digits(value)


def _digits(value: object) -> int:
    return value.bit_length() // 3 + 4 if isinstance(value, int) else 26


# what comes in


def checked_object(value: Mapping[object, object], association: object) -> FrozenDict:
    """A mapping as an Object keeps it. Raises `UnstorableError` for what is no JSON, and says where it is."""
    return value if isinstance(value, FrozenDict) else _Reading(association).object(value, ())


def checked_map(value: object, association: object) -> FrozenMap:
    """A mapping, or pairs, as a Map keeps them. Raises `UnstorableError` for what is no JSON, and says where it is."""
    return value if isinstance(value, FrozenMap) else _Reading(association).map(value)


class _Reading:
    """Somebody's JSON value on its way in: copied, counted in bytes, refused at the place where it is wrong."""

    def __init__(self, association: object, bytes: int = 0) -> None:
        self._association = association
        self._inside: set[int] = set()
        self.bytes = bytes

    def object(self, value: Mapping[object, object], place: Steps) -> FrozenDict:
        """A mapping with text keys."""
        before = self._enter(value, place)
        found = FrozenDict((self.name(key, place), self.value(item, (*place, key))) for key, item in value.items())
        found.bytes = self._leave(value, before)
        return found

    def map(self, value: object) -> FrozenMap:
        """A mapping with keys of any scalar kind, or its pairs."""
        before = self._enter(value, ())
        found = FrozenMap((self.key(key), self.value(item, (key,))) for key, item in self._pairs(value))
        self._leave(value, before)
        # Of pairs with one key the last one counts.
        found.bytes = EMPTY + sum(size(key) + size(item) for key, item in found.pairs())
        return found

    def _pairs(self, value: object) -> list[tuple[object, object]]:
        given = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else value
        try:
            return [(key, item) for key, item in cast("Iterable[tuple[object, object]]", given)]
        except (TypeError, ValueError):
            raise self._wrong(ascii(cast("object", value)), (), "a Map takes pairs of a key and a value") from None

    def list(self, value: Sequence[object], place: Steps) -> FrozenList:
        """Values in order."""
        before = self._enter(value, place)
        found = FrozenList(self.value(item, (*place, number)) for number, item in enumerate(value))
        found.bytes = self._leave(value, before)
        return found

    def value(self, value: object, place: Steps) -> Frozen:
        """Any JSON value."""
        if isinstance(value, Mapping):
            return self.object(cast("Mapping[object, object]", value), place)
        if isinstance(value, list | tuple):
            return self.list(cast("Sequence[object]", value), place)
        return self.scalar(value, place)

    def name(self, key: object, place: Steps) -> str:
        """A key of an Object."""
        if not isinstance(key, str):
            raise self._wrong(_shown(key), place, "a key of an Object is a text; a Map takes others")
        return self._counted(self._text(key, (*place, key)))

    def key(self, key: object) -> Scalar:
        """A key of a Map."""
        if not (key is None or isinstance(key, str | int | float | Decimal)):
            raise self._wrong(_shown(key), (), "a key of a Map is a text, a number, a bool or None")
        return self.scalar(key, (key,))

    def scalar(self, value: object, place: Steps) -> Scalar:
        """A text, a number, a bool or None."""
        if isinstance(value, str):
            return self._counted(self._text(value, place))
        if value is None or isinstance(value, bool):
            return self._counted(value)
        if isinstance(value, int | float | Decimal):
            return self._counted(self._number(value, place))
        why = f"{type(value).__name__} is no JSON value: a text, a number, a bool, None, a list or a dict"
        raise self._wrong(_shown(value), place, why)

    def _number(self, value: int | float | Decimal, place: Steps) -> int | float | Decimal:
        if isinstance(value, int):
            if value.bit_length() > MOST_BITS:
                raise self._wrong(f"an int of {value.bit_length()} bits", place, f"the most is {MOST_BITS}")
            return int(value)
        # A Decimal is asked itself: as a float it may be infinite.
        if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
            raise self._wrong(ascii(value), place, "it is not a finite number")
        if isinstance(value, Decimal):
            return self._decimal(value, place)
        return float(value) + 0.0  # -0.0 becomes 0.0, as a Number's does

    def _decimal(self, value: Decimal, place: Steps) -> Decimal:
        exponent = value.as_tuple().exponent
        if abs(value.adjusted()) > MOST_DIGITS or not isinstance(exponent, int) or -exponent > MOST_DIGITS:
            raise self._wrong(ascii(value), place, f"it takes more than {MOST_DIGITS} digits")
        return Decimal(value) if value else Decimal(value).copy_abs()

    def _text(self, value: str, place: Steps) -> str:
        if "\x00" in value:
            raise self._wrong(ascii(value), place, f"it has U+0000 at position {value.index(chr(0))}")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self._wrong(ascii(value), place, f"it has a lone surrogate at position {error.start}") from None
        return str.__str__(value)  # an Enum's own str() is its name

    def _enter(self, value: object, place: Steps) -> int:
        if id(value) in self._inside:
            raise self._wrong("what is inside itself", place, "JSON has no circles")
        if len(place) > MOST_DEPTH:
            raise self._wrong("what is nested so deep", place[:5], f"the most is {MOST_DEPTH} levels")
        self._inside.add(id(value))
        before = self.bytes
        self._count(EMPTY)
        return before

    def _leave(self, value: object, before: int) -> int:
        self._inside.discard(id(value))
        return self.bytes - before

    def _counted(self, value: ScalarT) -> ScalarT:
        self._count(size(value))
        return value

    def _count(self, bytes: int) -> None:
        self.bytes += bytes
        if self.bytes > MOST_TEXT:
            raise self._wrong("what is so large", (), f"the most is {MOST_TEXT} bytes as JSON")

    def _wrong(self, shown: str, place: Steps, why: str) -> UnstorableError:
        where = "".join(f"[{step!a}]" for step in place) or "the top"
        bounded = shown if len(shown) <= 60 else f"{shown[:60]}…"
        return UnstorableError(value=bounded, association=self._association, why=f"{why}; it is at {where}")


def _shown(value: object) -> str:
    """What was given, as an error says it, whatever it is."""
    return described(value) if isinstance(value, Described) else ascii(value)


# one key


def with_key(old: Mapped, key: object, value: object, association: object) -> Mapped:
    """The same with that key set. Raises `UnstorableError`."""
    reading = _Reading(association, old.bytes)
    had = size(key) + size(old[key]) if key in old else 0  # pyright: ignore[reportArgumentType]
    if isinstance(old, FrozenDict):
        name = reading.name(key, ())
        new: Mapped = FrozenDict({**old, name: reading.value(value, (key,))})
    else:
        new = FrozenMap([*old.pairs(), (reading.key(key), reading.value(value, (key,)))])
    new.bytes = reading.bytes - had
    return new


def without_key(old: Mapped, key: object) -> Mapped:
    """The same without a key that it has."""
    if isinstance(old, FrozenDict):
        new: Mapped = FrozenDict({name: value for name, value in old.items() if name != key})
    else:
        new = FrozenMap(pair for pair in old.pairs() if exact(pair[0]) != exact(key))
    new.bytes = old.bytes - size(key) - size(old[key])  # pyright: ignore[reportArgumentType]
    return new


def emptied(kind: str) -> Mapped:
    """What an Object or a Map holds that has no keys."""
    new: Mapped = FrozenDict() if kind == "Object" else FrozenMap(())
    new.bytes = EMPTY
    return new
