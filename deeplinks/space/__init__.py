"""Associations in memory: synchronous, no I/O, never heard of a row.

It imports the ground only. Storages, servers and loops may not enter; they listen.
"""

from deeplinks.space.alive import Access, Reason
from deeplinks.space.association import Association
from deeplinks.space.back_references import BackReferences
from deeplinks.space.bulk import Build
from deeplinks.space.copying import diff
from deeplinks.space.criteria import Q
from deeplinks.space.deep import Deep
from deeplinks.space.events import Change, Event, EventKind, Subscription
from deeplinks.space.ledger import StorageMarker, SyncState
from deeplinks.space.plan import Explanation
from deeplinks.space.promises import Promise, PromiseStatus, promise_status
from deeplinks.space.query import Query
from deeplinks.space.tracking import LiveQuery
from deeplinks.space.values import FunctionSource

__all__ = [
    "Access",
    "Association",
    "BackReferences",
    "Build",
    "Change",
    "Deep",
    "Event",
    "EventKind",
    "Explanation",
    "FunctionSource",
    "LiveQuery",
    "Promise",
    "PromiseStatus",
    "Q",
    "Query",
    "Reason",
    "StorageMarker",
    "Subscription",
    "SyncState",
    "diff",
    "promise_status",
]
