"""The only room that knows both a change and a row: outbox, inbox, loader, synchronizer.

It imports space, storage and what is below them. Servers may not enter.
"""

from deeplinks.sync.attempts import Attempt
from deeplinks.sync.conflicts import Conflict, Lost
from deeplinks.sync.loader import load
from deeplinks.sync.opening import LocalGraph, open
from deeplinks.sync.progress import Progress, Work
from deeplinks.sync.refusals import Refusal, Refusals, RefusedChange
from deeplinks.sync.report import Report
from deeplinks.sync.synchronizer import Synchronizer, synchronize

__all__ = [
    "Attempt",
    "Conflict",
    "LocalGraph",
    "Lost",
    "Progress",
    "Refusal",
    "Refusals",
    "RefusedChange",
    "Report",
    "Synchronizer",
    "Work",
    "load",
    "open",
    "synchronize",
]
