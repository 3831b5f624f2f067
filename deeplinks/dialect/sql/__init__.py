"""Statements read as SQL: text in which every name is from `tables` and every value is a parameter.

The dialect. Nothing of a request may enter a text but response keys, which are quoted.
"""

from __future__ import annotations

from deeplinks.dialect.sql.root import Query, to_sql
from deeplinks.dialect.sql.streaming import LOST, most_of
from deeplinks.dialect.sql.writer import PREVIOUS, Bound, Hole, Initial, Keyed, Parameter, Recalled, Step

__all__ = [
    "LOST",
    "PREVIOUS",
    "Bound",
    "Hole",
    "Initial",
    "Keyed",
    "Parameter",
    "Query",
    "Recalled",
    "Step",
    "most_of",
    "to_sql",
]
