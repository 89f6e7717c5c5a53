"""Django's settings.

Lives here      the database: tables live in the apps of ``stores/postgres``.
Lives elsewhere opening it (``stores.postgres.open_store``), which also migrates it; the web
                (``web_settings``, beside this).
"""

from __future__ import annotations

import os
from typing import Any

from meterledger.entrypoints.site.web_settings import *  # noqa: F403 - Django reads names
from meterledger.entrypoints.site.web_settings import WEB_APPS
from meterledger.stores.postgres.addresses import (
    DATABASE_VARIABLE,
    STORE_APPS,
    django_database,
    parameters_of,
)

INSTALLED_APPS = ["django.contrib.postgres", *STORE_APPS, *WEB_APPS]

# Pages read through the store, which starts or finds the server by itself. Only a real server has
# an address that Django can know beforehand; without one, Django opens no connection of its own.
DATABASES: dict[str, dict[str, Any]] = (
    {"default": django_database(parameters_of(os.environ[DATABASE_VARIABLE], DATABASE_VARIABLE))}
    if os.environ.get(DATABASE_VARIABLE)
    else {}
)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
