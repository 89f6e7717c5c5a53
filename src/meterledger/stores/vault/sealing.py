"""Sealing bytes: a key for each file, chunks that know their place, keys wrapped by a key ring.

Lives here      what is encrypted with what; bytes in, bytes out.
Lives elsewhere where sealed bytes lie (``files``, ``stores/memory``), where keys lie (``keys``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from meterledger.stores.vault.refusals import VaultDamaged, WrongKey

CHUNK_BYTES = 64 * 1024
KEY_BYTES = 32
TAG_BYTES = 16
BODY_ID_BYTES = 8
KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_MAGIC = b"MLVAULT1"
_RECORD = struct.Struct(f">8s{KEY_ID_BYTES}s{BODY_ID_BYTES}sQ{_NONCE_BYTES}s48s")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by their id, and which of them seals what is kept from now on."""

    keys: Mapping[bytes, bytes]
    current: bytes

    @classmethod
    def of_key(cls, key: bytes) -> KeyRing:
        """A ring of one key."""
        return cls({key_id(key): key}, key_id(key))

    @classmethod
    def new(cls) -> KeyRing:
        """A ring of one new key."""
        return cls.of_key(os.urandom(KEY_BYTES))

    def with_new_key(self) -> KeyRing:
        """The same keys and a new one, which seals from now on."""
        key = os.urandom(KEY_BYTES)
        return KeyRing({**self.keys, key_id(key): key}, key_id(key))

    def current_only(self) -> KeyRing:
        """The key that seals now, alone."""
        return KeyRing({self.current: self.keys[self.current]}, self.current)


def key_id(key: bytes) -> bytes:
    """The name of a key: tells keys apart and tells nothing of them."""
    return hashlib.sha256(b"meterledger vault key:" + key).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What stands beside a sealed body: which body, how many bytes it seals, its wrapped key."""

    wrapped_by: bytes
    body_id: bytes
    size_bytes: int
    nonce: bytes
    wrapped: bytes

    def to_bytes(self) -> bytes:
        """84 bytes, for the ``.key`` file."""
        return _RECORD.pack(
            _MAGIC, self.wrapped_by, self.body_id, self.size_bytes, self.nonce, self.wrapped
        )

    @classmethod
    def from_bytes(cls, sha256: str, data: bytes) -> KeyRecord:
        """:raises VaultDamaged: if these are not the bytes of a key record"""
        if len(data) != _RECORD.size or not data.startswith(_MAGIC):
            raise VaultDamaged.because(sha256, "its key record is not one")
        _, wrapped_by, body_id, size, nonce, wrapped = _RECORD.unpack(data)
        return cls(wrapped_by, body_id, size, nonce, wrapped)


def new_body_id() -> bytes:
    """A name for a sealed body, different for each."""
    return os.urandom(BODY_ID_BYTES)


def seal(data: bytes, *, sha256: str, body_id: bytes, ring: KeyRing) -> tuple[KeyRecord, bytes]:
    """The key record and the sealed body. The key is used for this body alone."""
    key = os.urandom(KEY_BYTES)
    cipher = AESGCM(key)
    count = max(1, -(-len(data) // CHUNK_BYTES))
    view = memoryview(data)
    sealed = [
        cipher.encrypt(
            _chunk_nonce(number),
            view[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES],
            _chunk_place(sha256, number, is_last=number == count - 1),
        )
        for number in range(count)
    ]
    return _wrap(key, sha256, body_id, len(data), ring), b"".join(sealed)


def unseal(body: bytes, record: KeyRecord, *, sha256: str, ring: KeyRing) -> bytes:
    """The bytes that were sealed.

    :raises WrongKey: if the ring lacks the key that wrapped the file's key
    :raises VaultDamaged: if anything is not as it was sealed
    """
    cipher = AESGCM(_unwrap(record, sha256, ring))
    step = CHUNK_BYTES + TAG_BYTES
    count = max(1, -(-len(body) // step))
    parts = []
    for number in range(count):
        chunk = body[number * step : (number + 1) * step]
        try:
            parts.append(
                cipher.decrypt(
                    _chunk_nonce(number),
                    chunk,
                    _chunk_place(sha256, number, is_last=number == count - 1),
                )
            )
        except (InvalidTag, ValueError) as problem:
            raise VaultDamaged.because(sha256, f"chunk {number + 1} of {count}") from problem
    data = b"".join(parts)
    if len(data) != record.size_bytes or hashlib.sha256(data).hexdigest() != sha256:
        raise VaultDamaged.because(sha256, "what opens has another hash")
    return data


def rewrap(record: KeyRecord, *, sha256: str, ring: KeyRing) -> KeyRecord:
    """The same file's key under the ring's current key; the body stays as it is."""
    key = _unwrap(record, sha256, ring)
    return _wrap(key, sha256, record.body_id, record.size_bytes, ring)


def _wrap(key: bytes, sha256: str, body_id: bytes, size_bytes: int, ring: KeyRing) -> KeyRecord:
    nonce = os.urandom(_NONCE_BYTES)
    place = _record_place(sha256, ring.current, body_id, size_bytes)
    wrapped = AESGCM(ring.keys[ring.current]).encrypt(nonce, key, place)
    return KeyRecord(ring.current, body_id, size_bytes, nonce, wrapped)


def _unwrap(record: KeyRecord, sha256: str, ring: KeyRing) -> bytes:
    wrapping = ring.keys.get(record.wrapped_by)
    if wrapping is None:
        raise WrongKey.of(sha256, record.wrapped_by.hex())
    place = _record_place(sha256, record.wrapped_by, record.body_id, record.size_bytes)
    try:
        return AESGCM(wrapping).decrypt(record.nonce, record.wrapped, place)
    except InvalidTag as problem:
        raise VaultDamaged.because(sha256, "its key record was changed") from problem


def _chunk_nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")


def _chunk_place(sha256: str, number: int, *, is_last: bool) -> bytes:
    return b"chunk:" + bytes.fromhex(sha256) + struct.pack(">Q?", number, is_last)


def _record_place(sha256: str, wrapped_by: bytes, body_id: bytes, size_bytes: int) -> bytes:
    named = bytes.fromhex(sha256) + wrapped_by + body_id
    return _MAGIC + named + struct.pack(">Q", size_bytes)
