"""Debugging by the environment: `DEBUG=deeplinks:*` makes the loggers of these names talk.

The ground. It knows the names of loggers and nothing of what they say; people's own logging is left as they set it up.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Final

ROOT: Final = "deeplinks"
FORMAT: Final = "%(asctime)s.%(msecs)03d %(debug_name)s %(message)s"
TIME: Final = "%H:%M:%S"


class _Speaking(logging.Handler):
    """Lines on standard error, under the names that `DEBUG` takes, for whoever has set up no logging of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT, TIME))

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            record.debug_name = record.name.replace(".", ":")
            sys.stderr.write(f"{self.format(record)}\n")


_handler = _Speaking()


def switch_on(environment: Mapping[str, str] | None = None) -> list[str]:
    """Have the loggers speak that `DEBUG` names, and give their names; a second time changes nothing.

    Names are parted by commas or spaces: `deeplinks:*` and `*` are all, `deeplinks:sync` a room with all in it,
    `-deeplinks:sync:follower` what stays silent. Names of others mean others, and are passed over.
    """
    text = (os.environ if environment is None else environment).get("DEBUG", "")
    words = [word for word in re.split(r"[\s,]+", text) if word]
    loud = [name for word in words if (name := _logger_name(word)) is not None]
    if loud:
        logging.getLogger(ROOT).addHandler(_handler)
    for name in loud:
        logging.getLogger(name).setLevel(logging.DEBUG)
    for word in words:
        if word.startswith("-") and (name := _logger_name(word[1:])) is not None:
            logging.getLogger(name).setLevel(logging.WARNING)
    return loud


def _logger_name(word: str) -> str | None:
    name = word.removesuffix("*").rstrip(":").replace(":", ".")
    if word == "*":
        return ROOT
    return name if name == ROOT or name.startswith(f"{ROOT}.") else None
