"""The web as a Django application: where its templates and static files are."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages only; it has no tables."""

    name = "meterledger.entrypoints.web"
    label = "web"
