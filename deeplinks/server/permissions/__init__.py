"""What roles may, out of one file that people can read: it is held against the tables, and becomes rights.

The server. It reads permissions; they are applied where the dialect names tables, and by the database once more.
"""

from __future__ import annotations

from deeplinks.server.permissions.file import Permissions, load

__all__ = ["Permissions", "load"]
