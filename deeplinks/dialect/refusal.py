"""What the dialect says when it does not take a request: a code, a place in the request, and a sentence.

The dialect. Only the words for refusing live here; what is refused, and when, is decided where it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from deeplinks.errors import InvalidError

ROOT = "$"


class RequestError(InvalidError):
    """{why}"""

    def __init__(self, why: str, path: str = ROOT, code: str = "validation-failed") -> None:
        super().__init__(why=why, path=path)
        self.path = path
        self.extension_code = code


def unknown_field(name: str, type_name: str, path: str) -> RequestError:
    """A field, column or operator that is not there."""
    return RequestError(f"field '{name}' not found in type: '{type_name}'", f"{path}.{name}")


def unexpected(expected: str, type_name: str, found: object, path: str) -> RequestError:
    """A value of another kind than the place takes."""
    if found is None:
        return RequestError(f"unexpected null value for type '{type_name}'", path)
    return RequestError(f"expected {expected} for type '{type_name}', but found {kind(found)}", path)


def not_among(values: Iterable[str], type_name: str, found: object, path: str) -> RequestError:
    """A value that the enum does not have."""
    if not isinstance(found, str):
        return unexpected("an enum value", type_name, found, path)
    return RequestError(
        f"expected one of the values {sorted(values)} for type '{type_name}', but found '{found}'", path
    )


KINDS: dict[type, str] = {
    bool: "a boolean",
    Decimal: "a number",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def kind(value: object) -> str:
    """What a JSON value is called in a message."""
    return KINDS.get(type(value), f"a {type(value).__name__}")
