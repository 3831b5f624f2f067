"""Requests in the log, for people or for programs; nothing is logged until a program asks for it.

The server. It writes lines; what they tell was measured elsewhere. Neither documents nor values nor secrets may enter.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import orjson

from deeplinks.server.observing import Answered
from deeplinks.server.settings import Form
from deeplinks.server.tracing import current

requests: Final = logging.getLogger("deeplinks.server.requests")
FORMAT: Final = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"
TIME: Final = "%H:%M:%S"


def log(answered: Answered) -> None:
    """One line a request."""
    if not requests.isEnabledFor(logging.INFO):
        return
    trace = current.get()
    facts: dict[str, object] = {
        "kind": answered.kind,
        "operation": answered.name,
        "role": answered.role,
        "code": answered.code,
        "rows": answered.rows,
        "ms": round(answered.seconds * 1000, 2),
        "trace": trace.id if trace else None,
        "request": trace.request if trace else None,
    }
    requests.info("%s", _said(answered), extra={"facts": facts})


def _said(answered: Answered) -> str:
    what = " ".join(filter(None, (answered.kind, answered.name)))
    came = f"{answered.rows} rows" if answered.code is None else answered.code
    trace = current.get()
    return f"{what} by {answered.role}: {came} in {answered.seconds * 1000:.1f} ms{f' [{trace.id}]' if trace else ''}"


class JsonLines(logging.Formatter):
    """A JSON object a line: time, level, logger, message, and the facts of a request."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in getattr(record, "facts", {}).items() if value is not None},
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return orjson.dumps(told, default=str).decode()


def switch_on(form: Form, asked: bool) -> None:
    """Have the log of this process written to its standard error in this form, requests too where they are asked for.

    For the program that serves: a library leaves people's logging as they set it up.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(FORMAT, TIME))
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    if asked:
        requests.setLevel(logging.INFO)
