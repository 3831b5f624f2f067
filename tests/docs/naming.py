"""Tests as pages name them, `path::name`, and whether they are there."""

import ast
import re
from functools import cache

from tests.processes import ROOT

NAMED = re.compile(r"`((?:tests|benchmarks)/[\w/.]+\.py)::(\w+)`")


@cache
def tests_in(path: str) -> frozenset[str]:
    """The tests of a file, those of classes too; none where there is no file."""
    file = ROOT / path
    if not file.exists():
        return frozenset()
    found = ast.walk(ast.parse(file.read_text()))
    functions = (one for one in found if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(one.name for one in functions if one.name.startswith("test_"))


def missing(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in tests_in(path)]
