"""Policies: who wins where two changed one field, by type. Without one the later commit does, and both values are told.

The space room. What was changed where is told to it; storages and their order are not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from deeplinks.errors import StaleError, WrongTypeError
from deeplinks.space.association import Association
from deeplinks.space.back_references import each
from deeplinks.space.fields import DATA, FIELDS
from deeplinks.space.ledger import upwards

if TYPE_CHECKING:
    from deeplinks.space.space import Space

# (base, mine, theirs) -> what is to be: what it was when this process changed it, what it made of it, and what another did.
Merge: TypeAlias = Callable[[object, object, object], object]
Policy: TypeAlias = 'Literal["mine", "theirs"] | type[StaleError] | Merge'

NAMES: Final = frozenset({DATA, *(field.name for field in FIELDS)})


class Policies:
    """What was asked for, by type and field."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._asked: dict[tuple[Association, str], Policy] = {}

    def __bool__(self) -> bool:
        return bool(self._asked)

    def set(self, type: Association, policy: Policy | None, field: str | None) -> None:
        """Ask for a policy, or for none. A function merges data unless a field is named. Raises `WrongTypeError`."""
        type.space_of()
        names = frozenset({DATA}) if field is None and merges(policy) else NAMES if field is None else {_field(field)}
        if policy is not None and not (policy in ("mine", "theirs") or policy is StaleError or merges(policy)):
            expected = '"mine", "theirs", StaleError, or a function of (base, mine, theirs)'
            raise WrongTypeError(what="a conflict policy", expected=expected, value=policy)
        for name in names:
            if policy is None:
                self._asked.pop((type, name), None)
            else:
                self._asked[type, name] = policy

    def of(self, association: Association, name: str) -> Policy | None:
        """That of its nearest type; for data also that of what has it as its value."""
        if not self._asked:
            return None
        return next(
            (self._asked[type, name] for type in self._types(association, name) if (type, name) in self._asked), None
        )

    def _types(self, association: Association, name: str) -> Iterator[Association]:
        yield from upwards(association.type)
        if name == DATA:
            for owner in each(association._valued):
                yield from upwards(owner.type)

    def locks(self, association: Association) -> bool:
        """Whether any change of it is to be refused where somebody else changed it since it was seen."""
        return any(self.of(association, name) is StaleError for name in NAMES) if self._asked else False


def merges(policy: object) -> bool:
    """Whether it is a function."""
    return callable(policy) and not isinstance(policy, type)


def _field(field: str) -> str:
    name = field.rstrip("_")
    if name not in NAMES:
        raise WrongTypeError(what="field", expected=f"one of {', '.join(sorted(NAMES))}", value=field)
    return name
