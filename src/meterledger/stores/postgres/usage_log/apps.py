"""Names the Django app."""

from django.apps import AppConfig


class UsageLogConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.usage_log"
    label = "usage_log"
    default_auto_field = "django.db.models.BigAutoField"
