"""The pages of meter operations: the queue, a day to decide, a meter, and two reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.doors.usage_web_town import Behind, held_town
from tests.journeys.usage_town import BELOW_ZERO, DAY, NEXT, UsageTown

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.usage_chart import day_chart
from meterledger.facts.events import EventKind, MeterEvent
from meterledger.usecases.ports import Viewer
from meterledger.usecases.review_usage import day_to_review

HELD = f"/usage/days/{DAY}/E-2003/"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def town(tmp_path: Path) -> UsageTown:
    return held_town(tmp_path)


@pytest.fixture
def client(town: UsageTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(Behind(town))
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class TestTheQueue:
    def test_lists_held_days_with_what_was_found(self, client: Any) -> None:
        page = client.get("/usage/")
        assert page.status_code == 200
        text = text_of(page)
        assert "2 days of 2 meters wait for a person." in text
        assert f'href="{HELD}"' in text
        assert "usage.negative" in text
        assert "It cannot be estimated: no measured day of the ladder" in text
        assert "E-2002" not in text  # estimated, and no more held

    def test_looks_are_logged(self, client: Any, town: UsageTown) -> None:
        client.get("/usage/")
        viewer, subjects = town.store.read_log[-1]
        assert (viewer.purpose, subjects) == ("look at the review queue", ("review queue",))
        client.get(HELD)
        viewer, subjects = town.store.read_log[-1]
        assert (viewer.purpose, subjects) == ("decide held usage", ("E-2003",))


class TestADay:
    def test_shows_evidence_history_and_the_ways_out(self, client: Any) -> None:
        text = text_of(client.get(HELD))
        assert "This day is held" in text
        assert "1 interval is below zero" in text
        assert f"10:00: {BELOW_ZERO} Wh, usually" in text
        for way in ("Accept it as it is", "Edit intervals", "Estimate it", "Reject it"):
            assert way in text

    def test_a_day_without_values_cannot_be_accepted(self, client: Any) -> None:
        text = text_of(client.get(f"/usage/days/{DAY}/E-2004/"))
        assert "96 of 96 intervals missing" in text
        assert "Accept it as it is" not in text
        assert "Effort to read: on demand read, no answer, by head-end" in text

    def test_a_day_that_nothing_holds_can_only_be_corrected(self, client: Any) -> None:
        text = text_of(client.get(f"/usage/days/{DAY}/E-2002/"))
        assert "Nothing holds this day." in text
        assert "Correct it all the same" in text
        assert "Accept it as it is" not in text
        assert "Reject it" not in text
        assert "4 intervals estimated" in text
        assert "because of remote device failed" in text

    @pytest.mark.parametrize(
        ("address", "status", "said"),
        [
            ("/usage/days/soon/E-2003/", 422, "is not a day"),
            (f"/usage/days/{DAY}/E-9999/", 404, "There is no meter E-9999"),
            ("/usage/meters/E-9999/", 404, "There is no meter E-9999"),
            ("/usage/report/?on=never", 422, "is not a day"),
        ],
    )
    def test_what_there_is_not(self, client: Any, address: str, status: int, said: str) -> None:
        answer = client.get(address)
        assert answer.status_code == status
        assert said in text_of(answer).replace("&#x27;", "'")


def decide(client: Any, address: str = HELD, **typed: str) -> Any:
    told = {"author": "Dana Cole", "reason": "Solar on the roof", "act": "accept"} | typed
    return client.post(address, told, headers=OURS)


class TestDeciding:
    def test_an_accepted_day_leaves_the_queue_with_name_and_reason(
        self, client: Any, town: UsageTown
    ) -> None:
        answer = decide(client)

        assert answer.status_code == 302
        assert answer.headers["location"] == HELD
        text = text_of(client.get(HELD))
        assert "Nothing holds this day." in text
        assert "<strong>Accept</strong> by Dana Cole" in text
        assert "Solar on the roof" in text
        assert "1 day of 1 meter waits for a person" in text_of(client.get("/usage/"))
        with town.store.viewing(Viewer("test", "look"), []):
            assert len(town.store.reviews_of_meter("E-2003")) == 1

    def test_an_edit_is_a_new_version_and_says_what_it_was(self, client: Any) -> None:
        assert decide(client, act="edit", values="40=120").status_code == 302
        text = text_of(client.get(HELD))
        assert "1 interval from -900 Wh to 120 Wh by Dana Cole" in text
        assert "10:00: 120 Wh (edited)" in text

    def test_an_estimate_takes_the_ladder(self, client: Any) -> None:
        answer = decide(client, act="estimate", values="40-41", cause="weather_emergency")
        assert answer.status_code == 302
        assert "2 intervals estimated" in text_of(client.get(HELD))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"author": ""}, "The decision has no author"),
            ({"reason": " "}, "The decision has no reason"),
            ({"act": ""}, "No decision was chosen"),
            ({"act": "edit", "values": ""}, "The edit changes nothing"),
            ({"act": "edit", "values": "forty=2"}, "is no interval with its watt-hours"),
            ({"act": "edit", "values": "400=2"}, "The day has no interval 400"),
            ({"act": "estimate", "values": "x"}, "names no intervals"),
            ({"act": "estimate", "cause": "x"}, "No cause was chosen"),
        ],
    )
    def test_what_is_refused_is_said_and_typed_words_stay(
        self, client: Any, town: UsageTown, typed: dict[str, str], said: str
    ) -> None:
        answer = decide(client, **({"reason": "Because of the roof"} | typed))
        assert answer.status_code == 422
        text = text_of(answer)
        assert "Not decided" in text
        assert said in text
        if "reason" not in typed:
            assert "Because of the roof" in text
        with town.store.viewing(Viewer("test", "look"), []):
            assert town.store.reviews_of_meter("E-2003") == []

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
    def test_a_form_of_another_site_decides_nothing(
        self, client: Any, town: UsageTown, site: str | None
    ) -> None:
        told = {"author": "Eve", "reason": "Mine", "act": "accept"}
        headers = {"sec-fetch-site": site} if site else {}
        answer = client.post(HELD, told, headers=headers)
        assert answer.status_code == 422
        assert "This form does not come from one of our pages" in text_of(answer)
        with town.store.viewing(Viewer("test", "look"), []):
            assert town.store.reviews_of_meter("E-2003") == []

    @pytest.mark.parametrize("method", ["put", "delete", "patch"])
    def test_nothing_else_is_sent_to_it(self, client: Any, method: str) -> None:
        assert getattr(client, method)(HELD).status_code == 405
        assert client.post("/usage/", headers=OURS).status_code == 405


class TestMetersAndReports:
    def test_a_meter_shows_where_it_is_and_how_it_is_heard(self, client: Any) -> None:
        text = text_of(client.get(f"/usage/meters/E-2003/?on={DAY}"))
        assert 'href="/usage/multiplier/E-2003/"' in text
        assert "October 1, 2025, until further notice" in text
        assert "96 of 96" in text
        assert "usage.negative" in text

    def test_estimates_of_a_meter_cite_their_rung(self, client: Any) -> None:
        text = text_of(client.get(f"/usage/meters/E-2002/?on={DAY}"))
        assert "same day" in text
        assert "GRR V.E.3.d" in text
        assert "92 of 96" in text

    def test_the_report_says_who_did_not_send(self, client: Any) -> None:
        text = text_of(client.get(f"/usage/report/?on={DAY}"))
        assert "Who sent on October 8, 2025" in text
        silent = text[text.index('id="silent"') : text.index('id="look"')]
        assert "E-2004" in silent
        assert "E-2001" not in silent

    def test_the_report_opens_on_the_newest_day_that_has_values(self, client: Any) -> None:
        text = text_of(client.get("/usage/report/"))  # more than a year after the last reading
        assert "Who sent on October 31, 2025" in text
        assert "No day was named: this is the newest one" in text
        assert "No day was named" not in text_of(client.get(f"/usage/report/?on={DAY}"))

    def test_events_are_told_with_the_meter_and_counted_with_the_day(
        self, client: Any, town: UsageTown
    ) -> None:
        at = datetime(2025, 10, 8, 20, 15, tzinfo=UTC)
        event = MeterEvent("E-2003", EventKind.TAMPER, at, "f" * 64, 1, NEXT, (("cover", "open"),))
        town.store.record_events([event], name="events.csv")

        text = text_of(client.get(f"/usage/meters/E-2003/?on={DAY}"))
        assert "Oct 8, 2025 20:15 UTC: tamper, cover open" in text
        assert "Events of the day: tamper 1." in text_of(client.get(f"/usage/report/?on={DAY}"))

    def test_a_bill_whose_estimate_was_replaced_is_listed(self, client: Any) -> None:
        text = text_of(client.get("/usage/replaced/"))
        assert "3 bills looked at; the usage of 1 has changed since." in text
        assert "E-2005" in text


class TestTheChart:
    def test_is_drawn_in_whole_numbers_with_a_zero(self, town: UsageTown) -> None:
        with town.store.viewing(Viewer("test", "look"), []):
            item = day_to_review("E-2003", DAY, store=town.store, lake=town.lake, view=town.view)
        chart = day_chart(item, town.view.time_zone)
        assert chart is not None
        assert len(chart.bars) == 96
        below = chart.bars[40]
        assert below.y == chart.zero_y  # it hangs from the line of zero
        assert below.y + below.height <= 1000
        above = chart.bars[41]
        assert above.y + above.height == chart.zero_y
        assert chart.ticks[0][1] == 1000
        assert chart.ticks[-1][1] == 0

    def test_a_missing_interval_stands_over_the_whole_height(self, town: UsageTown) -> None:
        with town.store.viewing(Viewer("test", "look"), []):
            item = day_to_review("E-2004", DAY, store=town.store, lake=town.lake, view=town.view)
        chart = day_chart(item, town.view.time_zone)
        assert chart is not None
        assert {(bar.kind, bar.height) for bar in chart.bars} == {("missing", 1000)}
        assert "96 have no value" in chart.summary
