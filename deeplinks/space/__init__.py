"""Associations in memory: synchronous, no I/O, never heard of a row.

It imports the ground only. Storages, servers and loops may not enter; they listen.
"""

from deeplinks.space.association import Association
from deeplinks.space.back_references import BackReferences
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
    "Association",
    "BackReferences",
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
    "StorageMarker",
    "Subscription",
    "SyncState",
    "promise_status",
]
