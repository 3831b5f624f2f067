"""What people see of associations: one line, or a small HTML table; bounded, escaped, and never an error.

The space room. Pure text out of what is there now: no asset, no colour of its own, nothing that a notebook library knows.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from itertools import islice
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Final

from deeplinks.errors import DestroyedError
from deeplinks.space.objects import FrozenDict, FrozenMap
from deeplinks.space.values import NOTHING, FunctionSource, UnknownForm

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.back_references import BackReferences
    from deeplinks.space.deep import Deep

MOST_TEXT: Final = 40
MOST_IN_LINE: Final = 5
MOST_MEMBERS: Final = 3
MOST_ROWS: Final = 20
# The name of a storage that goes without saying, as it is everybody's default.
USUAL: Final = "database"

_bounded = reprlib.Repr()
_bounded.maxstring = _bounded.maxlong = _bounded.maxother = MOST_TEXT
_bounded.fillvalue = "…"


# one line


def line(association: Association) -> str:
    """Type, name, data or members, short id, how many links, and how far it is stored."""
    try:
        return f"<{_line(association)}>"
    except DestroyedError:
        return f"<destroyed {short(association.id)}>"


def _line(association: Association) -> str:
    name = _word(association.space_of().names.given(association) or "")
    parts = (label(association), name, content_text(association), short(association.id), _links(association))
    return " ".join(part for part in parts if part)


def _links(association: Association) -> str:
    counted = f"→ {len(association.out)} out, {len(association.in_)} in"
    state = state_text(association)
    return f"{counted} · {state}" if state else counted


def content_text(association: Association) -> str:
    """What it holds: its members, else its data or what is at the end of its value chain."""
    collections = association.space_of().collections
    if not collections.collects(association):
        return data_text(association)
    ends = "[]" if collections.form(association) == "Array" else "{}"
    return _members_text(collections.members(association), ends)


def _members_text(members: Sequence[Association], ends: str) -> str:
    named = ", ".join(called(member) for member in members[:MOST_MEMBERS])
    more = ", …" if len(members) > MOST_MEMBERS else ""
    return f"of {len(members)} {ends[0]}{named}{more}{ends[1]}" if members else "of 0"


def space_line(deep: Deep) -> str:
    """A space by its id and its size."""
    return f"<Deep {short(deep.id)}: {len(deep)} association{'' if len(deep) == 1 else 's'}>"


def live_line(live: BackReferences) -> str:
    """The first few of a live set, and how many more there are."""
    shown = ", ".join(line(one) for one in islice(live, MOST_IN_LINE))
    more = len(live) - MOST_IN_LINE
    return f"{{{shown}{f', … and {more} more' if more > 0 else ''}}}"


# words


def short(id: str) -> str:
    """An id as people compare it: both its ends."""
    return f"{id[:4]}…{id[-4:]}"


def label(association: Association) -> str:
    """What it is: the name of a built-in, else its type's name."""
    return association.space_of().name_of(association) or _type_name(association)


def _name(association: Association) -> str:
    """The name of a built-in, or one that it was given."""
    space = association.space_of()
    return space.name_of(association) or _word(space.names.given(association) or "")


def _type_name(association: Association) -> str:
    type = association.type
    if type is None:
        id = association.type_id
        return "untyped" if id is None else f"type {short(id)}"
    said = type.data
    return _name(type) or (_word(said) if isinstance(said, str) and said else f"type {short(type.id)}")


def called(association: Association) -> str:
    """Its name: a built-in's or a given one, else its own data or its value's, else what it is and its id."""
    name = _name(association)
    if name:
        return name
    said = _said(association)
    return f"{label(association)} {short(association.id)}" if said is None else literal(said)


def described(association: Association) -> str:
    """What it is called and its short id, as an error says it."""
    try:
        name, id = called(association), short(association.id)
    except DestroyedError:
        return short(association.id)
    return name if id in name else f"{name} {id}"


def _word(text: str) -> str:
    return text if len(text) <= MOST_TEXT and text.isprintable() else _bounded.repr(text)


def data_text(association: Association) -> str:
    """Its data, or what is at the end of its value chain; nothing where there is none."""
    said = _said(association)
    if said is not None:
        return literal(said)
    collections, end = association.space_of().collections, association.val
    shown = end is not association and collections.collects(end)
    return f"{collections.form(end)} of {collections.size(end)}" if shown else ""


def _said(association: Association) -> object:
    return association.data if association._data is NOTHING else association._data


