"""Browser tests: a real Chromium, a page that must load without a console error, and axe.

Lives here      how a browser is found and started, and what `page`, `axe` give a test.
Lives elsewhere installing it (tools/browser.sh), starting our server (each test's own fixture).
Read first      ./test --help.

A missing browser fails. axe comes out of the axe-playwright-python wheel: none of it is kept here.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

UNPACKED = Path(__file__).parents[2] / ".venv" / "debs" / "bin"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]  # root, small containers
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


def find_chromium() -> str:
    """Return the browser to drive: CHROMIUM, Debian's, or the one unpacked without root."""
    for candidate in (
        os.environ.get("CHROMIUM"),
        "/usr/lib/chromium/chromium",
        str(UNPACKED / "chromium"),
    ):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    pytest.fail("There is no Chromium for the browser tests. Run ./test once: it installs one.")


def _use_unpacked_driver() -> None:
    """Start the driver through our wrapper where the system lacks the library that it needs."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(UNPACKED / "node"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for each worker."""
    path = find_chromium()
    _use_unpacked_driver()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, headless=True, chromium_sandbox=False, args=ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own. The test fails if the page logged an error or threw one."""
    context = browser.new_context(locale="en-US", timezone_id="America/Chicago")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield opened
    context.close()
    assert not complaints, "The page complained in the console:\n" + "\n".join(complaints)


@pytest.fixture
def axe(page: Page) -> Callable[..., None]:
    """Call it once the page shows what is to be judged; it fails with every violation at once."""
    source = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

    def run(tags: tuple[str, ...] = WCAG) -> None:
        page.evaluate(source)  # passes a strict content policy, which refuses an added script tag
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", list(tags))
        assert found["passes"], "axe looked at nothing: is the page empty?"
        violations = [
            {
                "rule": violation["id"],
                "impact": violation["impact"],
                "help": violation["help"],
                "where": [node["html"][:160] for node in violation["nodes"][:3]],
            }
            for violation in found["violations"]
        ]
        assert not violations, json.dumps(violations, indent=1, ensure_ascii=False)

    return run
