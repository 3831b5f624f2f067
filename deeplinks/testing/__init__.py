"""For tests of storages of one's own: the contract that every storage keeps, as pytest tests, and batches to write.

A face. It needs pytest with anyio's plugin, which comes with anyio; nothing else of the package imports it.
"""

from __future__ import annotations

import pytest

# Before it is imported, or its assertions would tell nothing.
pytest.register_assert_rewrite("deeplinks.testing.contract")

from deeplinks.testing.batches import Author, history, read_log, read_snapshot  # noqa: E402
from deeplinks.testing.contract import StorageContract  # noqa: E402

__all__ = ["Author", "StorageContract", "history", "read_log", "read_snapshot"]
