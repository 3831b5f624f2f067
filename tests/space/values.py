"""Data of every kind, made up: what hypothesis draws from, for tests of values and of storages."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from hypothesis import strategies as st

texts = st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=12)
floats = st.floats(allow_nan=False, allow_infinity=False)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
numbers = st.one_of(st.integers(), floats)
scalars = st.one_of(st.none(), st.booleans(), texts, numbers, decimals)
names = st.one_of(texts, st.sampled_from(["$map", "$date", "$datetime", "$number", "$decimal", "$object", "$ref"]))
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "String": texts,
    "Number": numbers,
    "Boolean": st.booleans(),
    "Object": st.dictionaries(names, documents, max_size=4),
    "Map": st.lists(st.tuples(scalars, documents), max_size=4),
    "Date": st.one_of(st.dates(), st.datetimes(timezones=offsets)),
}
KINDS = st.sampled_from(list(VALUES))


def of_kind(kind: str) -> st.SearchStrategy[tuple[str, object]]:
    """The kind with data of it."""
    return st.tuples(st.just(kind), VALUES[kind])
