"""The store in dictionaries: the same promises, for journeys' tests and the town."""

from meterledger.stores.memory.store import MemoryStore

__all__ = ["MemoryStore"]
