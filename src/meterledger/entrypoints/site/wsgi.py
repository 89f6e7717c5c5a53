"""The web as a WSGI application, for ``meterledger serve`` and any other server."""

from __future__ import annotations

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")

application = get_wsgi_application()

import_module("meterledger.entrypoints.site.urls")  # now, so that a route without policy stops us
