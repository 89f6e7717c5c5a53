"""Settings of the web: read-only pages for this machine, under a strict content policy.

Lives here      everything about answering a browser.
Lives elsewhere the database (``settings``, beside this), what the pages say (``entrypoints/web``).
Read first      docs/decisions/0010-no-sign-in-yet-so-loopback-only.md.
"""

from __future__ import annotations

import secrets

from csp.constants import NONE, SELF

DEBUG = False

SECRET_KEY = secrets.token_hex(32)
"""Fresh in every process: nothing here is signed for later, because nobody can sign in yet."""

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
ALLOWED_HOSTS = list(LOOPBACK_HOSTS)
"""A page on the internet that makes its name point here is refused by its name."""

ROOT_URLCONF = "meterledger.entrypoints.site.urls"
WSGI_APPLICATION = "meterledger.entrypoints.site.wsgi.application"

WEB_APPS = ["django.contrib.staticfiles", "meterledger.entrypoints.web.apps.WebConfig"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "meterledger.entrypoints.site.middleware.OneMachineHeaders",
    "meterledger.entrypoints.site.middleware.RefusalPages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["meterledger.entrypoints.web.system.utility_of_the_page"],
            "builtins": ["meterledger.entrypoints.web.templatetags.meterledger"],
        },
    }
]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the package: nothing to collect before the first page
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 300

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": True}},
}
"""A fault of ours is told to whoever runs this, and never to a reader."""

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
