"""What the intake of files needs from storage; ``stores`` implement it.

Lives here      the vault of received files.
Lives elsewhere the system of record and the lake (``ports``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the vault. ``is_new`` is false where the same bytes were kept before."""

    sha256: str
    size_bytes: int
    is_new: bool


class Vault(Protocol):
    """Received files, byte for byte under their hash, encrypted; kept before they are read."""

    def keep(self, data: bytes) -> KeptFile:
        """Keep the bytes, durably when this returns. The same bytes twice are one copy."""

    def read(self, sha256: str) -> bytes:
        """The bytes as they were received; refused if they are not there, or not the same."""

    def kept(self, sha256: str) -> KeptFile | None:
        """What is kept under the hash, without opening it."""

    def hashes(self) -> list[str]:
        """Every kept file, in order of its hash."""

    def forget(self, sha256: str) -> bool:
        """Make the file unreadable for ever and remove it. False if none was kept."""

    def rotate(self) -> int:
        """Wrap every file's key by a new key and drop the old ones; how many were wrapped."""

    def verify(self) -> tuple[int, list[str]]:
        """How many files were opened, and a sentence for each that does not open."""
