"""Names the Django app."""

from django.apps import AppConfig


class RecordConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.record"
    label = "record"
    default_auto_field = "django.db.models.BigAutoField"
