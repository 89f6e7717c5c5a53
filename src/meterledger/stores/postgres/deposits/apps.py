"""Names the Django app."""

from django.apps import AppConfig


class DepositsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.deposits"
    label = "deposits"
    default_auto_field = "django.db.models.BigAutoField"
