"""Names the Django app."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
