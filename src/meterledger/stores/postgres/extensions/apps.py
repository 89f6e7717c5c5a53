"""Names the Django app."""

from django.apps import AppConfig


class ExtensionsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.extensions"
    label = "extensions"
    default_auto_field = "django.db.models.BigAutoField"
