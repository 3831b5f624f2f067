"""Makes docs/reference.md out of docstrings, signatures and the command line's own help: `make docs`.

Beside the package, which never hears of it. What is said of a name is said where the name is; only what has no place of
its own there (event kinds, settings) is said here, and making fails where one is missing.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType

import click

import deeplinks
from deeplinks import EventKind, batch, blocking, errors, testing
from deeplinks.cli import cli
from deeplinks.errors import DeepError
from deeplinks.server.settings import Settings
from deeplinks.space.events import Signals
from deeplinks.storage.protocol import Storage

PAGE = Path(__file__).with_name("reference.md")
TOP = """# Reference

Made from the docstrings by `make docs`; the tests say whether it is up to date. The [tutorial](tutorial.md) is the gentler
way in. What a method raises is said with it; [Errors](#errors) has them all.
"""
# Operators that people use; what Python asks for by itself is left out.
OPERATORS = {"__call__", "__getitem__", "__contains__", "__len__", "__iter__"}

GROUPS: dict[str, list[str]] = {
    "Spaces and associations": ["Deep", "Association", "BackReferences", "FunctionSource"],
    "Queries": ["Q", "Query", "Explanation", "LiveQuery"],
    "Storing, loading, following": [
        "synchronize", "Synchronizer", "load", "open", "LocalGraph", "StorageMarker", "SyncState", "Conflict", "Refusals", "Refusal", "RefusedChange",
        "Attempt",
    ],
    "Events": ["Event", "Subscription", "Change"],
    "Promises": ["Promise", "PromiseStatus", "promise_status"],
}  # fmt: skip

KINDS: dict[str, str] = {
    "constructed": "an association was made",
    "destroyed": "it was destroyed",
    "type_set": "its type was set",
    "type_deleted": "its type was cleared",
    "typed_added": "it got an instance, `item`",
    "typed_deleted": "it lost an instance, `item`",
    "typed_changed": "what it is typed by changed a reference of its own",
    "from_set": "its `from_` was set",
    "from_deleted": "its `from_` was cleared",
    "out_added": "a link, `item`, starts here now",
    "out_deleted": "a link, `item`, starts here no more",
    "out_changed": "what it starts from changed a reference of its own",
    "to_set": "its `to` was set",
    "to_deleted": "its `to` was cleared",
    "in_added": "a link, `item`, ends here now",
    "in_deleted": "a link, `item`, ends here no more",
    "in_changed": "what it ends at changed a reference of its own",
    "value_set": "its value was set",
    "value_deleted": "its value was cleared",
    "valued_added": "it became the value of `item`",
    "valued_deleted": "it is the value of `item` no more",
    "valued_changed": "what is on its value chain changed a reference of its own",
    "data_set": "its data was assigned or cleared",
    "data_add": "`item` came to a collection, or to a live set",
    "data_push": "`item` came to the end of an array",
    "data_delete": "`item` left it",
    "data_clear": "a collection was cleared",
    "item_set": "what is at the place or key `field` is another",
    "data_changed": "the data, or the members, at the end of its value chain are others now",
    "store_added": "it was marked for a storage; `new` is the storage's name and the mark",
    "store_removed": "a mark was taken away; `old` is the storage's name and the mark",
    "db_association_created": "a storage has it now, with its data",
    "db_link_updated": "a storage has its changed references",
    "db_data_updated": "a storage has its changed data",
    "db_association_deleted": "a storage has it no more",
    "db_batch_started": "a batch is sent for the first time; `new` is the `Attempt`",
    "db_batch_completed": "it is committed, and its effects were told",
    "db_batch_failed": "a sending failed; `new.error` says why, `new.number` which sending it was",
}

SETTINGS: dict[str, str] = {
    "DATABASE_URL": "the PostgreSQL to use; without it `deeplinks` runs an embedded one",
    "DEEPLINKS_DATA_DIR": "where the embedded one keeps its data",
    "HASURA_GRAPHQL_ADMIN_SECRET": "the secret that clients must send; without it only this machine is served",
    "HASURA_GRAPHQL_ADMIN_SECRETS": "more of them, as a JSON list, so that secrets can be changed one after another",
    "HASURA_GRAPHQL_JWT_SECRET": "who signs JSON Web Tokens, in Hasura's form",
    "HASURA_GRAPHQL_JWT_SECRETS": "several of them, as a JSON list",
    "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "the role of who brings neither a secret nor a token",
    "DEEPLINKS_PERMISSIONS": "the file that says what each role may",
    "HOST": "the address to listen on",
    "PORT": "the port to listen on",
    "HASURA_GRAPHQL_DEV_MODE": "`true` adds GET, questions about the schema for everybody, and the explorer at `/`",
    "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "`true` answers with numerics and bigints as strings",
    "HASURA_GRAPHQL_CORS_DOMAIN": "the origins whose pages may ask, with commas between them: `https://example.org`,"
    " `https://*.example.org`, or `*` for all",
    "POOL_SIZE": "how many connections to PostgreSQL are kept",
    "STATEMENT_TIMEOUT": "how many seconds any statement may take",
    "HASURA_GRAPHQL_LIVE_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "how often, in milliseconds, commits of other writers are"
    " looked for while somebody subscribes",
    "DEEPLINKS_LEGACY_SOCKETS": "`true` lets sockets speak the older protocol `graphql-ws` too",
    "DEEPLINKS_URL": "the endpoint that `deeplinks load` and `deeplinks watch` ask",
    "LOG_LEVEL": "what is logged, by Python's names of levels",
    "LOG_REQUESTS": "`false` leaves the line of each request out of what `deeplinks serve` logs",
    "LOG_FORMAT": "`json` has `deeplinks serve` log an object a line instead of text",
    "COMPRESS": "`true` has answers of 700 bytes and more compressed for clients that take gzip",
    "METRICS": "`false` leaves `/metrics` out",
    "HASURA_GRAPHQL_METRICS_SECRET": "the token with which `/metrics` may be read beside the admin secret",
}


def make() -> str:
    """The whole page."""
    parts = dict(_parts())
    contents = [f"- [{title}](#{anchor(title)})" for title in parts]
    return "\n".join([TOP, *contents, "", *(f"## {title}\n\n{body.rstrip()}\n" for title, body in parts.items())])


def anchor(title: str) -> str:
    """What a title is called in a link, on GitHub and elsewhere."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _parts() -> Iterator[tuple[str, str]]:
    for title, names in _grouped().items():
        yield title, "\n".join(map(_public, names)) + ("\n" + _events() if title == "Events" else "")
    yield "Storages", "\n".join(_storages())
    yield "deeplinks.blocking", _module(blocking, ["synchronize", "Synchronizer", "load", "wait"])
    yield "deeplinks.testing", _module(testing, testing.__all__)
    yield "Errors", "\n".join(_errors())
    yield "Settings", "\n".join(_settings())
    yield "Command line", "\n".join(_commands())


def _grouped() -> dict[str, list[str]]:
    elsewhere = {
        "DeepError",
        "EventKind",
        "__version__",
        *(name for name in deeplinks.__all__ if name.endswith("Storage")),
    }
    told = {name for names in GROUPS.values() for name in names} | elsewhere
    rest = [name for name in deeplinks.__all__ if name not in told]
    return GROUPS | ({"More": rest} if rest else {})


def _public(name: str) -> str:
    return _thing(name, getattr(deeplinks, name))


# what a name is


def _thing(name: str, thing: object, prefix: str = "") -> str:
    if not inspect.isclass(thing):
        assert callable(thing), name
        wait = "await " if inspect.iscoroutinefunction(thing) else ""
        return f"### `{prefix}{name}`\n\n`{wait}{name}{signature(thing)}`\n\n{doc(thing)}\n"
    made = f"`{name}{_making(thing)}`\n\n" if name in CALLED else ""
    return "\n".join([f"### `{prefix}{name}`\n", made + doc(thing), "", *_members(thing), ""])


def _making(owner: type) -> str:
    own = vars(owner).get("__init__")
    return signature(own) if isinstance(own, FunctionType) else "()"


# What people call; all others are made by verbs.
CALLED = {"Deep", "GraphQLStorage", "MemoryStorage", "Author"}
# What other rooms of the house use, and nobody else needs.
INSIDE = {"instances", "own_data", "restore_times", "touch", "described", "space_of", "check_ungrouped", "end"}


def _members(owner: type) -> Iterator[str]:
    yield from (f"- `{name}`" for name in getattr(owner, "__members__", ()))
    told = _attributes(owner)
    for name, annotation in inspect.get_annotations(owner).items():
        if not name.startswith("_") and (name in told or is_dataclass(owner)):
            yield _item(f"{name}: {_plain(annotation)}", told.get(name, ""))
    for name, member in vars(owner).items():
        if name.startswith("test_"):
            yield f"- {name.removeprefix('test_').replace('_', ' ')}"
        elif _is_public(name, member):
            yield _member(name, member)


def _attributes(owner: type) -> dict[str, str]:
    """The strings under annotated names, which Python itself forgets."""
    [body] = ast.parse(dedent(inspect.getsource(owner))).body
    assert isinstance(body, ast.ClassDef)
    return {
        name.target.id: text.value.value
        for name, text in pairwise(body.body)
        if isinstance(name, ast.AnnAssign) and isinstance(name.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def _is_public(name: str, member: object) -> bool:
    if name.startswith("_") or name in INSIDE:
        return name in OPERATORS and _has_doc(member)
    return inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod)


def _has_doc(member: object) -> bool:
    return bool(getattr(member, "__doc__", None))


def _member(name: str, member: object) -> str:
    if isinstance(member, property):
        returns = inspect.get_annotations(member.fget).get("return") if member.fget else None
        return _item(f"{name}: {_plain(returns)}", doc(member), _setting(member))
    function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
    assert callable(function)
    wait = "await " if inspect.iscoroutinefunction(function) else ""
    return _item(f"{wait}{name}{signature(function)}", doc(function))


def _setting(member: property) -> str:
    return {(True, True): ", to be set and deleted too", (True, False): ", to be set too"}.get(
        (bool(member.fset), bool(member.fdel)), ""
    )


def _item(shown: str, text: str, also: str = "") -> str:
    return f"- `{shown}`{also}" + (f" — {_indented(text)}" if text else "")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines()).lstrip()


def doc(thing: object) -> str:
    """The docstring, its lines as they are written."""
    return inspect.cleandoc(getattr(thing, "__doc__", None) or "")


def signature(function: Callable[..., object]) -> str:
    """Parameters and what comes out, as a person would write them."""
    found = inspect.signature(function)
    shown = [*_parameters(p for p in found.parameters.values() if p.name not in ("self", "cls"))]
    returns = found.return_annotation
    out = "" if returns in (inspect.Signature.empty, None, "None") else f" -> {_plain(returns)}"
    return f"({', '.join(shown)}){out}"


def _parameters(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    last = None
    for one in parameters:
        if last is one.POSITIONAL_ONLY and one.kind is not last:
            yield "/"
        if one.kind is one.KEYWORD_ONLY and last not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            yield "*"
        last = one.kind
        yield _parameter(one)
    if last is inspect.Parameter.POSITIONAL_ONLY:
        yield "/"


def _parameter(one: inspect.Parameter) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    typed = "" if one.annotation is one.empty else f": {_plain(one.annotation)}"
    return f"{stars}{one.name}{typed}" + ("" if one.default is one.empty else f" = {_default(one.default)}")


def _default(value: object) -> str:
    return "…" if type(value).__module__.startswith("deeplinks.space.values") else getattr(value, "name", repr(value))


def _plain(annotation: object) -> str:
    if annotation is None:
        return "None"
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return text.strip("'\"").replace("uuid.UUID", "UUID")


def _module(module: ModuleType, names: Iterable[str]) -> str:
    short = module.__name__.removeprefix("deeplinks.") + "."
    return "\n".join([doc(module) + "\n", *(_thing(name, getattr(module, name), short) for name in names)])


# storages, events, errors, settings, commands


def _storages() -> Iterator[str]:
    yield "A storage of your own is a class with the verbs of `Storage`; [Storages](storages.md) has an example of each kind.\n"
    yield from (_public(name) for name in deeplinks.__all__ if name.endswith("Storage"))
    yield _thing("Storage", Storage, "deeplinks.storage.protocol.")
    for name in ("Batch", "Content", "Written", "Cursor", "Page", "SnapshotRow", "LogEntry"):
        yield _thing(name, getattr(batch, name), "deeplinks.batch.")


def _events() -> str:
    signals = f"### `deep.signals`\n\n{doc(Signals)}\n"
    rows = [f"| `{kind}` | {KINDS[kind]} |" for kind in EventKind]
    return "\n".join([signals, f"### `deep.events`\n\n{doc(EventKind)}\n", "| kind | when |", "|---|---|", *rows, ""])


def _errors() -> Iterator[str]:
    yield "Every error is a `DeepError`, from `deeplinks.errors`; `code` is the same in GraphQL's `extensions.code`, and"
    yield "`facts` has what its text was made of.\n"
    tree = doc(errors).partition("\n\n")[2].partition("\n\n")[2]
    yield f"```text\n{inspect.cleandoc(tree)}\n```\n"
    yield "| error | code | what it says |\n|---|---|---|"
    yield from (f"| `{one.__name__}` | `{one.code}` | {_message(one)} |" for one in tree_of(DeepError))


def tree_of(error: type[DeepError]) -> Iterator[type[DeepError]]:
    """An error and those below it; what a room has for itself alone is left out."""
    if error.__module__ == errors.__name__:
        yield error
    for below in error.__subclasses__():
        yield from tree_of(below)


def _message(error: type[DeepError]) -> str:
    said = " ".join(doc(error).split("\n\n")[0].split())
    return re.sub(r"\{(\w+)[^}]*\}", r"*\1*", said).replace("|", "\\|")


class _Asked(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def get(self, key: str, default: object = None) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.names.append(key)
        return default

    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _settings() -> Iterator[str]:
    yield "From the environment, by Hasura's names where it has one.\n\n| variable | what it says |\n|---|---|"
    asked = _Asked()
    Settings.from_env(asked)
    options = (option.envvar for command in cli.commands.values() for option in command.params)
    for name in dict.fromkeys([*asked.names, *(one for one in options if isinstance(one, str)), *SETTINGS]):
        yield f"| `{name}` | {SETTINGS[name]} |"
    standard = Settings()
    yield f"\nUnless told: host `{standard.host}`, port `{standard.port}`, {standard.pool_size} connections,"
    yield f"{standard.refetch_interval * 1000:.0f} ms, log level `WARNING`."


def _commands() -> Iterator[str]:
    yield f"{cli.help}\n"
    for name, command in cli.commands.items():
        context = click.Context(command, info_name=f"deeplinks {name}")
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield f"### `deeplinks {name}`\n\n`{usage}`\n"
        yield "\n\n".join(map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))) + "\n"
        shown = [record for one in command.params if (record := one.get_help_record(context))]
        yield from (f"- `{option}`: {' '.join(text.split())}" for option, text in shown if text)
        yield ""


def _paragraph(text: str) -> str:
    """A paragraph of click's help; one that is to be left as it is becomes a block."""
    return f"```text\n{dedent(text.strip(chr(8)).strip(chr(10)))}\n```" if text.lstrip().startswith("\b") else text


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if PAGE.read_text() == make() else "docs/reference.md is not what `make docs` makes")
    PAGE.write_text(make())
