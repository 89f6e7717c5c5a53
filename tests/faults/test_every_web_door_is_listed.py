"""Every form of the web is a door that is crowded, or is named as one that moves no money.

Lives elsewhere the doors (``web_doors``), many callers and kills (``test_web_survives_anything``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import django
import pytest
from tests.doors.channel_doors import KnowingSystem
from tests.faults.commands import LATER
from tests.faults.web_door import Door
from tests.faults.web_doors import DOORS
from tests.journeys.town import PaperLake
from tests.stores.extension_town import the_book
from tests.stores.paper_town import ANALYST

from meterledger.entrypoints import wiring
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.policy import FromElsewhere
from meterledger.entrypoints.web.system import Library
from meterledger.stores.memory import MemoryStore

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
django.setup()

from django.http import HttpRequest  # noqa: E402 - Django is set up first
from django.test import Client  # noqa: E402
from django.urls import URLPattern  # noqa: E402

from meterledger.entrypoints.site.urls import urlpatterns  # noqa: E402
from meterledger.entrypoints.web import (  # noqa: E402
    bank_pages,
    channel_pages,
    correct_service_page,
    corrections,
    deposit_decisions,
    deposit_forms,
    held_pages,
    multiplier_page,
    payments,
    relief_pages,
    settlement_pages,
)

ACTS: dict[str, Any] = {
    "ask-deposit": (deposit_forms.ASK, deposit_forms.NOTICE),
    "bank-line": bank_pages.ACTS,
    "checkout": channel_pages.ACTS,
    "correct-service": correct_service_page.ACTS,
    "correction": (corrections.REBILL, corrections.LEAVE),
    "deposit": deposit_decisions.ACTS,
    "held-case": held_pages.ACTS,
    "multiplier": multiplier_page.ACTS,
    "payment": payments.ACTS,
    "relief": relief_pages.ACTS,
    "settlement": settlement_pages.ACTS,
}
"""What the form of a page may be told to do, where it may do several things."""
MOVES_NO_MONEY = {
    "find-by-name": "it looks up an account by its holder's name",
    "held-estimate": "usage is estimated, and its bill stays held",
    "quarantined": "it lets a reading in or throws it away: what a bill would be other for it, the "
    "doors of corrections and nights decide",
    "take-readings": "as above: readings are kept, and no bill is made",
    "usage-case": "it says what was done about a meter's events",
    "usage-day": "as above: usage is accepted, edited or estimated, and no bill is made",
}
"""Forms that move no money and change nothing of what is owed, and why."""
AS_ANOTHER = {
    (
        "ask-deposit",
        "notice",
    ): "it asks for no money yet, and winter, the day of these doors, "
    'refuses it; its journey, "notice of a deposit", falls over at every statement',
    ("deposit", "not_satisfactory"): "the journey of its other opinion, which gives nothing back",
}
"""What a form may be told and is no door of its own, and why."""


def takes_forms(pattern: URLPattern) -> bool:
    """Whether something may be sent to the route: it says why not, or not at all, to a stranger."""
    request = HttpRequest()
    request.method = "POST"
    request.META |= {"HTTP_SEC_FETCH_SITE": "cross-site"}
    try:
        return bool(pattern.callback(request).status_code != 405)
    except FromElsewhere:
        return True


def routes(patterns: list[URLPattern]) -> set[str]:
    return {str(one.name) for one in patterns if takes_forms(one)}


def crowded() -> set[tuple[str, str]]:
    """Places of all doors; only pages that may do several things are told what."""
    places = [one.place for one in DOORS.values()]
    return {(route, act if route in ACTS else "") for route, act in places}


def told(route: str) -> set[tuple[str, str]]:
    return {(route, act) for act in ACTS.get(route, [""])}


def left_out(patterns: list[URLPattern]) -> set[tuple[str, str]]:
    """What can be sent, moves money, and is no door."""
    money = routes(patterns) - set(MOVES_NO_MONEY)
    return {place for route in money for place in told(route)} - crowded() - set(AS_ANOTHER)


def named_in_vain(patterns: list[URLPattern]) -> set[str]:
    """What is named and takes no form, or is a door as well."""
    known = routes(patterns)
    doors = {route for route, _ in crowded()}
    named = {*MOVES_NO_MONEY, *ACTS, *(route for route, _ in AS_ANOTHER)}
    return (named - known) | (doors - known) | (doors & set(MOVES_NO_MONEY))


def test_every_form_that_moves_money_is_a_door() -> None:
    assert left_out(urlpatterns) == set()
    assert routes(urlpatterns) >= {"payment", "take-answer", "take-readings"}
    assert "payments" not in routes(urlpatterns)


def test_a_form_in_neither_list_is_found() -> None:
    one = next(one for one in urlpatterns if one.name == "settlement")
    new = URLPattern(one.pattern, one.callback, name="new-form")

    assert left_out([*urlpatterns, new]) == {("new-form", "")}


def test_what_is_named_is_a_form_and_no_door() -> None:
    assert named_in_vain(urlpatterns) == set()
    assert set(AS_ANOTHER) <= {place for route in ACTS for place in told(route)} - crowded()


def test_a_name_that_is_no_form_any_more_is_found() -> None:
    fewer = [one for one in urlpatterns if one.name not in ("usage-day", "payment")]

    assert named_in_vain(fewer) == {"usage-day", "payment"}


def test_a_page_that_may_do_several_things_says_which() -> None:
    several = {
        one.name
        for one in urlpatterns
        if takes_forms(one) and hasattr(sys.modules[one.callback.__module__], "ACTS")
    }
    assert several - {"held-runs", "take-answer"} <= set(ACTS)  # beside a page of several


# ------------------------------------------------------------------------ one caller, in memory


class Behind:
    """A door's town behind the pages, at the instant of the served one."""

    def __init__(self, door: Door) -> None:
        self.store, self.lake, self.now = MemoryStore(), PaperLake(), datetime.fromisoformat(LATER)
        with self.store.viewing(ANALYST, ["all"]):
            if door.reads_lake:
                door.town(self.store, self.lake)
            else:
                door.town(self.store)

    def system(self) -> wiring.System:
        return KnowingSystem(self.store, self.lake, the_book(), self.now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(the_book(), self.now)

    def holds(self) -> str:
        return repr({name: kept for name, kept in vars(self.store).items() if name != "read_log"})


@pytest.fixture
def behind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    door: Door = request.param
    made, processor = Behind(door), door.processor()
    monkeypatch.setattr(wiring, "open_processor", lambda: processor)
    before = system.provide(made)
    yield made
    system.provide(before)


@pytest.mark.parametrize(
    ("behind", "door"), [(one, one) for one in DOORS.values()], ids=DOORS, indirect=["behind"]
)
def test_a_door_does_it_once(behind: Behind, door: Door) -> None:
    browser = Client(headers={"host": "127.0.0.1"})
    request, before = door.ask(1), behind.holds()

    def ask() -> Any:
        kind = request.headers["Content-Type"]
        more = {name: told for name, told in request.headers.items() if name != "Content-Type"}
        return browser.post(request.address, request.body, content_type=kind, headers=more)

    answers = [ask()]
    after = behind.holds()
    answers.append(ask())

    done = 200 if request.address.startswith("/api/") else 302
    assert answers[0].status_code == done, answers[0].content.decode()
    assert after != before
    assert behind.holds() == after
    assert answers[1].status_code < 500
