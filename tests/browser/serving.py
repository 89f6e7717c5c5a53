"""Our own application on a free port of this machine, and a page that may ask nothing else.

Shared by the tests in the browser, which put what they show behind it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from playwright.sync_api import Page


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The tests' own output is enough."""


class Threaded(ThreadingMixIn, WSGIServer):
    """A browser opens sockets that it then leaves idle; none of them may block the others."""

    daemon_threads = True


@contextmanager
def serving() -> Iterator[str]:
    """The address of the application; it answers one request at a time."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
    from meterledger.entrypoints.site.wsgi import application

    one_at_a_time = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        with one_at_a_time:
            return application(environ, start_response)

    server = make_server("127.0.0.1", 0, answer, server_class=Threaded, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def watched(page: Page, site: str) -> Iterator[None]:
    """A request to any other machine fails the test."""
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url)
            if not request.url.startswith((site, "about:", "blob:", "file:"))
            else None
        ),
    )
    yield
    assert not elsewhere, f"The page asked other machines for {elsewhere}"


def look(page: Page, name: str, axe: Callable[[], None]) -> None:
    """Keep a picture where a folder is named for them, and judge the page."""
    folder = os.environ.get("METERLEDGER_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    axe()
