"""PostgreSQL answering ``usecases.ports.Store``, one module for each family of nouns.

Lives here      queries and writes, each call one transaction.
Lives elsewhere tables and constraints (the Django apps beside this), connections.
Read first      docs/architecture.md: "Where things are kept".
"""

from meterledger.stores.postgres.repository.store import PostgresStore
from meterledger.stores.postgres.repository.verify import verify_invariants

__all__ = ["PostgresStore", "verify_invariants"]
