"""Names the Django app."""

from django.apps import AppConfig


class HeldConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.held"
    label = "held"
    default_auto_field = "django.db.models.BigAutoField"
