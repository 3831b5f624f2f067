"""The space outside of which nothing can change a reading: named by its filter, left by its references."""

from typing import Any

import pytest
from graphql import parse

from deeplinks.dialect.operation import choose, read
from deeplinks.dialect.reach import space_of
from deeplinks.dialect.statements import ByKey, Select

SPACE = "0198c0de-0000-7000-8000-00000000000a"
HERE = f'{{_deep: {{_eq: "{SPACE}"}}}}'


def reach(field: str, variables: dict[str, Any] | None = None, declared: str = "") -> str | None:
    document = parse(f"subscription {declared} {{ {field} }}")
    (root,) = read(document, choose(document, None), variables or {}).fields
    assert isinstance(root.statement, Select | ByKey)
    return space_of(root.statement, variables or {})


@pytest.mark.parametrize(
    "field",
    [
        f"deep_links(where: {HERE}) {{ id }}",
        f'deep_links(where: {{_deep: {{_eq: "{SPACE.upper()}"}}}}) {{ id }}',
        f"deep_links(where: {{_and: [{HERE}, {{_i: {{_gt: 1}}}}]}}) {{ id }}",
        f'deep_links(where: {{_deep: {{_eq: "{SPACE}", _neq: "{SPACE}"}}}}) {{ id }}',
        f"deep_links(where: {HERE}) {{ string {{ _data }} number(where: {{_data: {{_gt: 1}}}}) {{ link {{ id }} }} }}",
        f'deep_strings(where: {{_deep: {{_eq: "{SPACE}"}}, link: {{_i: {{_gt: 0}}}}}}, order_by: {{link: {{_i: asc}}}}) {{ id }}',
        f"deep_changes(where: {HERE}, order_by: {{n: desc}}, limit: 1) {{ n tag }}",
        f'deep_changes_by_pk(_deep: "{SPACE}", n: 1) {{ n }}',
    ],
)
def test_one_space(field: str) -> None:
    assert reach(field) == SPACE


@pytest.mark.parametrize(
    "field",
    [
        "deep_links { id }",
        f'deep_links_by_pk(id: "{SPACE}") {{ id }}',
        f"deep_links(where: {{_or: [{HERE}]}}) {{ id }}",
        f"deep_links(where: {{_not: {HERE}}}) {{ id }}",
        f'deep_links(where: {{_deep: {{_in: ["{SPACE}"]}}}}) {{ id }}',
        f'deep_links(where: {{_deep: {{_neq: "{SPACE}"}}}}) {{ id }}',
        'deep_links(where: {_deep: {_eq: "no id"}}) { id }',
        f"deep_links(where: {HERE}) {{ type {{ id }} }}",
        f"deep_links(where: {HERE}) {{ string {{ link {{ out {{ id }} }} }} }}",
        f'deep_links(where: {{_deep: {{_eq: "{SPACE}"}}, in: {{}}}}) {{ id }}',
        f'deep_links(where: {{_deep: {{_eq: "{SPACE}"}}, _not: {{_or: [{{value: {{}}}}]}}}}) {{ id }}',
        f"deep_links(where: {HERE}) {{ string(where: {{link: {{to: {{}}}}}}) {{ id }} }}",
        f"deep_links(where: {HERE}, order_by: {{type: {{_i: asc}}}}) {{ id }}",
        # Their rows change without an entry in the log.
        f'deep_spaces(where: {{id: {{_eq: "{SPACE}"}}}}) {{ name }}',
        f"deep_batches(where: {HERE}) {{ seq }}",
    ],
)
def test_any_space(field: str) -> None:
    assert reach(field) is None


def test_a_variable_is_its_value() -> None:
    field = "deep_links(where: {_deep: {_eq: $space}}) { id }"

    assert reach(field, {"space": SPACE}, "($space: uuid)") == SPACE
