"""Values as JSON text: one SQL expression a value, by its scalar.

The dialect's SQL. It knows how PostgreSQL spells scalars; where a value comes from is written elsewhere.
"""

from __future__ import annotations

from deeplinks.dialect.sql.writer import Writer

# PostgreSQL's own JSON spelling: text escaped, times in ISO 8601, quotes around NaN and the infinities.
SPELLED = frozenset({"String", "timestamptz", "numeric", "Float"})
NUMBERS = frozenset({"bigint", "numeric", "Float"})


def spelled(writer: Writer, value: str, scalar: str, nullable: bool) -> tuple[str, str, str]:
    """Text before, an expression that is never null, text after."""
    if not _in_quotes(writer, scalar):
        text = f"to_json({value})::text" if scalar in SPELLED else f"{value}::text"
        return "", f"coalesce({text}, 'null')" if nullable else text, ""
    if nullable:
        return "", f"coalesce('\"' || {value}::text || '\"', 'null')", ""
    return '"', f"{value}::text", '"'


def _in_quotes(writer: Writer, scalar: str) -> bool:
    return scalar == "uuid" or (scalar in NUMBERS and writer.session.stringify_numerics)
