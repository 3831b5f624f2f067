"""`python -m deeplinks.server.export` writes `graphql/schema.graphql`: the schema as served.

The server. A test holds the file to the schema; nobody writes it by hand.
"""

from __future__ import annotations

from deeplinks import resources
from deeplinks.server.schema import make_schema

HEADER = "# Made by `python -m deeplinks.server.export` from deeplinks/tables.py; a test holds it to the schema as served.\n\n"


def sdl() -> str:
    """The schema in GraphQL's schema language."""
    return f"{HEADER}{make_schema().as_str()}\n"


def main() -> None:
    """Write the file."""
    (resources.folder("graphql") / "schema.graphql").write_text(sdl(), encoding="utf-8")


if __name__ == "__main__":
    main()
