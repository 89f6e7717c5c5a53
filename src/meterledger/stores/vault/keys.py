"""The key file: where the keys that wrap files' keys lie, and who may read it.

Lives here      making it at the first use, reading it, replacing it whole.
Lives elsewhere what the keys do (``sealing``), when they change (``files``).
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from meterledger.stores.vault.refusals import KeyFileUnusable
from meterledger.stores.vault.sealing import KEY_BYTES, KeyRing, key_id
from meterledger.stores.vault.syncing import sync_folder, write_synced

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFile:
    """One file of keys, the newest first. Mode 0600, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        """``path`` may not exist yet."""
        self.path = path

    def exists(self) -> bool:
        """Whether there is one."""
        return self.path.exists()

    def read(self) -> KeyRing:
        """The keys.

        :raises KeyFileUnusable: if it cannot be read, if others may read it, or it holds no keys
        """
        try:
            with self.path.open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                text = stream.read(1024 * 1024)
        except OSError as problem:
            raise KeyFileUnusable(
                f"The vault's key file cannot be read: {problem.strerror}",
                where=str(self.path),
                why="Without it no kept file opens",
                do="Put it back from its backup, or point METERLEDGER_VAULT_KEY_FILE at it",
            ) from problem
        if mode & OTHERS:
            raise KeyFileUnusable(
                "Others on this machine may read the vault's key file",
                where=str(self.path),
                do="Close it (chmod 600), and if others may have read it, rotate the keys with "
                "`meterledger vault rotate`",
            )
        return self._parsed(text)

    def _parsed(self, text: bytes) -> KeyRing:
        try:
            found = [bytes.fromhex(one) for one in json.loads(text)["keys"]]
        except (ValueError, KeyError, TypeError):
            found = []
        if not found or any(len(one) != KEY_BYTES for one in found):
            raise KeyFileUnusable(
                "The vault's key file holds no keys that can be used",
                where=str(self.path),
                why='It is a JSON object {"keys": [...]}, each key 64 hexadecimal digits, the '
                "newest first",
                do="Put it back from its backup",
            )
        return KeyRing({key_id(one): one for one in found}, key_id(found[0]))

    def create(self) -> KeyRing:
        """Make it with one new key; if another process made it meanwhile, read that one."""
        ring = KeyRing.new()
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = write_synced(self.path.parent, _text(ring))
        try:
            os.link(part, self.path)
        except FileExistsError:
            return self.read()
        finally:
            part.unlink()
        sync_folder(self.path.parent)
        return ring

    def replace(self, ring: KeyRing) -> None:
        """Put other keys in its place, at once."""
        write_synced(self.path.parent, _text(ring)).replace(self.path)
        sync_folder(self.path.parent)


def _text(ring: KeyRing) -> bytes:
    others = [key for name, key in ring.keys.items() if name != ring.current]
    keys = [ring.keys[ring.current], *others]
    return json.dumps({"keys": [key.hex() for key in keys]}, indent=1).encode() + b"\n"
