"""Names the Django app."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"
