"""Names the Django app."""

from django.apps import AppConfig


class MetersConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.meters"
    label = "meters"
    default_auto_field = "django.db.models.BigAutoField"
