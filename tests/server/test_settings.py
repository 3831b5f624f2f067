"""What a server is told, and what it will not be told."""

from dataclasses import replace

import pytest

from deeplinks.errors import SettingsError
from deeplinks.server.serve import running, serve
from deeplinks.server.settings import Settings


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_env(
        {
            "DATABASE_URL": "postgresql://x/y",
            "HASURA_GRAPHQL_ADMIN_SECRET": "s",
            "HOST": "0.0.0.0",
            "PORT": "9090",
            "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "true",
            "HASURA_GRAPHQL_DEV_MODE": "false",
            "LOG_FORMAT": "json",
            "LOG_REQUESTS": "false",
            "METRICS": "off",
            "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "1500",
        }
    )

    expected = Settings("postgresql://x/y", "s", "0.0.0.0", 9090, stringify_numerics=True, refetch_interval=1.5)
    assert settings == replace(expected, log_form="json")


def test_an_empty_environment_is_loopback_with_figures_and_a_log_of_requests() -> None:
    assert Settings.from_env({}) == Settings(host="127.0.0.1", port=8080, log_requests=True, metrics=True)


@pytest.mark.parametrize(
    "environment",
    [
        {"HASURA_GRAPHQL_ADMIN_SECRET": ""},
        {"HASURA_GRAPHQL_ADMIN_SECRET": "  "},
        {"PORT": "x"},
        {"HASURA_GRAPHQL_DEV_MODE": "maybe"},
        {"HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "0"},
    ],
)
def test_a_setting_that_says_nothing_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.from_env(environment)


def test_a_secret_is_never_shown() -> None:
    assert "hidden" not in repr(Settings("postgresql://u:hidden@h/d", "hidden"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_is_served_without_a_secret(host: str) -> None:
    Settings(host=host).check_reach()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
async def test_nothing_else_is(host: str) -> None:
    with pytest.raises(SettingsError, match="only loopback is served"):
        await serve(Settings(host=host, database_url="postgresql://x/y"))
    with pytest.raises(SettingsError):
        async with running(Settings(host=host, database_url="postgresql://x/y")):
            pass


async def test_a_server_without_a_database_says_so() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await serve(Settings())
