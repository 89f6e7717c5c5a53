"""Names the Django app."""

from django.apps import AppConfig


class WeatherConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.weather"
    label = "weather"
    default_auto_field = "django.db.models.BigAutoField"
