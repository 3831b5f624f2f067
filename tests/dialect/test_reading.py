"""What a document means, as statements."""

import pytest

from deeplinks.dialect.operation import Introspection
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.statements import ALWAYS, And, ByKey, Compare, Not, Or, Pick, Related, Select, Typename
from deeplinks.dialect.values import Value
from tests.dialect.reading import operation, statement


def where(text: str, **values: Value) -> object:
    declared = "".join(f"${name}: deep_links_bool_exp " for name in values)
    read = statement(f"query {f'({declared})' if declared else ''} {{ deep_links(where: {text}) {{ id }} }}", **values)
    assert isinstance(read, Select)
    return read.where


def refused(text: str, **values: Value) -> RequestError:
    with pytest.raises(RequestError) as caught:
        plan = operation(text, values)
        for field in plan.fields:
            assert isinstance(field.statement, Select)
            for part in parts(field.statement.where):
                part.operand.value(values)
    return caught.value


def parts(condition: object) -> list[Compare]:
    if isinstance(condition, Compare):
        return [condition]
    return [compare for part in getattr(condition, "parts", ()) for compare in parts(part)]


@pytest.mark.parametrize("text", ["null", "{}", "{_and: []}", "{id: {}}", "{id: null}", "{_and: null}"])
def test_a_condition_that_says_nothing_is_always_true(text: str) -> None:
    assert flat(where(text)) == ALWAYS


def flat(condition: object) -> object:
    """Without ANDs of nothing inside ANDs."""
    if isinstance(condition, And):
        kept = [part for part in map(flat, condition.parts) if part != ALWAYS]
        return kept[0] if len(kept) == 1 else And(tuple(kept))
    return condition


def test_or_of_nothing_is_never_true() -> None:
    assert flat(where("{_or: []}")) == Or(())


def test_not_of_an_empty_object_is_never_true() -> None:
    assert flat(where("{_not: {}}")) == Not(And(()))


def test_an_object_for_a_list_is_a_list_of_one() -> None:
    assert where("{_or: {id: {}}}") == where("{_or: [{id: {}}]}")


def test_a_relation_in_a_condition_asks_for_a_row_at_its_other_side() -> None:
    condition = flat(where("{string: {}}"))

    assert isinstance(condition, Related)
    assert (condition.relation.name, condition.condition) == ("string", ALWAYS)


def test_a_whole_condition_may_be_a_variable() -> None:
    assert where("$w", w={"_or": []}) == where("{_or: []}")


