"""Has the explorer built before a wheel is packed. Without node and npm the wheel is made without it, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class IdeHook(BuildHookInterface[Any]):
    """Runs `ide/build.py`, unless its files are there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, for a wheel; a checkout that is installed as it is has `make install`."""
        root = Path(self.root)
        built = root / "deeplinks" / "server" / "ide" / "graphiql.js"
        if version == "editable" or self.target_name != "wheel" or built.exists():
            return
        if subprocess.run([sys.executable, str(root / "ide" / "build.py")], check=False).returncode:
            self.app.display_warning("this wheel has no explorer: its page will say how to build it")
