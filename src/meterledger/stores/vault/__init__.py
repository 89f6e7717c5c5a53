"""Received files, byte for byte, encrypted: kept before anybody reads them.

Others may use ``FileVault`` and catch ``VaultRefused`` and its kinds.
"""

from meterledger.stores.vault.files import FileVault
from meterledger.stores.vault.refusals import (
    KeyFileUnusable,
    NotInVault,
    VaultDamaged,
    VaultNotWritable,
    VaultRefused,
    WrongKey,
)

__all__ = [
    "FileVault",
    "KeyFileUnusable",
    "NotInVault",
    "VaultDamaged",
    "VaultNotWritable",
    "VaultRefused",
    "WrongKey",
]
