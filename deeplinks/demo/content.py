"""What a space holds, as plain values that two processes can compare.

The demo. Where the values come from is not known here.
"""

from __future__ import annotations

import hashlib
import json
from typing import TypeAlias

from deeplinks import Deep

FIELDS = ("type", "from", "to", "value", "data")
Content: TypeAlias = dict[str, dict[str, object]]


def content(deep: Deep) -> Content:
    """Every association of a space by its id: where its references point, and its data."""
    return {
        one.id: dict(
            zip(FIELDS, (one.type_id, one.from_id, one.to_id, one.value_id, one.own_data()), strict=True),
        )
        for one in deep
    }


def digest(deep: Deep) -> str:
    """One number for the whole content of a space."""
    return hashlib.sha256(json.dumps(content(deep), sort_keys=True).encode()).hexdigest()
