"""Why the vault says no, each reason with the words a person can act on."""

from __future__ import annotations

from meterledger.kernel.refusal import Refusal


class VaultRefused(Refusal):
    """The vault cannot do what was asked; nothing was changed."""


class NotInVault(VaultRefused):
    """No file of that hash is kept."""

    @classmethod
    def of(cls, sha256: str) -> NotInVault:
        """The one sentence there is."""
        return cls(
            f"The vault holds no file {sha256[:64]}",
            do="List files with `meterledger intake report`; give the whole hash, 64 digits",
        )


class VaultDamaged(VaultRefused):
    """What is kept does not open: its bytes are not the ones that were sealed."""

    @classmethod
    def because(cls, sha256: str, what: str) -> VaultDamaged:
        """``what`` says which part does not open."""
        return cls(
            f"The kept file {sha256[:16]}... does not open: {what}",
            where="vault",
            why="Its bytes on disk are not those that were sealed, and none of it is given out",
            do="Restore both of its files from a backup, or ask the sender for the file again",
        )


class WrongKey(VaultRefused):
    """The key file does not hold the key that sealed a file."""

    @classmethod
    def of(cls, sha256: str, key_id: str) -> WrongKey:
        """``key_id`` names the key that is missing."""
        return cls(
            f"The kept file {sha256[:16]}... was sealed under key {key_id}, "
            "which the key file does not hold",
            where="vault",
            do="Put that key file back, or point METERLEDGER_VAULT_KEY_FILE at it",
        )


class KeyFileUnusable(VaultRefused):
    """The key file is missing, open to others, or holds no keys."""

    is_passing = True


class VaultNotWritable(VaultRefused):
    """The disk does not take a file; nothing of it is kept."""

    is_passing = True
