"""Names the Django app."""

from django.apps import AppConfig


class BillsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.bills"
    label = "bills"
    default_auto_field = "django.db.models.BigAutoField"
