"""Lines on standard output, for people or for programs.

A face: it writes what it is given.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable


def put(shown: Iterable[str], as_json: bool) -> None:
    """Lines to standard output, at once: JSON is UTF-8 everywhere, words are spelt out where letters are missing."""
    output = sys.stdout
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")
    output.writelines(f"{line}\n" for line in shown)
    output.flush()
