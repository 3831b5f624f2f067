"""The command line: `deeplinks serve`, `migrate`, `prune`, `verify`, `doctor`, `load`, `watch`, `demo`, `hasura-metadata`,
`permissions`, `version`.

A face: each command reads options, calls one verb and prints. It decides nothing, and no query or row is made here.
"""

from __future__ import annotations

# In the order in which they are told of.
from deeplinks.cli import serving as serving  # isort: skip
from deeplinks.cli import keeping as keeping  # isort: skip
from deeplinks.cli import looking as looking  # isort: skip
from deeplinks.cli import reading as reading  # isort: skip
from deeplinks.cli import showing as showing  # isort: skip
from deeplinks.cli.group import cli

__all__ = ["cli"]
