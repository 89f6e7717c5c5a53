"""The store in dictionaries: the same promises, for journeys' tests and the town."""

from meterledger.stores.memory.store import MemoryStore
from meterledger.stores.memory.vault import MemoryVault

__all__ = ["MemoryStore", "MemoryVault"]
