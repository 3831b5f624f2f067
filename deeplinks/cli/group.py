"""The group that the commands belong to: how errors end it, and what is logged while one runs.

A face: no command is known here.
"""

from __future__ import annotations

import logging
import os
import signal
import sys

import click

import deeplinks
from deeplinks.cli.stopping import heard, stop
from deeplinks.debugging import switch_on
from deeplinks.errors import DeepError


class _Commands(click.Group):
    """Errors of ours end a command with their text and status 1, never with a traceback; being told to stop is none."""

    def invoke(self, ctx: click.Context) -> object:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        # As for Ctrl-C: what was started is stopped on the way out, an embedded PostgreSQL above all.
        with heard(stop, "SIGTERM", "SIGHUP"):
            try:
                return super().invoke(ctx)
            except (DeepError, ImportError) as error:
                click.secho(f"error: {error}", fg="red", err=True)
                sys.exit(1)
            except KeyboardInterrupt:
                stop(signal.SIGINT, None)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(deeplinks.__version__, message="%(version)s")
def cli() -> None:
    """A graph in which everything is a link, kept in PostgreSQL and asked with GraphQL."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    switch_on()
