"""The vault in dictionaries: the same sealing as in files, kept no longer than the process."""

from __future__ import annotations

import threading

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.stores.vault.refusals import NotInVault
from meterledger.stores.vault.sealing import KeyRecord, KeyRing, new_body_id, rewrap, seal, unseal
from meterledger.usecases.intake_ports import KeptFile


class MemoryVault:
    """``usecases.intake_ports.Vault`` in dictionaries."""

    def __init__(self) -> None:
        """Begin with nothing and a new key."""
        self.ring = KeyRing.new()
        self.sealed: dict[str, tuple[bytes, bytes]] = {}
        """Key record and sealed body of each file."""
        self._lock = threading.RLock()

    def keep(self, data: bytes) -> KeptFile:
        """Keep the bytes; the same bytes twice are one copy."""
        sha256 = sha256_hex(data)
        with self._lock:
            is_new = sha256 not in self.sealed
            if is_new:
                record, body = seal(data, sha256=sha256, body_id=new_body_id(), ring=self.ring)
                self.sealed[sha256] = (record.to_bytes(), body)
        return KeptFile(sha256, len(data), is_new=is_new)

    def read(self, sha256: str) -> bytes:
        """The bytes as they were received."""
        if sha256 not in self.sealed:
            raise NotInVault.of(sha256)
        record, body = self.sealed[sha256]
        return unseal(body, KeyRecord.from_bytes(sha256, record), sha256=sha256, ring=self.ring)

    def kept(self, sha256: str) -> KeptFile | None:
        """What is kept under the hash, without opening it."""
        if sha256 not in self.sealed:
            return None
        record = KeyRecord.from_bytes(sha256, self.sealed[sha256][0])
        return KeptFile(sha256, record.size_bytes, is_new=False)

    def hashes(self) -> list[str]:
        """Every kept file, in order of its hash."""
        return sorted(self.sealed)

    def forget(self, sha256: str) -> bool:
        """Remove the file. False if none was kept."""
        return self.sealed.pop(sha256, None) is not None

    def rotate(self) -> int:
        """Wrap every file's key by a new key and drop the old one."""
        with self._lock:
            ring = self.ring.with_new_key()
            for sha256, (data, body) in self.sealed.items():
                record = rewrap(KeyRecord.from_bytes(sha256, data), sha256=sha256, ring=ring)
                self.sealed[sha256] = (record.to_bytes(), body)
            self.ring = ring.current_only()
            return len(self.sealed)

    def verify(self) -> tuple[int, list[str]]:
        """How many files were opened, and a sentence for each that does not open."""
        broken = []
        for sha256 in self.hashes():
            try:
                self.read(sha256)
            except Refusal as refusal:
                broken.append(refusal.sentence)
        return len(self.sealed), broken
