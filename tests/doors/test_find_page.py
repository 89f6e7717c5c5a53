"""Accounts by the name of who holds them: found, logged, and never in an address."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import WebTown

SAME = {"sec-fetch-site": "same-origin"}


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def find(client: Client, name: str, **headers: str) -> Any:
    return client.post("/find/", {"name": name}, headers={**SAME, **headers})


def test_the_front_page_offers_it(client: Client) -> None:
    assert 'action="/find/" method="post"' in client.get("/").content.decode()


@pytest.mark.parametrize("typed", ["rivera", "RIVERA ana", " ana   riv "])
def test_a_part_of_the_name_is_enough(client: Client, web_town: WebTown, typed: str) -> None:
    answer = find(client, typed)

    assert answer.status_code == 200
    assert 'href="/accounts/0000000018/"' in answer.content.decode()
    assert "Rivera" in text_of(answer)


def test_who_is_shown_is_logged_with_the_purpose(client: Client, web_town: WebTown) -> None:
    find(client, "rivera")

    viewer, subjects = web_town.town.store.read_log[-1]
    assert (viewer.purpose, subjects) == (
        "find an account by its holder's name",
        ("0000000018",),
    )


def test_nobody_of_that_name_is_said(client: Client) -> None:
    assert "Nobody holds an account by that name" in text_of(find(client, "zzyzx"))


def test_a_single_letter_is_refused(client: Client) -> None:
    answer = find(client, "r")

    assert answer.status_code == 422
    assert "2 letters of a name are the least that is searched for" in text_of(answer)


def test_a_form_of_another_site_is_refused(client: Client) -> None:
    answer = find(client, "rivera", **{"sec-fetch-site": "cross-site"})

    assert answer.status_code >= 400
    assert "Rivera" not in text_of(answer)
