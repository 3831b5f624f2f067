"""The in-process transport: the same answers as over HTTP, over no port."""

import gql
import pytest
from gql.transport.exceptions import TransportQueryError

from deeplinks.server.app import create_app
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from tests.server.asked import new

INSERT = gql.gql(
    """mutation ($links: [deep_links_insert_input!]!, $numbers: [deep_numbers_insert_input!]!) {
      insert_deep_links(objects: $links) { returning { id } }
      insert_deep_numbers(objects: $numbers) { returning { _data } }
    }"""
)
LONG = "123456789012345678901234567890.5"


def rows() -> dict[str, object]:
    id, space = new(), new()
    return {"links": [{"id": id, "_deep": space}], "numbers": [{"id": id, "_data": LONG}]}


async def execute(
    transport: InProcessTransport, document: gql.GraphQLRequest, **variables: object
) -> dict[str, object]:
    async with gql.Client(transport=transport) as session:
        return await session.execute(gql.GraphQLRequest(document, variable_values=variables))


async def test_a_request_is_answered_without_a_port(engine: Engine) -> None:
    given = rows()
    transport = InProcessTransport(engine, {"X-Hasura-Stringify-Numeric-Types": "true"})
    answer = await execute(transport, INSERT, **given)

    assert answer == {
        "insert_deep_links": {"returning": [{"id": given["links"][0]["id"]}]},
        "insert_deep_numbers": {"returning": [{"_data": LONG}]},
    }


async def test_numbers_keep_their_digits_as_strings_unless_the_headers_say_otherwise(engine: Engine) -> None:
    plain = InProcessTransport(engine, {"x-hasura-stringify-numeric-types": "false"})
    text = await execute(InProcessTransport(engine), gql.gql("{ deep_links(limit: 1, order_by: {_i: asc}) { _i } }"))
    assert text == {"deep_links": [{"_i": "1"}]}
    answer = await execute(plain, gql.gql("{ deep_links(limit: 1, order_by: {_i: asc}) { _i } }"))

    assert answer == {"deep_links": [{"_i": 1}]}


async def test_an_app_will_do_for_an_engine(engine: Engine) -> None:
    transport = InProcessTransport(create_app(engine.settings, engine))

    assert await execute(transport, gql.gql("{ __typename }")) == {"__typename": "query_root"}


async def test_the_same_session_rules_hold(database_url: str) -> None:
    async with open_engine(Settings(database_url=database_url, admin_secret="right")) as engine:
        right = InProcessTransport(engine, {"X-Hasura-Admin-Secret": "right"})
        wrong = InProcessTransport(engine, {"x-hasura-admin-secret": "wrong"})

        assert await execute(right, gql.gql("{ __typename }"))
        with pytest.raises(TransportQueryError) as caught:
            await execute(wrong, gql.gql("{ __typename }"))

    assert caught.value.errors is not None
    assert caught.value.errors[0]["extensions"]["code"] == "access-denied"


async def test_errors_come_as_a_server_sends_them(engine: Engine) -> None:
    given = rows()
    transport = InProcessTransport(engine)
    await execute(transport, INSERT, **given)
    with pytest.raises(TransportQueryError) as caught:
        await execute(transport, INSERT, **given)

    assert caught.value.errors is not None
    assert caught.value.errors[0]["extensions"]["constraint"] == "links_pkey"


async def test_an_operation_is_chosen_by_name(engine: Engine) -> None:
    document = gql.gql("query A { a: __typename } query B { b: __typename }")
    async with gql.Client(transport=InProcessTransport(engine)) as session:
        answer = await session.execute(gql.GraphQLRequest(document, operation_name="B"))

    assert answer == {"b": "query_root"}


NUMBERS = gql.gql("subscription ($space: uuid!) { deep_changes(where: {_deep: {_eq: $space}}) { n } }")


async def test_a_subscription_goes_on_without_a_port(engine: Engine) -> None:
    given = rows()
    (link,) = given["links"]  # type: ignore[misc]
    transport = InProcessTransport(engine)
    async with gql.Client(transport=transport) as session:
        subscription = session.subscribe(gql.GraphQLRequest(NUMBERS, variable_values={"space": link["_deep"]}))
        assert await anext(subscription) == {"deep_changes": []}
        await session.execute(gql.GraphQLRequest(INSERT, variable_values=given))

        assert {"n": "1"} in (await anext(subscription))["deep_changes"]
        await subscription.aclose()


async def test_a_subscription_is_admitted_by_the_same_rules(database_url: str) -> None:
    async with (
        open_engine(Settings(database_url=database_url, admin_secret="right")) as engine,
        gql.Client(transport=InProcessTransport(engine)) as session,
    ):
        with pytest.raises(TransportQueryError, match="access-denied"):
            await anext(session.subscribe(gql.GraphQLRequest(NUMBERS, variable_values={"space": new()})))


async def test_a_wrong_subscription_is_an_error(engine: Engine) -> None:
    async with gql.Client(transport=InProcessTransport(engine)) as session:
        with pytest.raises(TransportQueryError, match="validation-failed"):
            await anext(session.subscribe(gql.gql("subscription { nothing }")))
