"""Names the Django app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """Label and name."""

    name = "meterledger.stores.postgres.places"
    label = "places"
    default_auto_field = "django.db.models.BigAutoField"
