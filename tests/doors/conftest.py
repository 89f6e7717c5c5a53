"""The pages over the town of ``web_town``, asked through Django's own test client."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest
from tests.doors.web_town import WebTown, shared_web_town

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
django.setup()

from django.test import Client  # noqa: E402 - Django is set up first
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402

from meterledger.entrypoints.web import system  # noqa: E402


@pytest.fixture(scope="session")
def watched_templates() -> Iterator[None]:
    """Let a test see what a page was made of."""
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture
def web_town() -> Iterator[WebTown]:
    """The town, put behind the pages for one test."""
    before = system.provide(shared_web_town())
    yield shared_web_town()
    system.provide(before)


@pytest.fixture
def client(web_town: WebTown, watched_templates: None) -> Client:
    """A browser on this machine; what the server would raise, a test sees as its page."""
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
