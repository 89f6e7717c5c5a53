"""Files that leave us: each is put where it is picked up once, whatever dies on the way.

A file is staged beside its place (``.staged``), marked as going in ``.released``, and renamed. A
staged file was not picked up yet, so its way is ended by whoever comes next; a mark without a
staged file says that it left. Only one process at a time moves files of a folder.

Lives here      the order of writing, marking and renaming, and the lock.
Lives elsewhere what is in a file, and that it is kept before it leaves (``usecases.ach_out``).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from meterledger.stores.vault.syncing import sync_folder, write_synced

STAGED, RELEASED, LOCK = ".staged", ".released", ".lock"


class Outgoing:
    """The way out of a data folder; ``folder`` keeps its marks."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made, for its owner alone, if it is not there."""
        self._folder = folder
        _make(folder)
        _make(folder / RELEASED)

    def release(self, name: str, content: Callable[[], bytes], to: Path) -> Path | None:
        """Put a file into ``to`` unless it left before; answers where it lies, or None if it left.

        ``content`` is asked only where it has to be written.
        """
        with self._alone():
            mark = self._folder / RELEASED / name
            if mark.exists():
                place = Path(mark.read_text(encoding="utf-8"))
                staged = place / STAGED / name
                return _move(staged, place / name) if staged.exists() else None
            _make(to)
            _make(to / STAGED)
            staged = to / STAGED / name
            write_synced(to / STAGED, content()).replace(staged)
            sync_folder(to / STAGED)
            write_synced(mark.parent, str(to.resolve()).encode()).replace(mark)
            sync_folder(mark.parent)
            return _move(staged, to / name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _move(staged: Path, path: Path) -> Path:
    staged.replace(path)
    sync_folder(path.parent)
    sync_folder(staged.parent)
    return path


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
