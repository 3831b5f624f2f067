"""Copying: a space as plain values and back, what two spaces differ in, and a part of a space made once more.

The space room. The values are for JSON, files and tests; what a storage has, and how a row looks, is not known here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from deeplinks.errors import BuiltInError, InvalidError, MalformedIdError, UnknownIdError, WrongTypeError, described
from deeplinks.ids import canonical
from deeplinks.space.association import EPOCH, Association, Reference, here
from deeplinks.space.changing import now
from deeplinks.space.events import Change
from deeplinks.space.fields import DATA, FIELDS, TYPE
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.json_data import Json, decoded, encoded
from deeplinks.space.ledger import Marker, StorageMarker, values
from deeplinks.space.values import NOTHING, told_back

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep
    from deeplinks.space.space import Space

# What an association is told as: names of FACTS to their values.
Facts: TypeAlias = "dict[str, Json]"

# The form of what `to_dict` gives; another one is refused.
FORM: Final = 1


# a space as plain values


def as_dict(space: Space) -> dict[str, Json]:
    """All associations in their order of making: ids, references as ids, data, marks and times; built-ins are left out."""
    made = sorted(space.associations.values(), key=lambda one: one.seq)
    return {"deeplinks": FORM, "space": space.id, "associations": [_facts(space, one) for one in made]}


def _facts(space: Space, one: Association) -> Facts:
    facts: Facts = {"id": one.id, "created_at": one.created_at.isoformat(), "updated_at": one.updated_at.isoformat()}
    for field in FIELDS:
        id = getattr(one, f"{field.name}_id")
        if id is not None:
            facts[field.name] = id
    if one._data is not NOTHING:
        facts[DATA] = encoded(one._data, one)
    if one.i is not None:
        facts["i"] = one.i
    marks = {
        name: [_mark(marker) for marker in own]
        for name, ledger in space.ledgers.items()
        if (own := ledger.markers(one))
    }
    return {**facts, "marks": cast("Json", marks)} if marks else facts


# and back


def fill(space: Space, told: Mapping[str, object]) -> None:
    """Make in a new space what `as_dict` told of another one. Raises `InvalidError`, and errors of ids and of data."""
    all_facts = _facts_of(told)
    made = [_made(space, facts) for facts in all_facts]
    for one, facts in zip(made, all_facts, strict=True):
        for field in FIELDS:
            if field.name in facts:
                space._point(one, field, _reference(space, one, field.attribute, facts[field.name]))
    marks: dict[str, list[tuple[Association, Marker]]] = {}
    for one, facts in zip(made, all_facts, strict=True):
        for name, markers in _marks(space, one, facts.get("marks", {})):
            marks.setdefault(name, []).extend((one, marker) for marker in markers)
    for name, marked in marks.items():
        space.ledger(name).restore(marked)


def space_id(told: object) -> str:
    """The id of the space that `as_dict` told of. Raises `InvalidError` for what is in another form."""
    if not isinstance(told, Mapping):
        raise WrongTypeError(what="Deep.from_dict", expected="what deep.to_dict() gave", value=told)
    known = cast("Mapping[str, object]", told)
    _check_names("a space", known, _NAMES)
    if known.get("deeplinks") != FORM or "space" not in known:
        raise InvalidError(what="a space", why=f"its form is {known.get('deeplinks')!r}, and here {FORM} is read")
    return canonical(known["space"])


def _facts_of(told: Mapping[str, object]) -> list[Facts]:
    given = told.get("associations")
    listed = cast("list[object]", given) if isinstance(given, list) else [None]
    if not all(isinstance(facts, dict) for facts in listed):
        raise WrongTypeError(what="associations of a space", expected="a list of dicts", value=cast("object", given))
    return cast("list[Facts]", listed)


def _check_names(owner: str, given: Mapping[str, object], known: frozenset[str]) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise InvalidError(
            what=owner, why=f"{', '.join(unknown)} is not known here; known are {', '.join(sorted(known))}"
        )


def _made(space: Space, facts: Facts) -> Association:
    """The association with its data and times; the root is there already."""
    id = canonical(facts.get("id"))
    _check_names(f"association {id}", facts, _FACTS)
    if id == space.id and TYPE.name not in facts and "marks" not in facts and DATA not in facts:
        one = space.root
    elif space.find(id) is not None:
        raise InvalidError(
            what=f"association {id}", why="it is there already: told twice, a built-in, or a changed root"
        )
    else:
        one = space.associations[id] = Association(space, id, space.next_seq(), now())
    if DATA in facts:
        one._data = decoded(facts[DATA], one)
    _date(one, facts)
    return one


def _date(one: Association, facts: Facts) -> None:
    i = facts.get("i")
    if i is not None and (isinstance(i, bool) or not isinstance(i, int)):
        raise WrongTypeError(what=f"i of {described(one)}", expected="an int", value=i)
    one.restore_order(i)
    one._created_at = _moment(one, facts.get("created_at"), one._created_at)
    one._updated_at = _moment(one, facts.get("updated_at"), one._created_at)


def _moment(one: Association, told: Json, default: int | str) -> int | str:
    if told is None:
        return default
    try:
        # One that has no time zone fails here too.
        return (datetime.fromisoformat(cast("str", told)) - EPOCH) // timedelta(microseconds=1) * 1000
    except (TypeError, ValueError):
        raise InvalidError(
            what=f"a time of {described(one)}", why=f"{told!r} is no ISO 8601 with a time zone"
        ) from None


def _reference(space: Space, one: Association, attribute: str, id: object) -> Association | str:
    try:
        target = canonical(id)
    except MalformedIdError:
        raise MalformedIdError(value=id, association=one, field=attribute) from None
    return space.find(target) or target


def _mark(marker: Marker) -> Json:
    return marker.value if isinstance(marker, StorageMarker) else marker.id


def _marks(space: Space, one: Association, told: object) -> Iterator[tuple[str, list[Marker]]]:
    try:
        for name, markers in cast("dict[str, list[str]]", told).items():
            yield name, [space.checked_marker(space.find(marker) or marker) for marker in markers]
    except (ValueError, TypeError, AttributeError):
        raise InvalidError(
            what=f"marks of {described(one)}", why=f"{told!r} is no dict of storages and their markers"
        ) from None


_NAMES: Final = frozenset({"deeplinks", "space", "associations"})
_FACTS: Final = frozenset({"id", *(field.name for field in FIELDS), DATA, "i", "created_at", "updated_at", "marks"})


# two spaces


def diff(a: Deep, b: Deep) -> tuple[Change, ...]:
    """What has to change to make one space into another: what `signals.changed` would tell of it; empty if they are equal.

    Ids, references and data are compared; times and marks are not, and the two roots stand for each other. First comes
    what is created, then what is changed, then what is destroyed, each in its order of making. Raises `WrongTypeError`
    for what is no space.
    """
    for given in (a, b):
        if not _is_root(given):
            raise WrongTypeError(what="diff", expected="two spaces, which are Deep()", value=given)
    before, after = _told(a, b.id), _told(b, b.id)
    changes: list[Change] = []
    for id, new in after.items():
        if id not in before:
            changes += _created(id, new)
    for id, new in after.items():
        if id in before:
            changes += _changed(id, before[id], new)
    gone = [(id, was) for id, was in before.items() if id not in after]
    return (*changes, *(Change(id, DESTROYED, was[TYPE.name], None) for id, was in gone))


def _is_root(given: object) -> bool:
    return isinstance(given, Association) and given.space_of().root is given


def _told(deep: Deep, root: str) -> dict[str, dict[str, object]]:
    """The values of each association, by its id; the root and whoever refers to it say that id instead."""
    told: dict[str, dict[str, object]] = {}
    for one in sorted(deep, key=lambda one: one.seq):
        found = values(one)
        for field in FIELDS:
            if found[field.name] == deep.id:
                found[field.name] = root
        told[root if one is deep else one.id] = found
    return told


def _created(id: str, new: dict[str, object]) -> Iterator[Change]:
    yield Change(id, CREATED, None, new[TYPE.name])
    yield from (
        Change(id, field, None, value) for field, value in new.items() if value is not None and field != TYPE.name
    )


def _changed(id: str, old: dict[str, object], new: dict[str, object]) -> Iterator[Change]:
    for field, value in new.items():
        was = old[field]
        if not (told_back(was, value) or told_back(value, was)):
            yield Change(id, field, was, value)


# a part of a space once more


def copied(space: Space, originals: Iterable[Association | str | uuid.UUID]) -> dict[Association, Association]:
    """New associations like these, by the one that each is like; what they refer to among themselves is the copies."""
    found = (_original(space, one) for one in originals)
    given = sorted(dict.fromkeys(found), key=lambda one: one.seq)
    for one in given:
        if space.permanent(one):
            raise BuiltInError(association=one, action="copied")
    inside, copies = frozenset(given), dict[Association, Association]()
    with space._undoable():
        for one in given:
            copies[one] = _copy(space, one, inside, copies)
        for one, copy in copies.items():
            _complete(space, one, copy, copies)
        # A copy may hold data only now that its types are what they are to be, all the way up.
        for one, copy in copies.items():
            if copy._data is NOTHING and one._data is not NOTHING:
                space.assign(copy, one._data)
    return copies


def _original(space: Space, one: Association | str | uuid.UUID) -> Association:
    if isinstance(one, Association):
        return space.collections.own(one, space.root, "copy")
    found = space.find(canonical(one))
    if found is None:
        raise UnknownIdError(id=one)
    return found


def _copy(
    space: Space, one: Association, inside: frozenset[Association], copies: Mapping[Association, Association]
) -> Association:
    """Like the original, as far as what it refers to is here by now."""

    def like(reference: Reference) -> Association | None:
        target = here(reference)
        return None if target is None or (target in inside and target not in copies) else copies.get(target, target)

    type = like(one._type)
    data = one._data if type is not None and space.kind_of(one) else NOTHING
    return space.construct(type or space.root, data, like(one._from), like(one._to), like(one._value))


def _complete(space: Space, one: Association, copy: Association, copies: Mapping[Association, Association]) -> None:
    for field in FIELDS:
        reference: Reference = getattr(one, field.slot)
        if isinstance(reference, str):
            space._refer_noted(copy, field, reference, None)
        else:
            space.refer(copy, field, copies.get(reference, reference) if reference else None)