def literal(data: object) -> str:
    """Data as a piece of text, of bounded length, whatever it is."""
    if isinstance(data, str | int | float | Decimal):
        return _bounded.repr(data)
    if isinstance(data, date):
        return data.isoformat()
    if isinstance(data, FrozenDict | FrozenMap):
        return _keys_text(data)
    if isinstance(data, UnknownForm):
        return _word(data.text)
    if isinstance(data, FunctionSource | FunctionType | BuiltinFunctionType | type):
        name = data.name if isinstance(data, FunctionSource) else data.__name__
        return f"{_word(name)}()"
    # A callable of somebody's own class: whatever its repr does, it ends here.
    return _bounded.repr_instance(data, 0)


def _keys_text(data: FrozenDict | FrozenMap) -> str:
    shown = [f"{_bounded.repr(key)}: {_bounded.repr(value)}" for key, value in islice(data.items(), MOST_MEMBERS)]
    more = ["…"] if len(data) > MOST_MEMBERS else []
    return f"{{{', '.join([*shown, *more])}}}"


def state_text(association: Association) -> str:
    """How far it is stored: of the usual storage alone just the state, else each with its storage's name."""
    states = association.sync
    if list(states) == [USUAL]:
        return str(states[USUAL])
    return ", ".join(f"{_word(name)}: {state}" for name, state in states.items())


# HTML

# Of the page around it, light or dark; where that leaves tables their own colour, as in quirks mode, inherited too.
_TABLE: Final = '<table style="color:inherit;font:inherit;border-collapse:collapse">'


def page(association: Association) -> str:
    """An association as a small table; a collection as a table of its members."""
    try:
        collections = association.space_of().collections
        if collections.collects(association):
            return _table(line(association)[1:-1], collections.members(association))
        return _facts(association)
    except DestroyedError:
        return f"<code>{escape(line(association))}</code>"


def live_page(live: BackReferences, owner: Association, name: str) -> str:
    """A live set as a table of its first members."""
    try:
        return _table(f"{called(owner)}.{name}: {len(live)}", list(live))
    except DestroyedError:
        return f"<code>{escape(live_line(live))}</code>"


def answer_page(caption: str, found: Iterable[Association]) -> str:
    """The answer to a query as a table of the first that were found."""
    return _table(caption, list(found))


def _facts(association: Association) -> str:
    rows = ((name, told) for name, tell in _FACTS.items() if (told := tell(association)))
    return facts(called(association), rows)


def facts(caption: str, rows: Iterable[tuple[str, str]]) -> str:
    """A small table of what is told under each name."""
    cells = "".join(f"<tr>{_cell('th', name)}{_cell('td', told)}</tr>" for name, told in rows)
    return f"{_TABLE}{_caption(caption)}<tbody>{cells}</tbody></table>"


def _table(caption: str, members: Sequence[Association]) -> str:
    shown = members[:MOST_ROWS]
    columns = {name: [tell(one) for one in shown] for name, tell in _COLUMNS.items()}
    said = {name: told for name, told in columns.items() if any(told)}
    rows = "".join(f"<tr>{_cells('td', row)}</tr>" for row in zip(*said.values(), strict=True))
    more = len(members) - len(shown)
    foot = f"<tfoot><tr>{_cell('td', f'… and {more} more', span=len(said))}</tr></tfoot>" if more else ""
    head = f"<thead><tr>{_cells('th', said)}</tr></thead>" if said else ""
    return f"{_TABLE}{_caption(caption)}{head}<tbody>{rows}</tbody>{foot}</table>"


def _caption(text: str) -> str:
    return f'<caption style="text-align:left;white-space:nowrap">{escape(text)}</caption>'


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(_cell(tag, text) for text in texts)


def _cell(tag: str, text: str, span: int = 1) -> str:
    return (
        f'<{tag} colspan="{span}" style="text-align:left;white-space:nowrap;padding:0 1em 0 0">{escape(text)}</{tag}>'
    )


def _target(reference: Association | str | None) -> str:
    if reference is None:
        return ""
    return f"{short(reference)} (not here)" if isinstance(reference, str) else called(reference)


def _degree(association: Association) -> str:
    sets = {
        "out": association.out,
        "in": association.in_,
        "typed": association.typed,
        "valued": association.valued,
    }
    return ", ".join(f"{len(live)} {name}" for name, live in sets.items() if live or name in ("out", "in"))


_FACTS: dict[str, Callable[[Association], str]] = {
    "id": lambda one: short(one.id),
    "type": _type_name,
    "from": lambda one: _target(one._from),
    "to": lambda one: _target(one._to),
    "value": lambda one: _target(one._value),
    "data": data_text,
    "links": _degree,
    "state": state_text,
}
_COLUMNS: dict[str, Callable[[Association], str]] = {
    "type": label,
    "from": _FACTS["from"],
    "to": _FACTS["to"],
    "data": data_text,
    "id": _FACTS["id"],
    "links": _degree,
    "state": state_text,
}
