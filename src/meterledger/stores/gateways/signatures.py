"""Signatures of sources: Ed25519 with a public key, HMAC-SHA256 with a shared one.

What is signed is not the file alone, so that a signature cannot be moved to another source or
number: the words ``meterledger signed file 1``, the source's name and the number in decimal digits
(empty where there is none), each ended by a line feed, then the file's bytes.

Lives here      checking; the form of keys and signatures (hexadecimal).
Lives elsewhere whether a file must be signed (``metering``).
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from meterledger.facts.sources import ED25519, HMAC_SHA256, Source
from meterledger.kernel.refusal import Refusal

KEY_BYTES_MIN = 32


class KeyUnusable(Refusal):
    """A source's key is not one that can be used."""


def signed_bytes(source_name: str, sequence: int | None, data: bytes) -> bytes:
    """What a source signs."""
    number = "" if sequence is None else str(sequence)
    return f"meterledger signed file 1\n{source_name}\n{number}\n".encode() + data


def signature_holds(source: Source, data: bytes, *, sequence: int | None, signature: str) -> bool:
    """Whether the signature, in hexadecimal digits, is the source's own over these bytes.

    :raises KeyUnusable: if the source's key cannot be used
    """
    try:
        given = bytes.fromhex(signature.strip())
    except ValueError:
        return False
    said = signed_bytes(source.name, sequence, data)
    if source.scheme == ED25519:
        try:
            _public_key(source.key).verify(given, said)
        except InvalidSignature:
            return False
        return True
    if source.scheme == HMAC_SHA256:
        wanted = hmac.digest(_shared_key(source.key), said, hashlib.sha256)
        return hmac.compare_digest(given, wanted)
    return False


def refuse_unusable_key(scheme: str, key: str) -> None:
    """:raises KeyUnusable: before a source with such a key is registered"""
    if scheme == ED25519:
        _public_key(key)
    elif scheme == HMAC_SHA256:
        _shared_key(key)


def _public_key(key: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except ValueError as problem:
        raise KeyUnusable(
            f"'{key[:80]}' is not an Ed25519 public key",
            where="source",
            do="Give its 32 bytes as 64 hexadecimal digits",
        ) from problem


def _shared_key(key_file: str) -> bytes:
    try:
        key = Path(key_file).read_bytes().strip()
    except (OSError, ValueError) as problem:
        raise KeyUnusable(
            "The file of the source's shared key cannot be read",
            where=key_file[:200],
            do="Put it back, or register the source again with the file that holds it",
        ) from problem
    if len(key) < KEY_BYTES_MIN:
        raise KeyUnusable(
            f"The source's shared key is shorter than {KEY_BYTES_MIN} bytes",
            where=key_file[:200],
            do="Agree with the source on a longer one",
        )
    return key
