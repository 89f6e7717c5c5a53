"""Names the Django app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
