"""Names the Django app."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.reconciliation"
    label = "reconciliation"
    default_auto_field = "django.db.models.BigAutoField"
