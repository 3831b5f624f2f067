"""What commands take that read a space from a server.

A face: options, and nothing that is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click

SERVED: Final = "http://127.0.0.1:8080/v1/graphql"


def of_a_space(command: Callable[..., None]) -> Callable[..., None]:
    """What a command that reads a space from a server takes."""
    options = (
        click.argument("space"),
        click.option(
            "--url",
            envvar="DEEPLINKS_URL",
            default=SERVED,
            show_default=True,
            show_envvar=True,
            help="GraphQL endpoint.",
        ),
        click.option(
            "--secret", envvar="HASURA_GRAPHQL_ADMIN_SECRET", show_envvar=True, help="The server's admin secret."
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line; a Decimal's digits are a text."),
    )
    for option in reversed(options):
        command = option(command)
    return command
