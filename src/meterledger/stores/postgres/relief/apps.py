"""Names the Django app."""

from django.apps import AppConfig


class ReliefConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.relief"
    label = "relief"
    default_auto_field = "django.db.models.BigAutoField"
