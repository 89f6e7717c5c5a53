"""Names the Django app."""

from django.apps import AppConfig


class SettlementsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.settlements"
    label = "settlements"
    default_auto_field = "django.db.models.BigAutoField"
