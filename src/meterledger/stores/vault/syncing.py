"""Files that are there after a crash: written aside, synced, and put into place at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PART = ".part-"


def write_synced(folder: Path, data: bytes) -> Path:
    """Write a new file of mode 0600 in the folder, synced; the caller puts it into place."""
    handle, name = tempfile.mkstemp(prefix=PART, dir=folder)  # mode 0600 by its promise
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink()
        raise
    return path


def sync_folder(folder: Path) -> None:
    """Make names in the folder last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
