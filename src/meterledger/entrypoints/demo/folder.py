"""The town's data folder: which it is, whether a town lives there, and beginning anew.

Lives here      the folder's mark, so that nobody's real data is taken for a town or thrown away.
Lives elsewhere what is in the folder (``stores``).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from enum import Enum
from pathlib import Path

from meterledger.kernel.refusal import Refusal

MARK = "town.json"
_ROOT_FOLDER = Path("/var/lib/meterledger-demo")


class NotATown(Refusal):
    """The folder holds something else than a demo town, or is in use."""


class Life(Enum):
    """How far the town of a folder has come."""

    NONE = "none"
    LIVING = "living"
    LIVED = "lived"


def default_town_folder() -> Path:
    """``.meterledger`` of the checkout; for root, elsewhere if others cannot pass to it.

    The private database of root runs as an account of its own, which must reach its folder.
    """
    project = Path(__file__).resolve().parents[4]
    if not (project / "pyproject.toml").is_file():
        project = Path.cwd()
    if os.geteuid() == 0 and not all(_others_pass(one) for one in (project, *project.parents)):
        return _ROOT_FOLDER
    return project / ".meterledger"


def _others_pass(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def life_of(folder: Path) -> Life:
    """How far the town in the folder has come.

    :raises NotATown: if the folder holds something else
    """
    mark = folder / MARK
    if mark.is_file():
        try:
            return Life(json.loads(mark.read_text(encoding="utf-8"))["life"])
        except (ValueError, KeyError, TypeError):
            raise NotATown(
                f"{MARK} does not say how far the town has come",
                where=str(folder),
                do="Name another folder with --data, or remove this one yourself",
            ) from None
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotATown(
            "The folder holds something else than a demo town",
            where=str(folder),
            why="The town never mixes with other data",
            do="Name an empty or a new folder with --data",
        )
    return Life.NONE


def set_life(folder: Path, life: Life) -> None:
    """Write the mark, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the database's own account passes; nobody else looks
    new = folder / f"{MARK}.new"
    new.write_text(json.dumps({"life": life.value}) + "\n", encoding="utf-8")
    new.replace(folder / MARK)


def begin_anew(folder: Path) -> None:
    """Remove the town of the folder, and nothing that is not a town's.

    :raises NotATown: if it is not one, or a command still uses its database
    """
    if life_of(folder) is Life.NONE:
        return
    for lock in folder.glob("*/users.lock"):  # held by every command that uses the database
        with lock.open("rb+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotATown(
                    "A command still uses this town",
                    where=str(folder),
                    why="Its database cannot be removed under it",
                    do="End the other demo or serve first (Ctrl-C in its window)",
                ) from None
    shutil.rmtree(folder)
