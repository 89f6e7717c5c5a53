"""Numbers of bank accounts, sealed before they are kept: people see the last four digits.

Lives here      sealing with a key ring of its own, and a fingerprint that is the same for the same
                bank account and tells nobody without the keys which it is.
Lives elsewhere the key file (``keys``), who may enter a bank account (``usecases/ach_accounts``).
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from meterledger.kernel.refusal import Refusal
from meterledger.stores.vault.sealing import KEY_ID_BYTES, KeyRing

_NONCE_BYTES = 12
_PLACE = b"meterledger bank account number"


class BankNumberLocked(Refusal):
    """A sealed number does not open with the keys that are here."""


class SealedBankNumbers:
    """Seals and opens numbers. The oldest key of the ring makes fingerprints, for ever."""

    def __init__(self, ring: KeyRing) -> None:
        """``ring`` is read from a key file of its own."""
        self._ring = ring
        self._oldest = list(ring.keys.values())[-1]

    def seal(self, number: str) -> bytes:
        """Key's name, nonce and sealed number; another each time."""
        name, nonce = self._ring.current, os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._ring.keys[name]).encrypt(nonce, number.encode(), _PLACE)
        return name + nonce + sealed

    def unseal(self, sealed: bytes) -> str:
        """The number. :raises BankNumberLocked: if no key here opens it"""
        name = sealed[:KEY_ID_BYTES]
        nonce = sealed[KEY_ID_BYTES : KEY_ID_BYTES + _NONCE_BYTES]
        key = self._ring.keys.get(name)
        try:
            if key is not None and len(nonce) == _NONCE_BYTES:
                rest = sealed[KEY_ID_BYTES + _NONCE_BYTES :]
                return AESGCM(key).decrypt(nonce, rest, _PLACE).decode()
        except InvalidTag:
            pass
        raise BankNumberLocked(
            "A bank account number does not open with the keys that are here",
            where="METERLEDGER_BANK_KEY_FILE",
            do="Put the key file back from its backup",
        )

    def fingerprint(self, routing_number: str, number: str) -> str:
        """The same for the same bank account."""
        told = f"{routing_number}:{number.upper()}".encode()
        return hmac.new(self._oldest, told, hashlib.sha256).hexdigest()[:32]
