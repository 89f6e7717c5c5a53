"""Pages of the intake: control totals, the quarantine with its ways out, cases and their steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.test_receive_readings import ZONE, day_of_quarter_hours, installed
from tests.journeys.test_take_file import install_second, mostly_ours

from meterledger.entrypoints.intake import take
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System, open_book
from meterledger.facts.events import CaseState, EventCase, EventKind, MeterEvent
from meterledger.facts.sources import UNSIGNED, Source
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer
from meterledger.usecases.take_file import Delivery

OURS = {"sec-fetch-site": "same-origin"}
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CAME = "/usage/intake/"


@lru_cache(maxsize=1)
def first_book() -> TariffBook:
    return open_book(default_book_folder())


@dataclass
class Behind:
    """A store in memory, a real lake and a real vault behind the pages."""

    store: MemoryStore
    folder: Path

    def system(self) -> System:
        lake = IntervalLake(self.folder / "lake", zone=ZONE, files_at=self.store.lake_files)
        return System(self.store, lake, first_book(), NOW, self.folder)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(first_book(), NOW)

    def take(self, name: str, text: str) -> None:
        with self.store.viewing(Viewer("test", "take a file"), [name]):
            take(Delivery(name=name, data=text.encode(), door="cli"), self.system())

    def state(self) -> CaseState:
        with self.store.viewing(Viewer("test", "look"), ["M1"]):
            return self.store.cases()[0].state

    def case(self) -> EventCase:
        """Two signs of tampering at M1, and the case they make."""
        events = [
            MeterEvent("M1", EventKind.TAMPER, NOW - timedelta(hours=hours), "head-end", hours, NOW)
            for hours in (3, 1)
        ]
        opened = EventCase(
            EventKind.TAMPER,
            "M1",
            tuple(one.event_id for one in events),
            NOW,
            "revenue_protection",
            "Meter M1 reported tampering twice.",
            "2 in 7 days (event_tamper_count)",
            NOW,
        )
        self.store.record_events(events, name="events")
        self.store.record_cases([opened])
        return opened


@pytest.fixture
def behind(tmp_path: Path) -> Behind:
    store = MemoryStore()
    installed(store)
    return Behind(store, tmp_path)


@pytest.fixture
def client(behind: Behind, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class TestWhatCameIn:
    def test_balances_by_day_and_source(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", mostly_ours())
        behind.take("bad.txt", "nonsense")
        behind.store.add_source(Source("north", UNSIGNED, "", True, NOW))

        text = text_of(client.get(CAME))

        assert '<td>received</td><td class="n">2</td><td class="n">106</td>' in text
        assert '<td>quarantined</td><td class="n">0</td><td class="n">10</td>' in text
        assert '<td>refused</td><td class="n">1</td>' in text
        assert "1 line</a> waits in the quarantine" in text
        assert "bad.txt" in text
        assert '<th scope="row">north</th><td>unsigned</td><td>yes</td><td>none</td>' in text

    def test_of_days_on_which_nothing_came_says_so(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", day_of_quarter_hours())

        text = text_of(client.get(CAME, {"from": "2026-01-01", "to": "2026-01-02"}))

        assert "Nothing came on these days." in text
        assert "No file was refused on these days." in text

    def test_of_days_in_the_wrong_order_says_so(self, client: Any) -> None:
        text = text_of(client.get(CAME, {"from": "2026-01-02", "to": "2026-01-01"}))
        assert "The last day lies before the first" in text


class TestTheQuarantine:
    def decide(self, client: Any, **typed: str) -> Any:
        words = {"author": "Ana", "reason": "installed now"} | typed
        return client.post("/usage/quarantine/1/", words, headers=OURS)

    def test_lists_what_waits_and_shows_its_bytes(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", mostly_ours())

        assert "1 line waits for a decision." in text_of(client.get("/usage/quarantine/"))
        text = text_of(client.get("/usage/quarantine/1/"))

        assert "M2 is not installed anywhere" in text
        assert "10 rows, 1000 Wh" in text
        assert "Release it" in text

    def test_releases_when_the_cause_is_corrected(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", mostly_ours())
        early = self.decide(client, act="release")
        assert early.status_code == 422
        assert "cannot be used yet" in text_of(early)
        install_second(behind)  # type: ignore[arg-type]

        assert self.decide(client, act="release").status_code == 302

        text = text_of(client.get("/usage/quarantine/1/"))
        assert "Released by Ana" in text
        assert "Release it" not in text
        assert "Nothing waits" in text_of(client.get("/usage/quarantine/"))
        assert "released</td>" in text_of(client.get("/usage/quarantine/", {"all": "1"}))

    def test_rejects_for_a_reason_and_only_once(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", mostly_ours())

        assert self.decide(client, act="reject", reason="").status_code == 422
        assert self.decide(client, act="reject").status_code == 302
        again = self.decide(client, act="reject")

        assert again.status_code == 422
        assert "has its outcome already" in text_of(again)

    def test_without_a_choice_decides_nothing(self, client: Any, behind: Behind) -> None:
        behind.take("good.cmep", mostly_ours())
        assert "No decision was chosen" in text_of(self.decide(client))

    def test_of_a_number_that_is_none_is_refused(self, client: Any) -> None:
        assert client.get("/usage/quarantine/7/").status_code == 404


class TestCases:
    def test_are_listed_by_queue_with_their_sentence(self, client: Any, behind: Behind) -> None:
        opened = behind.case()

        text = text_of(client.get("/usage/cases/"))

        assert "Meter M1 reported tampering twice." in text
        assert f'href="/usage/cases/{opened.case_id}/"' in text
        other = text_of(client.get("/usage/cases/", {"queue": "outage"}))
        assert "No case waits for anybody." in other

    def test_are_taken_up_and_closed_by_a_name(self, client: Any, behind: Behind) -> None:
        path = f"/usage/cases/{behind.case().case_id}/"
        assert "2 in 7 days" in text_of(client.get(path))
        step = {"state": "in_work", "by": "Bo", "reason": "van is on its way"}

        assert client.post(path, step, headers=OURS).status_code == 302
        assert "In work</strong> by Bo" in text_of(client.get(path))
        closed = step | {"state": "closed", "reason": "seal replaced"}
        assert client.post(path, closed, headers=OURS).status_code == 302

        text = text_of(client.get(path))
        assert "seal replaced" in text
        assert "The next step" not in text
        assert behind.state() is CaseState.CLOSED
        assert "No case waits" in text_of(client.get("/usage/cases/"))

    def test_without_a_reason_nothing_is_written(self, client: Any, behind: Behind) -> None:
        path = f"/usage/cases/{behind.case().case_id}/"

        answer = client.post(path, {"state": "closed", "by": "Bo", "reason": ""}, headers=OURS)

        assert answer.status_code == 422
        assert "The reason is empty" in text_of(answer)
        assert behind.state() is CaseState.OPEN

    def test_that_are_none_are_refused(self, client: Any) -> None:
        assert client.get("/usage/cases/tamper:M1:abc/").status_code == 404
