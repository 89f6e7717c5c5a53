"""Names the Django app."""

from django.apps import AppConfig


class PaymentChannelsConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.payment_channels"
    label = "payment_channels"
    default_auto_field = "django.db.models.BigAutoField"
