"""Names the Django app."""

from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.readings"
    label = "readings"
    default_auto_field = "django.db.models.BigAutoField"
