"""Names the Django app."""

from django.apps import AppConfig


class BillingOptionsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.billing_options"
    label = "billing_options"
    default_auto_field = "django.db.models.BigAutoField"
