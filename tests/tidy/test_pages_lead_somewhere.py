"""A reader who follows a link in our pages arrives."""

from __future__ import annotations

import re

from tests.tidy.house import listing, name, project_files

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def test_links_between_our_pages_resolve() -> None:
    offences = [
        f"{name(page)} -> {target}"
        for page in project_files()
        if page.suffix == ".md"
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if ":" not in target and not (page.parent / target).exists()
    ]
    assert not offences, (
        "A page points to what is not there: write it, or take the link out.\n" + listing(offences)
    )
