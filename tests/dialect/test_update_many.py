"""When many updates are one statement."""

import pytest

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Value
from tests.dialect.reading import steps

A, B, SPACE = (f"{digit}1111111-1111-4111-8111-111111111111" for digit in "abd")
MANY = (
    "mutation ($u: [deep_links_updates!]!) { update_deep_links_many(updates: $u) { affected_rows returning { id } } }"
)


def update(id: str, /, **values: Value) -> dict[str, Value]:
    return {"where": {"_deep": {"_eq": SPACE}, "id": {"_eq": id}}, "_set": values}


def test_updates_of_different_rows_by_space_and_id_are_one_statement() -> None:
    assert len(steps(MANY, u=[update(A, _to=None), update(B, _from=A)])) == 1


@pytest.mark.parametrize(
    "updates",
    [
        [update(A, _to=B), update(A, _from=B)],
        [update(A, _to=B), update(A.upper(), _to=A)],
        [update(A, _to=B), {"where": {"id": {"_eq": B}}, "_set": {"_to": A}}],
        [update(A, _to=B), {"where": {"id": {"_eq": B}, "_deep": {"_eq": SPACE}, "_to": {}}, "_set": {"_to": A}}],
        [update(A, _to=B), {"where": {"id": {"_eq": B}, "_deep": {"_gt": SPACE}}, "_set": {"_to": A}}],
        [update(A, _to=B), update(B)],
        [update(A, _to=B), update(B, id=A)],
        [update(A, _to=B), update("not an id", _to=A)],
    ],
)
def test_anything_else_is_made_one_by_one(updates: list[Value]) -> None:
    assert len(steps(MANY, u=updates)) == len(updates)


def test_an_answer_that_follows_relations_is_made_one_by_one() -> None:
    text = MANY.replace("{ id }", "{ id type { id } }")

    assert len(steps(text, u=[update(A, _to=B), update(B, _to=A)])) == 4


@pytest.mark.parametrize(
    ("updates", "path"),
    [
        ([{"_set": {}}], "updates[0].where"),
        ([{"where": {}, "_append": {}}], "updates[0]._append"),
        ([update(A, _to=B), update(B, nope=A)], "updates[1]._set.nope"),
        ([update(A, _to=B), update(B, _to=1)], "updates[1]._set._to"),
        ([{"where": {"nope": {}}, "_set": {}}], "updates[0].where.nope"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(updates: list[Value], path: str) -> None:
    with pytest.raises(RequestError) as caught:
        steps(MANY, u=updates)

    assert caught.value.path == f"$.selectionSet.update_deep_links_many.args.{path}"
