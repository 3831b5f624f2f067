"""A graph in which everything is a link: build it as Python objects, keep it in PostgreSQL, ask it with GraphQL.

Importing this loads no server, no database driver and no GraphQL client: they come when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from deeplinks.errors import DeepError
from deeplinks.space import (
    Access,
    Association,
    BackReferences,
    Build,
    Change,
    Deep,
    Event,
    EventKind,
    Explanation,
    FunctionSource,
    LiveQuery,
    Promise,
    PromiseStatus,
    Q,
    Query,
    Reason,
    StorageMarker,
    Subscription,
    SyncState,
    diff,
    promise_status,
)

if TYPE_CHECKING:
    from deeplinks.doctor import Diagnosis, diagnose
    from deeplinks.storage.graphql import GraphQLStorage
    from deeplinks.storage.memory import MemoryStorage
    from deeplinks.sync import (
        Attempt,
        Conflict,
        LocalGraph,
        Progress,
        Refusal,
        Refusals,
        RefusedChange,
        Report,
        Synchronizer,
        Work,
        load,
        open,
        synchronize,
    )

__version__ = "0.1.0"

_LAZY = {
    "Attempt": "deeplinks.sync",
    "Conflict": "deeplinks.sync",
    "Diagnosis": "deeplinks.doctor",
    "GraphQLStorage": "deeplinks.storage.graphql",
    "LocalGraph": "deeplinks.sync",
    "MemoryStorage": "deeplinks.storage.memory",
    "Progress": "deeplinks.sync",
    "Refusal": "deeplinks.sync",
    "Refusals": "deeplinks.sync",
    "RefusedChange": "deeplinks.sync",
    "Report": "deeplinks.sync",
    "Synchronizer": "deeplinks.sync",
    "Work": "deeplinks.sync",
    "diagnose": "deeplinks.doctor",
    "load": "deeplinks.sync",
    "open": "deeplinks.sync",
    "synchronize": "deeplinks.sync",
}

__all__ = [
    "Access",
    "Association",
    "Attempt",
    "BackReferences",
    "Build",
    "Change",
    "Conflict",
    "Deep",
    "DeepError",
    "Diagnosis",
    "Event",
    "EventKind",
    "Explanation",
    "FunctionSource",
    "GraphQLStorage",
    "LiveQuery",
    "LocalGraph",
    "MemoryStorage",
    "Progress",
    "Promise",
    "PromiseStatus",
    "Q",
    "Query",
    "Reason",
    "Refusal",
    "Refusals",
    "RefusedChange",
    "Report",
    "StorageMarker",
    "Subscription",
    "SyncState",
    "Synchronizer",
    "Work",
    "__version__",
    "diagnose",
    "diff",
    "load",
    "open",
    "promise_status",
    "synchronize",
]


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'deeplinks' has no attribute {name!r}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted(__all__)
