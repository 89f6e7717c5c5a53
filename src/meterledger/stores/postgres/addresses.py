"""Where the system of record is: parameters of connections, for psycopg and for Django."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from meterledger.stores.postgres.binaries import ServerUnavailable

DATABASE_VARIABLE = "DATABASE_URL"
OWNER_VARIABLE = "METERLEDGER_OWNER_DATABASE_URL"

STORE_APPS = (
    "meterledger.stores.postgres.record",
    "meterledger.stores.postgres.places",
    "meterledger.stores.postgres.meters",
    "meterledger.stores.postgres.readings",
    "meterledger.stores.postgres.ledger",
    "meterledger.stores.postgres.bills",
    "meterledger.stores.postgres.usage_log",
    "meterledger.stores.postgres.lake_log",
    "meterledger.stores.postgres.documents",
    "meterledger.stores.postgres.weather",
    "meterledger.stores.postgres.held",
    "meterledger.stores.postgres.together",
    "meterledger.stores.postgres.billing_options",
    "meterledger.stores.postgres.combinations",
    "meterledger.stores.postgres.programs",
    "meterledger.stores.postgres.payment_channels",
    "meterledger.stores.postgres.deposits",
    "meterledger.stores.postgres.settlements",
    "meterledger.stores.postgres.reconciliation",
    "meterledger.stores.postgres.payments",
    "meterledger.stores.postgres.late_charges",
    "meterledger.stores.postgres.extensions",
    "meterledger.stores.postgres.relief",
)
"""Django apps that hold the tables, in the order in which they are migrated."""


def parameters_of(url: str, variable: str) -> dict[str, str]:
    """Connection parameters of a libpq URL or keyword string.

    :raises ServerUnavailable: naming the variable, never the URL, which holds a password
    """
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        raise ServerUnavailable(
            f"{variable} is not a PostgreSQL address",
            do="Write it like postgresql://user:password@host:5432/database",
        ) from None


def django_database(parameters: dict[str, str]) -> dict[str, Any]:
    """The same connection as an entry of Django's ``DATABASES``."""
    known = {"host", "port", "user", "password", "dbname"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parameters.get("host", ""),
        "PORT": parameters.get("port", ""),
        "USER": parameters.get("user", ""),
        "PASSWORD": parameters.get("password", ""),
        "NAME": parameters.get("dbname", ""),
        "OPTIONS": {name: value for name, value in parameters.items() if name not in known},
    }
