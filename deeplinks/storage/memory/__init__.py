"""The storage in this process's memory: the tables as dicts, their rules as Python, the same documents as over HTTP.

The storage room. Nothing here is durable, and nothing leaves the process: no connection, no file, no server.
"""

from __future__ import annotations

from deeplinks.storage.memory.storage import MemoryStorage

__all__ = ["MemoryStorage"]