@pytest.mark.parametrize(
    ("text", "values", "path"),
    [
        ("{ deep_links(where: {id: {_eq: null}}) { id } }", {}, "$.selectionSet.deep_links.args.where.id._eq"),
        (
            "query ($x: uuid) { deep_links(where: {id: {_eq: $x}}) { id } }",
            {},
            "$.selectionSet.deep_links.args.where.id._eq",
        ),
        ("{ deep_links(where: {id: {_in: null}}) { id } }", {}, "$.selectionSet.deep_links.args.where.id._in"),
        (
            '{ deep_links(where: {id: {_in: ["a", null]}}) { id } }',
            {},
            "$.selectionSet.deep_links.args.where.id._in[1]",
        ),
        (
            "{ deep_links(where: {_i: {_is_null: null}}) { id } }",
            {},
            "$.selectionSet.deep_links.args.where._i._is_null",
        ),
        ("{ deep_links(where: {id: {_foo: 1}}) { id } }", {}, "$.selectionSet.deep_links.args.where.id._foo"),
        ("{ deep_links(where: {nope: {}}) { id } }", {}, "$.selectionSet.deep_links.args.where.nope"),
        ("{ deep_links(where: {_or: [null]}) { id } }", {}, "$.selectionSet.deep_links.args.where._or[0]"),
        ("{ deep_links(where: {id: {_eq: 1}}) { id } }", {}, "$.selectionSet.deep_links.args.where.id._eq"),
        ("{ deep_links(where: {_i: {_eq: true}}) { id } }", {}, "$.selectionSet.deep_links.args.where._i._eq"),
        ("{ deep_links(order_by: {nope: asc}) { id } }", {}, "$.selectionSet.deep_links.args.order_by.nope"),
        ("{ deep_links(order_by: {id: up}) { id } }", {}, "$.selectionSet.deep_links.args.order_by.id"),
        ("{ deep_links(order_by: {out: {id: asc}}) { id } }", {}, "$.selectionSet.deep_links.args.order_by.out"),
        ("{ deep_links(no: 1) { id } }", {}, "$.selectionSet.deep_links.args.no"),
        ("{ deep_links { nope } }", {}, "$.selectionSet.deep_links.selectionSet.nope"),
        ("{ nope { id } }", {}, "$.selectionSet.nope"),
        ("{ deep_changes_by_pk(n: 1) { n } }", {}, "$.selectionSet.deep_changes_by_pk.args._deep"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(text: str, values: dict[str, Value], path: str) -> None:
    error = refused(text, **values)

    assert (error.extension_code, error.path) == ("validation-failed", path)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{ deep_links { id } }", {"a": 1}),
        ("query ($x: uuid!) { deep_links { id } }", {}),
        ("query ($x: uuid!) { deep_links { id } }", {"x": None}),
        ("query A { deep_links { id } } query B { deep_links { id } }", {}),
        ("fragment F on deep_links { id }", {}),
        ("{ deep_links { ...F } }", {}),
        ("query ($s: Boolean) { deep_links { id @skip(if: $s) } }", {}),
        ("{ a: deep_links { id } a: deep_spaces { id } }", {}),
    ],
)
def test_a_request_that_does_not_hold_together_is_refused(text: str, values: dict[str, Value]) -> None:
    assert refused(text, **values).extension_code == "validation-failed"


def test_an_operation_is_found_by_its_name() -> None:
    read = operation("query A { deep_links { id } } query B { deep_spaces { id } }", name="B")

    assert [field.key for field in read.fields] == ["deep_spaces"]


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(RequestError, match='no such operation found in the document: "C"'):
        operation("query A { deep_links { id } }", name="C")


def test_aliases_fragments_and_repeats_become_one_selection_in_written_order() -> None:
    read = statement(
        """
        query ($yes: Boolean = true) {
          deep_links { b: _i ...F ... on deep_links { __typename } ... @skip(if: $yes) { _to } }
          deep_links { _from @include(if: $yes) }
        }
        fragment F on deep_links { id b: _i }
        """
    )
    assert isinstance(read, Select)

    assert [item.key for item in read.selection] == ["b", "id", "__typename", "_from"]
    assert [type(item) for item in read.selection] == [Pick, Pick, Typename, Pick]


def test_a_fragment_on_another_type_is_dropped() -> None:
    read = statement("{ deep_links { id ... on deep_strings { _data } } }")
    assert isinstance(read, Select)

    assert [item.key for item in read.selection] == ["id"]


def test_keys_of_one_order_keep_their_written_order() -> None:
    read = statement("{ deep_links(order_by: {_to: desc, _i: asc, type: {id: asc_nulls_first}}) { id } }")
    assert isinstance(read, Select)

    assert [(key.column.name, key.descending, key.nulls_first) for key in read.order_by] == [
        ("_to", True, True),
        ("_i", False, False),
        ("id", False, True),
    ]


def test_a_key_of_several_columns_takes_all_of_them() -> None:
    read = statement('{ deep_batches_by_pk(_deep: "d", client: "c", seq: 1) { seq } }')
    assert isinstance(read, ByKey)

    assert [compare.column.name for compare in read.key] == ["_deep", "client", "seq"]


def test_questions_about_the_schema_are_somebody_elses() -> None:
    read = operation("{ __schema { queryType { name } } deep_links { id } }")

    assert read.introspects
    assert isinstance(read.fields[0].statement, Introspection)


@pytest.mark.parametrize(
    "text",
    [
        "mutation { insert_deep_changes(objects: []) { affected_rows } }",
        "mutation { delete_deep_spaces(where: {}) { affected_rows } }",
        "mutation { update_deep_batches(where: {}, _set: {}) { affected_rows } }",
        "{ deep_tombstones { id } }",
    ],
)
def test_only_the_verbs_of_a_table_are_there(text: str) -> None:
    with pytest.raises(RequestError, match="not found in type"):
        operation(text)


def test_a_mutations_null_condition_is_refused() -> None:
    with pytest.raises(RequestError, match="unexpected null"):
        operation("mutation ($w: deep_links_bool_exp!) { delete_deep_links(where: null) { affected_rows } }", {"w": {}})
