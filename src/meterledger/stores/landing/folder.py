"""The landing folder: which files are complete, holding one while it is taken, moving it away.

Lives here      completeness, locks, moves that survive a kill.
Lives elsewhere what is done with the bytes (``usecases.take_file``), waiting (``cli``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from meterledger.kernel.refusal import Refusal

SETTLE_SECONDS = 10
"""A file that has not changed for so long is complete."""

TAKEN = "taken"
REFUSED = "refused"
DONE = ".done"
LABEL = ".sig"
WHY = ".why.txt"
NOT_FILES = (".part", ".tmp", DONE, LABEL)
LABEL_BYTES_MAX = 64 * 1024
SOURCE_LETTERS_MAX = 80


class FolderUnusable(Refusal):
    """The landing folder is not there, or files cannot be moved in it."""


class LabelUnreadable(Refusal):
    """What lies beside a file to say who sent it cannot be read."""


@dataclass(frozen=True, slots=True)
class Label:
    """Who sent a file: the content of ``NAME.sig``."""

    source: str = ""
    sequence: int | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Landed:
    """A complete file, held while it is taken. ``mark`` tells whether it changed meanwhile."""

    path: Path
    mark: tuple[int, int, int]


class LandingFolder:
    """One folder with its ``taken`` and ``refused`` beside the files."""

    def __init__(self, folder: Path) -> None:
        """:raises FolderUnusable: if it is not a folder"""
        if not folder.is_dir():
            raise FolderUnusable(
                "There is no such folder",
                where=str(folder)[:200],
                do="Make it, or correct its name",
            )
        self.folder = folder

    def complete(self, *, now_seconds: int, settle_seconds: int = SETTLE_SECONDS) -> list[Path]:
        """The files that are complete, in order of name. ``now_seconds`` is of the epoch."""
        found = []
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith(".") or path.name.endswith(NOT_FILES):
                continue
            with suppress(FileNotFoundError):  # another run moved it away
                status = path.lstat()
                if not stat.S_ISREG(status.st_mode):
                    continue
                settled = status.st_mtime_ns <= (now_seconds - settle_seconds) * 1_000_000_000
                if settled or _beside(path, DONE).exists():
                    found.append(path)
        return found

    @contextmanager
    def holding(self, path: Path) -> Iterator[Landed | None]:
        """Hold a file for this run alone; None if another run holds it or has moved it.

        :raises FolderUnusable: if it may not be read
        """
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            yield None
            return
        except OSError as problem:
            raise FolderUnusable(
                f"A file in the landing folder cannot be opened: {problem.strerror}",
                where=path.name,
                do="Let the account that runs this read it",
            ) from problem
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            mark = _mark(os.fstat(handle))
            yield Landed(path, mark) if _mark_of(path) == mark else None
        finally:
            os.close(handle)

    def label(self, landed: Landed) -> Label:
        """What lies beside the file to say who sent it; nobody where there is nothing.

        :raises LabelUnreadable: if it is not what such a label is
        """
        path = _beside(landed.path, LABEL)
        try:
            with path.open("rb") as stream:
                data = stream.read(LABEL_BYTES_MAX + 1)
            told = json.loads(data) if len(data) <= LABEL_BYTES_MAX else None
        except FileNotFoundError:
            return Label()
        except ValueError:
            told = None
        if isinstance(told, dict):
            source = told.get("source")
            sequence, signature = told.get("sequence"), told.get("signature")
            if (
                isinstance(source, str)
                and source.isprintable()
                and len(source) <= SOURCE_LETTERS_MAX
                and (sequence is None or (type(sequence) is int and 0 <= sequence < 10**18))
                and (signature is None or isinstance(signature, str))
            ):
                return Label(source, sequence, signature)
        raise LabelUnreadable(
            "It does not say who sent the file",
            where=path.name,
            why='It is a JSON object like {"source": "north", "sequence": 7, "signature": "00ff"}',
            do="Put a sound one beside the file",
        )

    def move_taken(self, landed: Landed) -> Path | None:
        """Move a file that was taken; None if it changed meanwhile and stays."""
        return self._move(landed, TAKEN)

    def move_refused(self, landed: Landed, sentence: str) -> Path | None:
        """Move a file that was refused, with the sentence; None if it changed and stays."""
        return self._move(landed, REFUSED, sentence)

    def _move(self, landed: Landed, where: str, sentence: str = "") -> Path | None:
        if _mark_of(landed.path) != landed.mark:
            return None
        target_folder = self.folder / where
        target_folder.mkdir(exist_ok=True)
        target = _link_free(landed.path, target_folder)
        if sentence:
            _write_whole(target.with_name(target.name + WHY), sentence + "\n")
        label = _beside(landed.path, LABEL)
        if label.exists():
            label.replace(target.with_name(target.name + LABEL))
        landed.path.unlink()
        _beside(landed.path, DONE).unlink(missing_ok=True)
        return target


def _link_free(path: Path, folder: Path) -> Path:
    """Give the file a second name in the folder; the one a killed run gave it, if there is one."""
    number = 0
    while True:
        name = path.name if number == 0 else f"{path.stem}.{number}{path.suffix}"
        target = folder / name
        try:
            os.link(path, target)
            return target
        except FileExistsError:
            if target.exists() and target.samefile(path):
                return target
            number += 1


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _mark_of(path: Path) -> tuple[int, int, int] | None:
    try:
        return _mark(path.lstat())
    except FileNotFoundError:
        return None
