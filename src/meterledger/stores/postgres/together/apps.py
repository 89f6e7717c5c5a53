"""Names the Django app."""

from django.apps import AppConfig


class TogetherConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.together"
    label = "together"
    default_auto_field = "django.db.models.BigAutoField"
