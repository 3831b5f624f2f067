"""Patterns over text: LIKE, and what SIMILAR TO and regular expressions mean the same in Python as in PostgreSQL.

The dialect's interpreter. A pattern of another dialect than Python's is refused, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from deeplinks.dialect.interpret.faults import NotInterpretedError

Matches: TypeAlias = "Callable[[str], bool]"

_like = re.compile(r"\\(.)|(%)|(_)|([^\\])", re.DOTALL)
# Letters, digits and blanks mean themselves everywhere.
_plain = re.compile(r"[\w\s%]*", re.ASCII).fullmatch
# Alternatives of single characters, any character and sets, repeated or not, tied to the ends or not.
_part = r"(?:[\w ,;:@#/=<>\"'!&~%-]|\\[.*+?^$()|\\\[\]{}]|\.|\[\^?[A-Za-z0-9_]+(?:-[A-Za-z0-9])?\])[*+?]?"
_branch = rf"\^?(?:{_part})+\$?"
_common = re.compile(rf"{_branch}(?:\|{_branch})*", re.ASCII).fullmatch


def matcher(operator: str, pattern: str) -> Matches:
    """The pattern of one of Hasura's operators as a function of a text, without its negation.

    Raises `NotInterpretedError`.
    """
    match operator:
        case "_like" | "_ilike":
            return _whole(_translated(pattern), operator == "_ilike")
        case "_similar":
            if not _plain(pattern):
                raise NotInterpretedError(f"the SQL regular expression {pattern!r}")
            return _whole(_translated(pattern), any_case=False)
        case _:
            return _found(pattern, operator == "_iregex")


def _translated(pattern: str) -> str:
    if len(pattern) - len(pattern.rstrip("\\")) & 1:
        # PostgreSQL refuses it when a text gets so far, which depends on its plan.
        raise NotInterpretedError(f"the pattern {pattern!r}, which ends with an escape character")
    return "".join(
        ".*" if many else "." if one else re.escape(escaped or plain)
        for escaped, many, one, plain in _like.findall(pattern)
    )


def _whole(expression: str, any_case: bool) -> Matches:
    # The data's collation is "C": it knows the cases of ASCII letters alone.
    compiled = re.compile(expression, re.DOTALL | (re.ASCII | re.IGNORECASE if any_case else re.ASCII))
    return lambda text: compiled.fullmatch(text) is not None


def _found(pattern: str, any_case: bool) -> Matches:
    if pattern and not _common(pattern):
        raise NotInterpretedError(f"the regular expression {pattern!r}")
    # Python's $ also matches before a newline at the end.
    expression = re.sub(r"(\\.)|\$", lambda found: found[1] or r"\Z", pattern)
    compiled = re.compile(expression, re.DOTALL | re.ASCII | (re.IGNORECASE if any_case else 0))
    return lambda text: compiled.search(text) is not None
