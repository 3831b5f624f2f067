"""Random documents out of a schema: most of them valid, some a token or a value away from it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
    is_required_input_field,
)

from tests.attacks.positions import IDS, PLAY

WORDS = (
    "",
    "a",
    "A",
    "é",
    "%",
    "_",
    "a%",
    "\\",
    "(",
    "[a",
    ".*",
    "$.a",
    "$",
    "a.b[0]",
    "null",
    "0",
    "x" * 300,
    "\u0000",
    "'",
    "\ud83d",
)
NUMBERS: tuple[Any, ...] = (
    0,
    1,
    -1,
    1.5,
    "2",
    "1e3",
    "NaN",
    "Infinity",
    "x",
    "",
    2**31,
    -(2**63),
    2**63,
    "9" * 200,
    "1e-20000",
    1e300,
)
TIMES = ("2020-01-01", "2020-01-01T00:00:00Z", "now", "infinity", "-infinity", "x", "", "2020-13-01", "0001-01-01 BC")
_token = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|\S')


@dataclass(frozen=True, slots=True)
class Name:
    """An enum's value: a name in a document, a text in JSON."""

    text: str


@dataclass(slots=True)
class Documents:
    """Makes requests; the same dice make the same requests."""

    schema: GraphQLSchema
    dice: random.Random
    _variables: dict[str, Any] = field(default_factory=dict[str, Any])
    _declared: list[str] = field(default_factory=list[str])

    def request(self) -> dict[str, Any]:
        """A request's body."""
        self._variables, self._declared = {}, []
        kind = self.dice.choices(("query", "mutation", "subscription"), (50, 48, 2))[0]
        root = {"query": self.schema.query_type, "mutation": self.schema.mutation_type}.get(
            kind, self.schema.subscription_type
        )
        assert root is not None
        names = self.dice.choices(list(root.fields), k=self.dice.choice((1, 1, 2, 3)))
        fields = " ".join(f"f{number}: {self._field(name, root.fields[name], 0)}" for number, name in enumerate(names))
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        text = f"{kind} {declared} {{ {fields} }}"
        if self.dice.random() < 0.2:
            text = self._spoiled(text)
        if self._variables and self.dice.random() < 0.1:
            self._variables[self.dice.choice(list(self._variables))] = self._json(2)
        return {"query": text, "variables": self._variables}

    def _field(self, name: str, shown: GraphQLField, depth: int) -> str:
        return f"{name}{self._arguments(shown.args)}{self._directive()}{self._selection(shown.type, depth)}"

    def _selection(self, kind: Any, depth: int) -> str:
        while isinstance(kind, GraphQLList | GraphQLNonNull):
            kind = kind.of_type
        if is_leaf_type(kind):
            return ""
        assert isinstance(kind, GraphQLObjectType)
        fields = {name: each for name, each in kind.fields.items() if depth < 3 or _leaf(each.type)}
        names = self.dice.sample(list(fields), min(len(fields), self.dice.choice((1, 1, 2, 3))))
        inside = [self._aliased(name, fields[name], depth + 1) for name in names] or ["__typename"]
        return f" {{ {' '.join(inside)} }}"

    def _aliased(self, name: str, shown: GraphQLField, depth: int) -> str:
        made = self._field(name, shown, depth)
        if self.dice.random() < 0.1:
            made = f"a{self.dice.randrange(3)}: {made}"
        return f"... {{ {made} }}" if self.dice.random() < 0.05 else made

    def _directive(self) -> str:
        if self.dice.random() > 0.03:
            return ""
        return f" @{self.dice.choice(('include', 'skip'))}(if: {self.dice.choice(('true', 'false'))})"

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        given = [name for name, each in arguments.items() if self._given(each)]
        self.dice.shuffle(given)
        parts = [f"{name}: {self._argument(arguments[name].type)}" for name in given]
        return f"({', '.join(parts)})" if parts else ""

    def _given(self, each: GraphQLArgument | GraphQLInputField) -> bool:
        return self.dice.random() < (0.99 if isinstance(each.type, GraphQLNonNull) else 0.3)

    def _argument(self, kind: Any) -> str:
        value = self._value(kind, 0)
        if self.dice.random() > 0.35:
            return _literal(value)
        name = f"v{len(self._declared)}"
        self._declared.append(f"${name}: {kind}")
        self._variables[name] = _plain(value)
        return f"${name}"

    def _value(self, kind: Any, depth: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return None if self.dice.random() < 0.01 else self._present(kind.of_type, depth)
        return None if self.dice.random() < 0.04 else self._present(kind, depth)

    def _present(self, kind: Any, depth: int) -> Any:
        if isinstance(kind, GraphQLList):
            return self._list(kind, depth)
        if isinstance(kind, GraphQLEnumType):
            return Name(self.dice.choice(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, depth)
        return self._scalar(kind.name)

    def _list(self, kind: GraphQLList[Any], depth: int) -> Any:
        if self.dice.random() < 0.1:
            return self._value(kind.of_type, depth)
        return [self._value(kind.of_type, depth + 1) for _ in range(self.dice.choice((0, 1, 1, 2, 3)))]

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        needed = [name for name, each in kind.fields.items() if is_required_input_field(each)]
        flat = [name for name, each in kind.fields.items() if depth < 5 or _leaf(each.type)]
        some = self.dice.sample(flat, min(len(flat), self.dice.choice((0, 1, 1, 2, 3))))
        if "_deep" in kind.fields and kind.name.endswith("insert_input") and self.dice.random() < 0.9:
            some.append("_deep")
        return {name: self._value(kind.fields[name].type, depth + 1) for name in dict.fromkeys([*needed, *some])}

    def _scalar(self, name: str) -> Any:
        if self.dice.random() < 0.02:
            return self._json(1)
        made: Mapping[str, Callable[[], Any]] = {
            "uuid": self._uuid,
            "String": lambda: self.dice.choice(WORDS),
            "Boolean": lambda: self.dice.random() < 0.5,
            "Int": lambda: (
                self.dice.choice((0, 1, 1, 2, 2, 3, 3, 5, 10, 100))
                if self.dice.random() < 0.95
                else self.dice.choice((-1, 2**31))
            ),
            "timestamptz": lambda: self.dice.choice(TIMES),
            "jsonb": lambda: self._json(3),
        }
        return made.get(name, lambda: self.dice.choice(NUMBERS))()

    def _uuid(self) -> str:
        if self.dice.random() < 0.05:
            return self.dice.choice(("x", "", PLAY.upper(), f"{{{PLAY}}}"))
        return self.dice.choice((*IDS, PLAY, PLAY, str(UUID(int=self.dice.getrandbits(128)))))

    def _json(self, depth: int) -> Any:
        match self.dice.randrange(7 if depth else 5):
            case 0:
                return None
            case 1:
                return self.dice.random() < 0.5
            case 2:
                return self.dice.choice(NUMBERS)
            case 3 | 4:
                return self.dice.choice(WORDS)
            case 5:
                return [self._json(depth - 1) for _ in range(self.dice.randrange(3))]
            case _:
                return {
                    self.dice.choice(("a", "b", "0", "", "data", "_eq", "é")): self._json(depth - 1) for _ in range(2)
                }

    def _spoiled(self, text: str) -> str:
        """The document with a token gone, doubled, moved, or another's."""
        tokens = _token.findall(text)
        place, other = self.dice.randrange(len(tokens)), self.dice.randrange(len(tokens))
        match self.dice.randrange(5):
            case 0:
                del tokens[place]
            case 1:
                tokens.insert(place, tokens[other])
            case 2:
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case 3:
                tokens[place] = self.dice.choice(
                    ("null", "{}", "[]", "x", "$x", "1", '"x"', "...", "@x", "-1e999", "__typename")
                )
            case _:
                tokens = tokens[:place]
        return " ".join(tokens)


def _leaf(kind: Any) -> bool:
    while isinstance(kind, GraphQLList | GraphQLNonNull):
        kind = kind.of_type
    return is_leaf_type(kind)


def _literal(value: Any) -> str:
    match value:
        case Name(text):
            return text
        case dict():
            inside = (
                f"{name}: {_literal(item)}"
                for name, item in value.items()
                if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)
            )
            return f"{{{', '.join(inside)}}}"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case _:
            return json.dumps(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def requests(schema: GraphQLSchema, count: int, seed: int) -> Sequence[dict[str, Any]]:
    """So many requests."""
    made = Documents(schema, random.Random(seed))
    return [made.request() for _ in range(count)]
