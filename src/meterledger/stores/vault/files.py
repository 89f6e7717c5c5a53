"""The vault in a folder: sealed bodies, key records linked into place last.

Lives here      the order of writes that makes a crash leave no half file; rotating; forgetting.
Lives elsewhere encryption (``sealing``), the key file (``keys``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.stores.vault.keys import KeyFile
from meterledger.stores.vault.refusals import (
    KeyFileUnusable,
    NotInVault,
    VaultDamaged,
    VaultNotWritable,
)
from meterledger.stores.vault.sealing import (
    KeyRecord,
    KeyRing,
    new_body_id,
    rewrap,
    seal,
    unseal,
)
from meterledger.stores.vault.syncing import PART, sync_folder, write_synced
from meterledger.usecases.intake_ports import KeptFile

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileVault:
    """``usecases.intake_ports.Vault`` in a folder. Safe for several threads and processes."""

    def __init__(self, folder: Path, key_file: Path) -> None:
        """Nothing is made before the first file is kept."""
        self.folder = folder
        self._key_file = KeyFile(key_file)

    # ---------------------------------------------------------------------------- keeping

    def keep(self, data: bytes) -> KeptFile:
        """Keep the bytes, written and synced when this returns. The same bytes twice: one copy.

        :raises VaultNotWritable: if the disk refuses
        :raises KeyFileUnusable: if there is no key to seal with
        """
        try:
            return self._keep(sha256_hex(data), data)
        except OSError as problem:
            raise VaultNotWritable(
                f"The vault cannot be written: {problem.strerror}",
                where=str(self.folder),
                why="Nothing of the file is kept, and it was not read",
                do="Free disk space, or let this account write there, and send the file again",
            ) from problem

    def _keep(self, sha256: str, data: bytes) -> KeptFile:
        with self._sharing():
            known = self._record(sha256)
            if known is not None:
                return KeptFile(sha256, known.size_bytes, is_new=False)
            ring = self._ring()
            folder = self._shelf(sha256)
            record, body = seal(data, sha256=sha256, body_id=new_body_id(), ring=ring)
            body_path = folder / _body_name(sha256, record)
            write_synced(folder, body).rename(body_path)
            part = write_synced(folder, record.to_bytes())
            try:
                os.link(part, self._key_path(sha256))  # from here on it is kept
                is_new = True
            except FileExistsError:
                body_path.unlink()
                is_new = False
            finally:
                part.unlink()
            sync_folder(folder)
        return KeptFile(sha256, len(data), is_new=is_new)

    def read(self, sha256: str) -> bytes:
        """The bytes as they were received.

        :raises NotInVault: if no such file is kept
        :raises VaultDamaged: if the kept bytes are not the ones that were sealed
        :raises WrongKey: if the key file lacks the key
        """
        if self._record(sha256) is None:
            raise NotInVault.of(sha256)
        with self._sharing():  # keys are dropped only while nobody reads
            record = self._record(sha256)
            if record is None:
                raise NotInVault.of(sha256)
            path = self._key_path(sha256).parent / _body_name(sha256, record)
            try:
                body = path.read_bytes()
            except FileNotFoundError:
                raise VaultDamaged.because(sha256, "its sealed bytes are gone") from None
            return unseal(body, record, sha256=sha256, ring=self._key_file.read())

    def kept(self, sha256: str) -> KeptFile | None:
        """What is kept under the hash, without opening it."""
        record = self._record(sha256)
        return None if record is None else KeptFile(sha256, record.size_bytes, is_new=False)

    def hashes(self) -> list[str]:
        """Every kept file, in order of its hash."""
        return sorted(path.stem for path in self.folder.glob("[0-9a-f][0-9a-f]/*.key"))

    # ----------------------------------------------------------------- forgetting, rotating

    def forget(self, sha256: str) -> bool:
        """Make the file unreadable for ever and remove it. False if none was kept."""
        if self._record(sha256) is None:
            return False
        with self._alone():
            record = self._record(sha256)
            if record is None:
                return False
            path = self._key_path(sha256)
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
            (path.parent / _body_name(sha256, record)).unlink(missing_ok=True)
        return True

    def rotate(self) -> int:
        """Wrap every file's key by a new key and drop the old ones; how many files were wrapped.

        A run that is killed leaves old and new keys side by side; the next run drops both.
        """
        with self._locked(fcntl.LOCK_EX, "rotate.lock"):
            with self._alone():  # whoever keeps a file from now on finds the new key
                ring = self._ring().with_new_key()
                self._key_file.replace(ring)
            count = sum(self._rewrap(sha256, ring) for sha256 in self.hashes())
            with self._alone():
                self._sweep()
                self._key_file.replace(ring.current_only())
        return count

    def _rewrap(self, sha256: str, ring: KeyRing) -> bool:
        with self._alone():  # a key record that is being forgotten must not come back
            record = self._record(sha256)
            if record is None or record.wrapped_by == ring.current:
                return False
            path = self._key_path(sha256)
            anew = rewrap(record, sha256=sha256, ring=ring)
            write_synced(path.parent, anew.to_bytes()).replace(path)
            sync_folder(path.parent)
        return True

    def _sweep(self) -> None:
        """Remove what killed processes left: parts, and bodies that no key record names."""
        for shelf in self.folder.glob("[0-9a-f][0-9a-f]"):
            for path in shelf.iterdir():
                if path.name.startswith(PART):
                    path.unlink()
                elif path.suffix == ".sealed":
                    record = self._record(path.name.split(".")[0])
                    if record is None or _body_name(path.name.split(".")[0], record) != path.name:
                        path.unlink()

    def verify(self) -> tuple[int, list[str]]:
        """How many files were opened, and a sentence for each that does not open."""
        broken = []
        hashes = self.hashes()
        for sha256 in hashes:
            try:
                self.read(sha256)
            except NotInVault:
                continue
            except Refusal as refusal:
                broken.append(refusal.sentence)
        return len(hashes), broken

    # ------------------------------------------------------------------------------ inside

    def _ring(self) -> KeyRing:
        if self._key_file.exists():
            return self._key_file.read()
        if next(self.folder.glob("[0-9a-f][0-9a-f]/*.key"), None) is not None:
            raise KeyFileUnusable(
                "The vault holds files and its key file is gone",
                where=str(self._key_file.path),
                why="A new key would not open them",
                do="Put it back from its backup, or point METERLEDGER_VAULT_KEY_FILE at it",
            )
        return self._key_file.create()

    def _key_path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.key"

    def _record(self, sha256: str) -> KeyRecord | None:
        if not _SHA256.fullmatch(sha256):
            return None
        try:
            data = self._key_path(sha256).read_bytes()
        except FileNotFoundError:
            return None
        return KeyRecord.from_bytes(sha256, data)

    def _shelf(self, sha256: str) -> Path:
        folder = self._key_path(sha256).parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self.folder)
        return folder

    @contextmanager
    def _sharing(self) -> Iterator[None]:
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextmanager
    def _locked(self, how: int, name: str = "vault.lock") -> Iterator[None]:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            sync_folder(self.folder.parent)
        handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _body_name(sha256: str, record: KeyRecord) -> str:
    return f"{sha256}.{record.body_id.hex()}.sealed"
