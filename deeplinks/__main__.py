"""`python -m deeplinks` and the command `deeplinks`.

A face: it finds the command line, or says which extra brings it. Nothing else may enter.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit status 0, 1 for a failure, 2 for wrong usage."""
    try:
        from deeplinks.cli import cli
    except ImportError as error:
        sys.exit(f"the command line needs more than the library ({error.name}): pip install 'deeplinks[all]'")
    cli()


if __name__ == "__main__":
    main()
