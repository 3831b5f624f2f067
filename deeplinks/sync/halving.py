"""Halving: the parts of a batch that may be sent apart, and the rows of each. Pure; what is sent when is not known here.

The sync room. A unit is what goes whole: a `together()` group, or one association's changes by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from deeplinks.batch import Content


def units(ids: Iterable[str], groups: Mapping[str, int]) -> list[list[str]]:
    """The ids of what a batch changes as units, in the order of their first ids; `groups` names the group of an id."""
    found: dict[str | int, list[str]] = {}
    for id in ids:
        found.setdefault(groups.get(id, id), []).append(id)
    return list(found.values())


def halves(ids: Iterable[str], groups: Mapping[str, int]) -> tuple[frozenset[str], frozenset[str]] | None:
    """The ids of the first half of the units and those of the second; None where there is but one."""
    parts = units(ids, groups)
    if len(parts) < 2:
        return None
    middle = len(parts) // 2
    first, second = (frozenset(id for unit in half for id in unit) for half in (parts[:middle], parts[middle:]))
    return first, second


def part(content: Content, ids: Set[str]) -> Content:
    """The rows of a batch that are of these ids, in the same order; without what it expects and withdraws."""
    return Content(
        links=[row for row in content.links if row["id"] in ids],
        updates=[one for one in content.updates if one[0] in ids],
        data={table: [one for one in rows if one[0] in ids] for table, rows in content.data.items()},
        data_deletes={table: [id for id in gone if id in ids] for table, gone in content.data_deletes.items()},
        deletes=[id for id in content.deletes if id in ids],
    )


def ids(content: Content) -> Iterable[str]:
    """The ids of whatever a batch touches, each once."""
    found = dict.fromkeys(str(row["id"]) for row in content.links)
    found |= dict.fromkeys(id for id, _ in content.updates)
    for rows in content.data.values():
        found |= dict.fromkeys(id for id, _ in rows)
    for deleted in content.data_deletes.values():
        found |= dict.fromkeys(deleted)
    return found | dict.fromkeys(content.deletes)
