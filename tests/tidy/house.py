"""What the house rules look at: the files of the project, and where each package stands.

Lives here      walking files and syntax trees. No rule.
Lives elsewhere the rules (test_*.py beside this file), the import contracts (pyproject.toml).
Read first      docs/architecture.md: "the house".
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "meterledger"

ROOMS = (
    "metering",
    "usage",
    "rating",
    "billing",
    "ledger",
    "arrears",
    "programs",
    "field",
    "grid",
    "extensions",
    "access",
)
FOUNDATIONS = ("kernel", "facts", "rulebook")

NOT_OURS = {".git", ".venv", "__pycache__", "dist", "var", ".meterledger"}
"""Folders that a run makes: .gitignore names them too."""


def project_files() -> Iterator[Path]:
    """Walk every file that is or could be committed. Needs no git: a bare Debian has none."""
    yield from _walk(ROOT)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name in NOT_OURS or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            if path.name != ".hypothesis":
                yield from _walk(path)
        elif path.name != ".venv.lock":
            yield path


def text_of(path: Path) -> str | None:
    """Return a file's text, or None where it is not text."""
    raw = path.read_bytes()
    if b"\0" in raw[:8192]:
        return None
    return raw.decode("utf-8", errors="replace")


def modules(*packages: str) -> list[Path]:
    """List the modules of some packages, or of all where none is named."""
    folders = [PACKAGE / name for name in packages] if packages else [PACKAGE]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path: Path) -> str:
    """Name a file as a reader of the project would."""
    return path.relative_to(ROOT).as_posix()


def listing(offences: Iterable[str]) -> str:
    """Put one offence on a line: all at once, so that nobody fixes them one run at a time."""
    return "\n".join(f"  {offence}" for offence in offences)
