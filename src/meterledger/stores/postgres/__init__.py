"""PostgreSQL, the system of record: tables, the private server, and the store over both.

Lives here      Django apps with tables and constraints (places, readings, bills, ledger, record),
                the server that starts by itself, migrating, the store (``repository``).
Lives elsewhere the ports it answers (``usecases.ports``), interval values (``stores/lake``).
Read first      docs/decisions/0008-private-postgres-and-roles.md.

Importing this imports no Django: only migrating needs it, in a process of its own.
"""

from meterledger.stores.postgres.binaries import ServerUnavailable
from meterledger.stores.postgres.connections import DatabaseFull, ServerLost
from meterledger.stores.postgres.migrating import CannotMigrate
from meterledger.stores.postgres.opening import open_store
from meterledger.stores.postgres.repository import PostgresStore, verify_invariants

__all__ = [
    "CannotMigrate",
    "DatabaseFull",
    "PostgresStore",
    "ServerLost",
    "ServerUnavailable",
    "open_store",
    "verify_invariants",
]
