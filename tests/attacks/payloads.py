"""Texts that want to be something else: SQL, GraphQL, JSON, patterns, formats, headers; some thousand of them, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

STATEMENTS = (
    "drop schema deep cascade",
    "delete from deep.links",
    "update deep.strings set _data = 'taken'",
    "select pg_sleep(5)",
    "select version()",
    "copy deep.links to program 'id'",
    "set role postgres",
    "insert into deep.links (_deep) values (gen_random_uuid())",
    "commit",
    "rollback",
    "listen x",
    "do $$ begin raise exception 'in' using errcode = '42601'; end $$",
)
OPENINGS = (
    *(
        "'",
        "''",
        '"',
        '""',
        "`",
        "\\",
        "\\'",
        "'\\''",
        "E'",
        "U&'\\0027",
        "$$",
        "$a$",
        "$1",
        "$1::text",
        ";",
        ")",
        "))",
        "')",
    ),
    *(
        "'))",
        '")',
        '"}',
        '"}}',
        "]",
        "}",
        "\u02bc",
        "\u2019",
        "\uff07",
        "\u0027",
        "%27",
        "%c0%a7",
        "\u0000",
        "\x1a",
        "\u202e",
    ),
    *(
        "--",
        "/*",
        "*/",
        "#",
        "\r\n",
        "\n",
        "\t",
        "null",
        "'||",
        "' || '",
        "\\x27",
        "\ud800",
        "\udc00'",
        "\ufeff",
        "\U0001f4a5",
    ),
)
MIDDLES = ("", " ", "/**/", ";", " union all ", " or ", " and ", "||", ");", ";--", "\n", "\u00a0", "';", '";')
ENDINGS = (
    *(
        "",
        "--",
        "-- ",
        "/*",
        "#",
        "'",
        '"',
        "$$",
        "$a$",
        ";",
        "\\",
        "\u0000",
        "%",
        "_",
        "')--",
        '")--',
        "::text",
        " --\n",
    ),
    *(" limit 1", "'='", "' or '1'='1", ") returning *", "}", "'::uuid", "\r\nx-hasura-role: admin"),
)
SPECIMENS = (
    *("' or 1=1 --", '" or ""="', "1; drop table links", "1) or (1=1", "x' and 1=cast((select version()) as int)--"),
    *(
        "%s",
        "%(x)s",
        "%n%n%n%n",
        "{0}",
        "{x.__class__}",
        "${7*7}",
        "#{7*7}",
        "{{7*7}}",
        "%1$s",
        "{",
        "}",
        "%",
        "\\%",
        "\\_",
    ),
    *(
        "$",
        "$.",
        "$.a",
        "$[*]",
        "$.**",
        "$.a ? (@ > 1)",
        "strict $.a",
        "lax $",
        "a.b[0]",
        '$."a',
        "$['a",
        "a[",
        "[0",
        "..",
        "['x y']",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "*",
        "+",
        "?",
        "(a+)+$",
        "(((a{1,99}){1,99}){1,99})",
        "[[:alpha:]",
        "\\",
        "\\\\",
        "a\\",
        "(?i)x",
        "***=x",
    ),
    *("[[.x.]]", "\\y", "{1,}", "a{2,1}", "(?#x)", "(?<=x)", "\\1", "%\\", "_\\", "||", "|", "^", "$$"),
    *(
        "__typename",
        "query",
        "mutation",
        "on",
        "fragment x on deep_links { id }",
        "}{",
        "{__schema{types{name}}}",
        "@include",
    ),
    *(
        "id) { id } x: deep_links(where: {",
        '"""',
        '\\"""',
        '""" }',
        "# x",
        "...",
        "...on deep_links{id}",
        "$v",
        "!",
        "=",
        ",,",
        "&",
    ),
    *(
        '{"a": 1}',
        "[1, 2",
        '{"a":',
        "NaN",
        "Infinity",
        "-0",
        "1e400",
        "0x10",
        "1_000",
        "\u0661",
        "true",
        "1.0e-400",
        " 1 ",
        "+1",
    ),
    *("9" * 400, "1" + "0" * 140_000, "00000000-0000-0000-0000-000000000000", "{f0000000-0000-4000-8000-000000000000}"),
    *("now()", "epoch", "infinity", "-infinity", "today", "4714-11-24 BC", "294277-01-01", "2020-02-30", "allballs"),
    *(
        "x-hasura-admin-secret: x",
        "\r\n\r\n{}",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "A" * 100_000,
        "\u00e9" * 9_000,
    ),
    *(
        "'" * 5_000,
        '"' * 5_000,
        "\\" * 5_000,
        "(" * 5_000,
        "{" * 5_000,
        "-- " * 2_000,
        "\u0000" * 100,
        "",
        " ",
        "\u200b",
        "\u0301",
    ),
    *(
        "constructor",
        "__proto__",
        "links_pkey",
        '"deep"."links"',
        "deep.links",
        "pg_catalog.pg_class",
        "excluded",
        "t",
        "touched",
    ),
)


def payloads(count: int, seed: int, specimens: int = len(SPECIMENS)) -> Iterator[str]:
    """So many of them: specimens first, then openings, statements and endings put together, some of them mangled."""
    dice = random.Random(seed)
    chosen = dice.sample(SPECIMENS, min(count, specimens))
    yield from chosen
    for _ in range(count - len(chosen)):
        made = dice.choice(OPENINGS) + dice.choice(MIDDLES) + dice.choice(STATEMENTS) + dice.choice(ENDINGS)
        yield _mangled(made, dice) if dice.random() < 0.4 else made


def _mangled(text: str, dice: random.Random) -> str:
    match dice.randrange(6):
        case 0:
            return "".join(letter.upper() if dice.random() < 0.5 else letter for letter in text)
        case 1:
            return text.replace(" ", dice.choice(("/**/", "\t", "\n", "\u00a0", "+")))
        case 2:
            place = dice.randrange(len(text) + 1)
            return text[:place] + dice.choice(OPENINGS) + text[place:]
        case 3:
            return text * dice.randrange(2, 20)
        case 4:
            return "".join(f"\\u{ord(letter):04x}" for letter in text if ord(letter) < 0x10000)
        case _:
            return dice.choice(OPENINGS) * dice.randrange(1, 40) + text
