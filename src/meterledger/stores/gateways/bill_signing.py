"""The utility's own key: it signs proof files of bills (Ed25519).

Lives here      making the key at its first use, reading it, signing.
Lives elsewhere what is signed (``usecases.prove_bill``), checking (``meterledger_verify``), the
                keys of those who send us readings (``signatures``).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterledger.kernel.refusal import Refusal

KEY_FILE = "bill_signing.key"
SCHEME = "Ed25519"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SigningKeyUnusable(Refusal):
    """The file of the key that signs bills cannot be used."""


class BillSigner:
    """Signs with the key of one data folder."""

    def __init__(self, data_folder: Path) -> None:
        """The key is made at the first use: mode 0600, and never again once it is there.

        :raises SigningKeyUnusable: if it cannot be read or made, or others may read it
        """
        self._path = data_folder / KEY_FILE
        self._key = self._read() or self._make()

    @property
    def public_key(self) -> str:
        """What the utility publishes, 64 hexadecimal digits."""
        raw = self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return raw.hex()

    def sign(self, message: bytes) -> dict[str, Any]:
        """The signature as it stands in a proof file."""
        return {
            "scheme": SCHEME,
            "public_key": self.public_key,
            "value": self._key.sign(message).hex(),
        }

    def _read(self) -> Ed25519PrivateKey | None:
        try:
            with self._path.open("rb") as stream:
                mode = os.fstat(stream.fileno()).st_mode
                data = stream.read(4096)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise self._unusable(f"it cannot be read: {problem.strerror}") from problem
        if mode & _OTHERS:
            raise self._unusable("others on this machine may read it")
        try:
            key = serialization.load_pem_private_key(data, password=None)
        except (ValueError, TypeError) as problem:
            raise self._unusable("it holds no key in PEM") from problem
        if not isinstance(key, Ed25519PrivateKey):
            raise self._unusable("its key is of another kind than Ed25519")
        return key

    def _make(self) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        except FileExistsError:  # another command made it meanwhile
            return self._read() or key
        except OSError as problem:
            raise self._unusable(f"it cannot be made: {problem.strerror}") from problem
        return key

    def _unusable(self, why: str) -> SigningKeyUnusable:
        return SigningKeyUnusable(
            "The key that signs bills cannot be used",
            where=str(self._path),
            why=f"{why[0].upper()}{why[1:]}",
            do="Put it back from its backup with mode 0600; with a new key, publish the new public "
            "one, and files signed before stay good with the old",
        )
