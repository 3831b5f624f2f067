"""Hasura's comparison operators, said once: which scalar has which, and what each of them takes.

The dialect. Names and the kinds of their operands; what an operator finds is for SQL, or whoever interprets, to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from deeplinks.tables import SCALARS


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator: its operand is of the column's own scalar where none is named, `many` of them, or maybe null."""

    scalar: str | None = None
    many: bool = False
    nullable: bool = False
    said: str = ""

    def operand(self, scalar: str) -> str:
        """The operand's scalar, for a column of this one."""
        return self.scalar or scalar


_ONE, _LIST = Comparison(), Comparison(many=True)
_ORDERED = {
    "_eq": _ONE,
    "_neq": _ONE,
    "_gt": _ONE,
    "_gte": _ONE,
    "_lt": _ONE,
    "_lte": _ONE,
    "_in": _LIST,
    "_nin": _LIST,
}
_PATTERNS = {
    "_like": Comparison(said="does the column match the given pattern"),
    "_nlike": Comparison(said="does the column NOT match the given pattern"),
    "_ilike": Comparison(said="does the column match the given case-insensitive pattern"),
    "_nilike": Comparison(said="does the column NOT match the given case-insensitive pattern"),
    "_similar": Comparison(said="does the column match the given SQL regular expression"),
    "_nsimilar": Comparison(said="does the column NOT match the given SQL regular expression"),
    "_regex": Comparison(said="does the column match the given POSIX regular expression, case sensitive"),
    "_nregex": Comparison(said="does the column NOT match the given POSIX regular expression, case sensitive"),
    "_iregex": Comparison(said="does the column match the given POSIX regular expression, case insensitive"),
    "_niregex": Comparison(said="does the column NOT match the given POSIX regular expression, case insensitive"),
}
_JSON = {
    "_contains": Comparison(said="does the column contain the given json value at the top level"),
    "_contained_in": Comparison(said="is the column contained in the given json value"),
    # Null is no mistake here: no value has it as a key.
    "_has_key": Comparison("String", nullable=True, said="does the string exist as a top-level key in the column"),
    "_has_keys_any": Comparison(
        "String", many=True, said="do any of these strings exist as top-level keys in the column"
    ),
    "_has_keys_all": Comparison(
        "String", many=True, said="do all of these strings exist as top-level keys in the column"
    ),
}
_OWN = {"String": _PATTERNS, "jsonb": _JSON}

# What a column may be read as, to be compared so.
CASTS = MappingProxyType({"jsonb": "String", "numeric": "String"})
# The comparisons that columns of a scalar have, by name; `_is_null` all have. A count is an Int.
OPERATORS: Mapping[str, Mapping[str, Comparison]] = {
    scalar: {**_ORDERED, **_OWN.get(scalar, {})} for scalar in (*SCALARS, "Int")
}
