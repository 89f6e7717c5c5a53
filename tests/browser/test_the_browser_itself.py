"""The browser fixtures see what they are there to see, before any page of ours relies on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SOUND = "<!doctype html><html lang=en><title>Bill</title><main><h1>Bill</h1><p>$9.19</p></main>"
FAULTY = SOUND.replace("<p>", '<img src="data:," width=1 height=1><p style="color:#eee">')


def test_a_sound_page_passes_axe(page: Page, axe: Callable[..., None]) -> None:
    page.set_content(SOUND)
    axe()


def test_axe_names_a_missing_alternative_text_and_a_faint_color(
    page: Page, axe: Callable[..., None]
) -> None:
    page.set_content(FAULTY)
    with pytest.raises(AssertionError) as refused:
        axe()
    assert "image-alt" in str(refused.value)
    assert "color-contrast" in str(refused.value)
