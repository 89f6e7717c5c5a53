"""Names the Django app."""

from django.apps import AppConfig


class LateChargesConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.late_charges"
    label = "late_charges"
    default_auto_field = "django.db.models.BigAutoField"
