"""Who may ask: the admin secret, and roles."""

import pytest

from deeplinks.dialect.refusal import RequestError
from deeplinks.server.access import Admission
from deeplinks.server.settings import Settings
from tests.asking import post

OPEN, CLOSED = Settings(), Settings(admin_secret="right")
QUERY = "{ deep_links(limit: 0) { id } }"


def test_without_a_secret_everybody_is_admin() -> None:
    assert Admission(OPEN).admit({}).role == "admin"


def test_without_a_secret_a_role_may_be_chosen() -> None:
    assert Admission(OPEN).admit({"x-hasura-role": "user"}).role == "user"


@pytest.mark.parametrize("header", ["x-hasura-admin-secret", "x-hasura-access-key"])
def test_the_right_secret_is_admin(header: str) -> None:
    assert Admission(CLOSED).admit({header: "right"}).role == "admin"


@pytest.mark.parametrize("given", ["wrong", "", "Right", "right ", "righ", "ré\udcff"])
def test_a_wrong_secret_is_refused(given: str) -> None:
    with pytest.raises(RequestError) as caught:
        Admission(CLOSED).admit({"x-hasura-admin-secret": given})

    assert (caught.value.extension_code, caught.value.path) == ("access-denied", "$")
    assert "right" not in str(caught.value)


def test_no_secret_where_one_is_asked_is_refused() -> None:
    with pytest.raises(RequestError, match="required, but not found"):
        Admission(CLOSED).admit({"x-hasura-role": "admin"})


def test_session_variables_are_the_headers_and_never_the_secret() -> None:
    session = Admission(CLOSED).admit({"x-hasura-admin-secret": "right", "x-hasura-user-id": "7", "accept": "*/*"})

    assert session.variables == {"x-hasura-user-id": "7"}


def test_a_request_may_want_numbers_as_strings() -> None:
    assert Admission(OPEN).admit({"x-hasura-stringify-numeric-types": "true"}).stringify_numerics
    assert not Admission(OPEN).admit({"x-hasura-stringify-numeric-types": "no"}).stringify_numerics


async def test_an_endpoint_with_a_secret_answers_those_who_know_it(secret_endpoint: str) -> None:
    assert await post(secret_endpoint, QUERY, {"X-Hasura-Admin-Secret": "right"}) == {"data": {"deep_links": []}}


@pytest.mark.parametrize("headers", [{}, {"x-hasura-admin-secret": "wrong"}])
@pytest.mark.parametrize("query", [QUERY, "{ __schema { queryType { name } } }", "{ nope", ""])
async def test_an_endpoint_with_a_secret_tells_others_nothing(
    secret_endpoint: str, headers: dict[str, str], query: str
) -> None:
    answer = await post(secret_endpoint, query, headers)

    assert answer.keys() == {"errors"}
    assert answer["errors"][0]["extensions"] == {"code": "access-denied", "path": "$"}


async def test_a_role_without_permissions_finds_no_fields(endpoint: str) -> None:
    answer = await post(endpoint, QUERY, {"x-hasura-role": "user"})

    assert answer["errors"][0]["extensions"]["code"] == "validation-failed"
    assert "'deep_links'" in answer["errors"][0]["message"]
    assert "'query_root'" in answer["errors"][0]["message"]
