"""Statements read over plain dicts: the same meaning as their SQL, slower and simpler, to be held against it.

The dialect. Tables come in, rows come out: no I/O, no clock; what a database adds by itself is for the tables to know.
"""

from __future__ import annotations

from deeplinks.dialect.interpret.faults import NotInterpretedError, ViolationError
from deeplinks.dialect.interpret.root import interpret
from deeplinks.dialect.interpret.tables import Found, Key, Row, Sought, Tables

__all__ = ["Found", "Key", "NotInterpretedError", "Row", "Sought", "Tables", "ViolationError", "interpret"]
