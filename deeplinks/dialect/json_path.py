"""Reading the path into a JSON value that `path` of a jsonb column names: `$.a.b`, `a[0]`, `['x y']`.

The dialect. Text in, steps out; what lies at their end is for SQL, or whoever interprets, to find.
"""

from __future__ import annotations

import re

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Operand, Variables

_name = r"[A-Za-z0-9_-]+"
_step = re.compile(rf"""\.({_name})|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]""", re.DOTALL)
_first = re.compile(rf"\$|{_name}")
_escape = re.compile(r"\\(.)", re.DOTALL)


def path_steps(operand: Operand, variables: Variables) -> list[str]:
    """The steps that the operand's value names; null leads to the whole value. Raises `RequestError`."""
    value = operand.value(variables)
    return json_path(value, operand.path) if isinstance(value, str) else []


def json_path(text: str, path: str) -> list[str]:
    """The steps from the whole value inwards; `$` is the whole. Raises `RequestError`."""
    head = _first.match(text)
    steps = [head[0]] if head and head[0] != "$" else []
    place = head.end() if head else 0
    while place < len(text):
        step = _step.match(text, place)
        if step is None:
            raise _no_path(text, place, path)
        name, index, single, double = step.groups()
        quoted = single if single is not None else double
        steps.append(name or index or _escape.sub(r"\1", quoted))
        place = step.end()
    if not text:
        raise _no_path(text, 0, path)
    return steps


def _no_path(text: str, place: int, path: str) -> RequestError:
    where = f"at {text[place:]!r} in {text!r}" if text else "it is empty"
    return RequestError(f"parse json path error: {where}; a path is like $.a.b, a[0] or ['x y']", path)
