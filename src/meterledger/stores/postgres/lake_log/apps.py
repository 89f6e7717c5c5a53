"""Names the Django app."""

from django.apps import AppConfig


class LakeLogConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.lake_log"
    label = "lake_log"
    default_auto_field = "django.db.models.BigAutoField"
