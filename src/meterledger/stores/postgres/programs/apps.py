"""Names the Django app."""

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.programs"
    label = "programs"
    default_auto_field = "django.db.models.BigAutoField"
