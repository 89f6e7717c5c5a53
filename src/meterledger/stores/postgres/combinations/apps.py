"""Names the Django app."""

from django.apps import AppConfig


class CombinationsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.combinations"
    label = "combinations"
    default_auto_field = "django.db.models.BigAutoField"
