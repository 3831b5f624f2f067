"""Lines: an association, and what happened to one, each on a line; in words for people, as JSON for programs.

A face: pure text out of what is there now. Where it comes from and where it is written are not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from deeplinks.space import Association, Change, Deep, FunctionSource, showing
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.objects import FrozenDict, FrozenMap
from deeplinks.space.showing import called, content_text, label, short
from deeplinks.space.values import UnknownForm
from deeplinks.sync import forms

if TYPE_CHECKING:
    from deeplinks.doctor import Finding
    from deeplinks.storage.verify import Verification

TYPE_WIDTH: Final = 12
WHAT_WIDTH: Final = 9
REFERENCES: Final = ("type", "from", "to", "value")


def in_order(deep: Deep) -> list[Association]:
    """All associations of a space in the order in which they were created, its root first."""
    return sorted(deep, key=lambda one: (one is not deep, one.i or 0))


@dataclass(frozen=True, slots=True)
class Happening:
    """What a change set did to one association: made it, ended it, or changed one of its fields.

    `old` and `new` are data or ids; of what was made and of what ended they are its type.
    """

    at: datetime
    what: str
    id: str
    old: object
    new: object


def happenings(changes: Iterable[Change], at: datetime) -> Iterator[Happening]:
    """A change set as people count: what was made is one thing, with all that it was given."""
    changes = tuple(changes)
    made = {change.id for change in changes if change.field == CREATED}
    for change in changes:
        if change.field == CREATED or change.id not in made:
            yield Happening(at, change.field, change.id, change.old, change.new)


def creation(association: Association) -> Happening:
    """That an association was made, told later."""
    return Happening(association.created_at, CREATED, association.id, None, association.type_id)


# in words


def in_words(association: Association) -> str:
    """Short id, type, from → to, data or members."""
    ends = [_end(association.from_, association.from_id), _end(association.to, association.to_id)]
    way = f"{ends[0]} → {ends[1]}".strip() if any(ends) else ""
    parts = (short(association.id), f"{label(association):<{TYPE_WIDTH}}", way, content_text(association))
    return "  ".join(part for part in parts if part).rstrip()


def told_in_words(deep: Deep, happening: Happening) -> str:
    """The local time, what happened, to whom; of a changed field its old → its new."""
    time = happening.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return f"{time}  {happening.what:<{WHAT_WIDTH}}  {_whom(deep, happening)}"


def _whom(deep: Deep, happening: Happening) -> str:
    association = deep.get(happening.id)
    if association is None:
        return f"{short(happening.id)}  of type {_named(deep, happening.old) or 'none'}"
    if happening.what == CREATED:
        return in_words(association)
    old, new = (_side(deep, happening.what, value) for value in (happening.old, happening.new))
    return f"{short(association.id)}  {label(association):<{TYPE_WIDTH}}  {old} → {new}"


def _side(deep: Deep, field: str, value: object) -> str:
    if value is None:
        return "nothing"
    return _named(deep, value) if field in REFERENCES else showing.literal(value)


def _named(deep: Deep, id: object) -> str:
    return "" if id is None else _end(deep.get(str(id)), str(id))


def _end(association: Association | None, id: str | None) -> str:
    if association is not None:
        return called(association)
    return f"{short(id)} (not here)" if id else ""


# as JSON


def as_json(association: Association) -> str:
    """Ids, data, the order of creation and the times, on one line."""
    return _object(_facts(association))


def told_as_json(deep: Deep, happening: Happening) -> str:
    """When and what; of what was made all there is, of what ended its type, of a changed field its old and its new."""
    head: dict[str, object] = {"at": _moment(happening.at), "what": happening.what}
    association = deep.get(happening.id)
    if happening.what == CREATED and association is not None:
        return _object(head | _facts(association))
    if happening.what == DESTROYED:
        return _object(head | {"id": happening.id, "type": happening.old})
    return _object(head | {"id": happening.id, "old": _told(happening.old), "new": _told(happening.new)})


def _facts(association: Association) -> dict[str, object]:
    return {
        "id": association.id,
        "i": association.i,
        "type": association.type_id,
        "from": association.from_id,
        "to": association.to_id,
        "value": association.value_id,
        "data": _told(association.own_data()),
        "created_at": _moment(association.created_at),
        "updated_at": _moment(association.updated_at),
    }


def found_in_words(found: Verification) -> Iterator[str]:
    """What was found of a space, then each difference on a line of its own."""
    yield str(found)
    yield from (f"  {one.fault}: {one}" for one in found.differences)
    if found.more:
        yield f"  … and {found.more} more"


def found_as_json(found: Verification) -> str:
    """The same as one object, with both images of each row that differs."""
    return _object({**asdict(found), "whole": found.whole})


def finding_as_json(finding: Finding) -> str:
    """What a doctor found, as one object."""
    return _object(asdict(finding))


def _object(facts: dict[str, object]) -> str:
    return json.dumps(facts, ensure_ascii=False, default=_plain)


def _plain(data: object) -> object:
    # JSON's readers cut the digits of a Decimal: it is told as text.
    return asdict(data) if isinstance(data, FunctionSource) else str(data)


def _told(data: object) -> object:
    """Objects, Maps and Dates in the form of their rows; what JSON has itself as it is."""
    return forms.encoded(data) if isinstance(data, FrozenDict | FrozenMap | date | UnknownForm) else data


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
