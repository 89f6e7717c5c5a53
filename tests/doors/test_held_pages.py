"""The pages of held bills: the queue and its filters, a case, the ways out, and the runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.doors.held_web_town import (
    APRIL,
    AT,
    BEGIN,
    FAR,
    GAP,
    HIGH,
    MAY,
    NOW,
    OUT,
    HeldTown,
    held_town,
)
from tests.journeys.programs_town import KNOWN
from tests.journeys.test_reactive_demand import flat, open_town
from tests.journeys.town import even

from meterledger.entrypoints.web import system
from meterledger.facts.ach import AchStandard
from meterledger.facts.ach_orders import Enrollment
from meterledger.facts.bills import HeldBill
from meterledger.facts.held import RunCounts, RunRecord, RunState, SeenHold
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases import settle_held
from meterledger.usecases.ports import Viewer

OURS = {"sec-fetch-site": "same-origin"}
WHO = {"author": "Dana Cole", "reason": "A new heat pump, seen on site"}


@pytest.fixture
def behind() -> HeldTown:
    return held_town()


@pytest.fixture
def client(behind: HeldTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def address(behind: HeldTown, number: int) -> str:
    return f"/held/{behind.cases[number]}/"


def decide(client: Any, behind: HeldTown, number: int, act: str, **typed: str) -> Any:
    return client.post(address(behind, number), {"act": act, **WHO, **typed}, headers=OURS)


def test_an_account_s_page_leads_to_what_is_held_of_it(client: Any, behind: HeldTown) -> None:
    text = text_of(client.get(f"/accounts/{behind.town.account_id(GAP)}/"))
    assert f'<a href="{address(behind, GAP)}">' in text
    assert "is not billed yet: readings are missing." in text


class TestTheQueue:
    def test_lists_held_bills_with_why_and_whose(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get("/held/"))
        assert "4 bills wait for a person. 1 is excluded until somebody reopens it." in text
        assert "Energy far from usual: gate.band (3)" in text
        assert f'href="{address(behind, FAR)}"' in text
        assert "Readings are missing" in text
        assert "meter data" in text

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            ("code=gate.", [FAR, HIGH, OUT]),
            ("code=usage.gap", [GAP]),
            ("owner=meter+data", [HIGH, GAP]),
            ("age=30", [FAR, HIGH, GAP, OUT]),
            ("code=book.silent", []),
            ("state=excluded", [OUT]),
            ("state=open", [FAR, HIGH, GAP]),
        ],
    )
    def test_is_filtered(self, client: Any, behind: HeldTown, asked: str, shown: list[int]) -> None:
        text = text_of(client.get(f"/held/?{asked}"))
        for number in (FAR, HIGH, GAP, OUT):
            assert (address(behind, number) in text) is (number in shown)

    def test_begins_with_the_oldest_and_of_one_run_with_the_oldest_service(
        self, client: Any, behind: HeldTown
    ) -> None:
        store, account = behind.town.store, behind.town.account_id(FAR)
        with store.viewing(Viewer("test", "billing"), ["the town"]):
            earlier = [
                SeenHold(HeldBill(account, f"A-{month}", days, "usage.gap", "So it is."))
                for month in (3, 1, 2)
                for days in [DaySpan(date(2025, month, 1), date(2025, month + 1, 1))]
            ]
            store.see_held(earlier, on=MAY, learned_at=AT)
        text = text_of(client.get("/held/?code=usage.gap"))
        months = ("January", "February", "March", "April")
        at = [text.index(f"{month} 1 to") for month in months]
        assert at == sorted(at)

    def test_looks_are_logged(self, client: Any, behind: HeldTown) -> None:
        client.get("/held/")
        viewer, subjects = behind.town.store.read_log[-1]
        assert (viewer.purpose, subjects) == ("look at held bills", ("held bills",))
        client.get(address(behind, FAR))
        (viewer, subjects), (_, accounts) = behind.town.store.read_log[-2:]
        assert (viewer.purpose, subjects) == ("decide a held bill", (behind.cases[FAR],))
        with behind.town.store.viewing(Viewer("a test", "look"), ["all"]):
            case = behind.town.store.held_case(behind.cases[FAR])
        assert accounts == (case.account_id,)


class TestACase:
    def test_says_why_with_its_evidence_and_history(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, FAR)))
        assert "134.4 kWh a day is" in text
        assert 'href="/book/gate_band_previous_most_percent/"' in text
        before = f"B-{behind.town.account_id(FAR)}-SP{FAR}-20251201-20260301-20260401"
        assert f'<dd><a href="/bills/{before}/"><code>{before}</code></a></dd>' in text
        assert "not known: compared with history alone" in text
        assert "Average daily use in kilowatt-hours" in text
        assert "April 1 to April 30, 2026, held" in text
        assert 'href="/usage/meters/E-3001/?on=2026-04-30"' in text

    def test_shows_the_lines_of_the_bill_it_would_be(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, FAR)))
        with behind.town.store.viewing(Viewer("test", "look"), []):
            case = behind.town.store.held_case(behind.cases[FAR])
        before, _, table = text.partition("The bill it would be")
        assert "Why it is held" in before
        assert "Customer charge" in table
        assert " kWh x $" in table
        assert "$-" not in table
        assert "Sheet 54" in table
        total = f"${case.seen.total_cents / 100:,.2f}"
        assert table.index("Total of this bill") < table.index(total)
        assert "something has changed since" not in table

    def test_says_when_it_would_be_another_bill_now(self, client: Any, behind: HeldTown) -> None:
        behind.town.read("E-3001", (APRIL, MAY), even(5000), learned_at=AT, seconds=3600)
        text = text_of(client.get(address(behind, FAR)))
        assert "something has changed since" in text

    def test_of_a_gap_has_no_lines(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, GAP)))
        assert "The bill it would be" not in text

    def test_of_a_gap_offers_no_release(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, GAP)))
        assert 'value="release"' not in text
        assert 'value="rerun"' in text
        assert "Get the missing readings" in text
        assert f'href="/usage/meters/E-30{GAP:02d}/?on=2026-04-01"' in text, "the first day missing"

    def test_of_a_gap_names_each_day_that_waits_and_how_it_is_estimated(
        self, client: Any, behind: HeldTown
    ) -> None:
        text = text_of(client.get(address(behind, GAP)))
        assert "30 of 30 days keep this bill from leaving." in text
        day = f'href="/usage/days/2026-04-17/E-30{GAP:02d}/?case={behind.cases[GAP]}"'
        assert day in text
        assert "24 of 24 intervals missing" in text
        assert f'href="{address(behind, GAP)}estimate/"' in text

    def test_says_how_much_was_used_on_each_of_its_days(
        self, client: Any, behind: HeldTown
    ) -> None:
        text = text_of(client.get(address(behind, FAR)))
        _, _, days = text.partition("Day by day")
        assert "Energy of each day" in days
        assert "keep this bill from leaving" not in days
        assert '<td class="n">134.4</td>' in days
        assert f"{address(behind, FAR)}estimate/" not in text

    def test_names_its_account_and_days_once(self, client: Any, behind: HeldTown) -> None:
        """A run's sentence ends its days with the day out: beside the last day it would mislead."""
        text = text_of(client.get(address(behind, GAP)))
        assert "<p>No interval has arrived; the window needs" in text
        assert "April 1, 2026 to May 1, 2026" not in text

    def test_whose_days_are_on_a_bill_leads_to_that_bill(
        self, client: Any, behind: HeldTown
    ) -> None:
        town = behind.town
        with town.store.viewing(Viewer("test", "billing"), ["the town"]):
            last = town.store.bills_of_account(town.account_id(FAR))[-1]
            days = DaySpan(last.days.last_day, MAY)
            told = HeldBill(town.account_id(FAR), "again", days, "gate.overlap", "Billed")
            town.store.see_held([SeenHold(told)], on=MAY, learned_at=AT)
            (case,) = (one for one in town.store.held_cases() if one.days == days)

        text = text_of(client.get(f"/held/{case.case_id}/"))

        assert f'<a href="/bills/{last.bill_id}/">The bill for March 1 to March 31, 2026, ' in text
        assert '<h2 id="correct">Correct it</h2>' in text, "it cannot be released"

    @pytest.mark.parametrize(
        ("code", "address", "words"),
        [
            ("gate.window_length", "/agreements/{}/correct/", "Rate option, first day and cycle"),
            ("usage.interval_too_long", "/agreements/{}/correct/", "Rate option, first day"),
            ("usage.held", "/usage/", "Review queue of held days"),
            ("gate.run_stopped", "/held/runs/", "The run that was stopped"),
            ("book.silent", "/book/", "Tariff book"),
            ("usage.reactive_spike", "/usage/multiplier/E-3001/", "Multiplier of meter E-3001"),
        ],
    )
    def test_leads_to_where_its_cause_is_corrected(
        self, client: Any, behind: HeldTown, code: str, address: str, words: str
    ) -> None:
        store = behind.town.store
        with store.viewing(Viewer("test", "billing"), ["the town"]):
            case = store.held_case(behind.cases[FAR])
            told = HeldBill(case.account_id, case.agreement_id, case.days, code, "So it is.")
            store.see_held([SeenHold(told)], on=MAY, learned_at=NOW)

        text = text_of(client.get(f"/held/{case.case_id}/"))

        assert f'<li><a href="{address.format(case.agreement_id)}">{words}' in text

    def test_off_by_a_factor_leads_to_the_multiplier(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, HIGH)))
        assert "Off by a factor" in text
        assert f'href="/usage/multiplier/E-30{HIGH:02d}/"' in text

    def test_that_is_not_there_is_refused(self, client: Any) -> None:
        answer = client.get("/held/H-1/")
        assert answer.status_code == 404
        assert "There is no held case H-1" in text_of(answer)

    def test_of_an_account_on_autopay_says_that_it_is_not_drawn_by_itself(
        self, client: Any, behind: HeldTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = "Its account is on autopay, and this bill is not drawn by itself"
        assert words not in text_of(client.get(address(behind, FAR)))
        account = behind.town.account_id(FAR)
        enrolled = Enrollment(
            *("AP-1", account, "BA-1", AchStandard.PPD, Validity(BEGIN), None, "web", "Ana", AT)
        )
        monkeypatch.setattr(behind.town.store, "_enrollments", [enrolled])

        assert words in text_of(client.get(address(behind, FAR)))
        assert words not in text_of(client.get(address(behind, HIGH))), "of another account"

    def test_is_released_and_shows_the_bill_that_left(self, client: Any, behind: HeldTown) -> None:
        answer = decide(client, behind, FAR, "release")
        assert answer.status_code == 302
        text = text_of(client.get(answer["Location"]))
        assert "It has left as" in text
        assert "released</strong> by Dana Cole: A new heat pump, seen on site" in text
        assert "Decide</h2>" not in text

    def test_above_the_ceiling_takes_two_people(self, client: Any, behind: HeldTown) -> None:
        decide(client, behind, HIGH, "release")
        text = text_of(client.get(address(behind, HIGH)))
        assert "It is released by Dana Cole, and waits for another person" in text

        again = decide(client, behind, HIGH, "approve")
        assert again.status_code == 422
        assert "Dana Cole has released this bill and cannot approve it as well" in text_of(again)

        assert decide(client, behind, HIGH, "approve", author="Ben Ito").status_code == 302
        assert "It has left as" in text_of(client.get(address(behind, HIGH)))

    def test_that_a_run_found_otherwise_since_is_not_decided(
        self, client: Any, behind: HeldTown
    ) -> None:
        """Who releases a bill of one amount has not released one of another."""
        page = client.get(address(behind, FAR)).content.decode()
        (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
        with behind.town.store.viewing(Viewer("test", "billing"), ["the town"]):
            behind.town.read(f"E-30{FAR:02d}", (APRIL, MAY), even(5900), seconds=3600)
            behind.town.bill(FAR, on=MAY, known_at=AT)

        answer = decide(client, behind, FAR, "release", seen=seen)

        assert answer.status_code == 422
        text = text_of(answer)
        assert "The case is not what it was when this page was opened" in text
        (now,) = re.findall(r'name="seen" value="([^"]+)"', text)
        assert decide(client, behind, FAR, "release", seen=now).status_code == 302

    def test_run_again_says_that_it_is_still_held(self, client: Any, behind: HeldTown) -> None:
        answer = decide(client, behind, GAP, "rerun")
        assert answer.status_code == 200
        assert "Still held" in text_of(answer)

    def test_excluded_is_taken_back(self, client: Any, behind: HeldTown) -> None:
        text = text_of(client.get(address(behind, OUT)))
        assert "It is excluded by Ben Ito: In dispute since April." in text
        assert "Until somebody reopens it, no later period of this service is billed" in text
        decide(client, behind, OUT, "reopen")
        assert "This bill is held. Its owner: billing" in text_of(client.get(address(behind, OUT)))

    @pytest.mark.parametrize("looks_late", [False, True])
    def test_that_another_let_go_at_the_same_instant_has_left(
        self, client: Any, behind: HeldTown, monkeypatch: pytest.MonkeyPatch, looks_late: bool
    ) -> None:
        """Our own run finds nothing to issue, or nothing due: what is told is that it has left."""
        really = settle_held.issue_bills

        def after_another(**told: Any) -> Any:
            really(**told)
            if looks_late:
                of = told["services"][0].agreement.agreement_id
                told["services"] = [told["store"].service_of_agreement(of, told["known_at"])]
            return really(**told)

        monkeypatch.setattr(settle_held, "issue_bills", after_another)

        answer = decide(client, behind, FAR, "release")

        assert answer.status_code == 302
        text = text_of(client.get(answer["Location"]))
        assert "It has left as" in text
        assert "something holds it" not in text

    @pytest.mark.parametrize("act", ["release", "rerun"])
    def test_that_another_let_go_while_we_looked_is_told_as_billed(
        self, client: Any, behind: HeldTown, monkeypatch: pytest.MonkeyPatch, act: str
    ) -> None:
        """Its window is due no more then: that is because it has left, and so it is told."""
        really, others = settle_held.first_due, []

        def after_another(*told: Any) -> Any:
            if not others:
                others.append("on its way")
                others.append(decide(client, behind, FAR, "release"))
            return really(*told)

        def due_of_now(services: Any, *told: Any) -> Any:
            found = after_another(services, *told)
            store, of = behind.town.store, services[0].agreement.agreement_id
            return found if not others[1:] else really([store.service_of_agreement(of, NOW)], *told)

        monkeypatch.setattr(settle_held, "first_due", due_of_now)

        answer = decide(client, behind, FAR, act)

        assert others[1].status_code == 302
        assert answer.status_code == 422
        assert "is not what is due" not in text_of(answer)
        assert "billed" in text_of(answer)

    def test_is_not_decided_without_a_reason(self, client: Any, behind: HeldTown) -> None:
        answer = decide(client, behind, FAR, "release", reason="")
        assert answer.status_code == 422
        assert "Who decides, and why, is missing" in text_of(answer)
        assert "This bill is held" in text_of(client.get(address(behind, FAR)))

    def test_is_not_decided_by_a_form_from_elsewhere(self, client: Any, behind: HeldTown) -> None:
        answer = client.post(address(behind, FAR), {"act": "release", **WHO})
        assert answer.status_code == 422
        assert "This form does not come from one of our pages" in text_of(answer)

    def test_is_not_decided_by_a_clock_that_is_off(self, client: Any, behind: HeldTown) -> None:
        behind.town.store.server_clock = AT
        answer = decide(client, behind, FAR, "release")
        assert answer.status_code == 422
        assert "97200 seconds apart" in text_of(answer)


class TestRuns:
    def test_are_listed_with_what_became_of_their_windows(self, client: Any) -> None:
        text = text_of(client.get("/held/runs/"))
        assert "accounts" in text
        assert "finished" in text
        assert "energy far from usual: 3" in text
        assert "readings are missing: 1" in text

    def test_of_one_case_lead_to_it(self, client: Any, behind: HeldTown) -> None:
        decide(client, behind, FAR, "release")
        text = text_of(client.get("/held/runs/"))
        assert f'<a href="{address(behind, FAR)}">case {behind.cases[FAR]}</a>' in text

    def test_that_are_stopped_are_let_go_by_a_name(self, client: Any, behind: HeldTown) -> None:
        stopped = RunRecord(
            "R-1",
            RunState.STOPPED,
            "cycle 5",
            MAY,
            AT,
            RunCounts(due=60, billed=0, held=60),
            sentence="Too much is held",
        )
        store = behind.town.store
        store.record_run(stopped)
        assert "A run is stopped, and no bill leaves" in text_of(client.get("/held/"))
        command = "<code>meterledger bill-cycle 5 --on 2026-05-01</code>"
        assert f"is run again with {command}" in text_of(client.get("/held/runs/"))
        assert "let go by" not in text_of(client.get("/held/runs/"))
        refused = decide(client, behind, FAR, "release")
        assert "Run R-1 of 2026-05-01 was stopped: Too much is held" in text_of(refused)

        typed = {"act": "R-1", **WHO}
        assert client.post("/held/runs/", typed, headers=OURS).status_code == 302

        assert store.standing_stop() is None
        assert "is stopped" not in text_of(client.get("/held/"))
        assert f"let go by Dana Cole: {WHO['reason']}" in text_of(client.get("/held/runs/"))
        with store.viewing(Viewer("test", "look"), []):
            assert store.bill_runs()[0] == replace(
                stopped,
                state=RunState.LET_GO,
                counts=RunCounts(),
                sentence="",
                by="Dana Cole",
                reason=WHO["reason"],
                learned_at=behind.now,
            )


def test_a_day_with_gaps_says_that_a_bill_waits_for_them(client: Any) -> None:
    text = text_of(client.get("/usage/days/2026-04-01/E-3003/"))
    assert "Nobody holds this day, and a bill of it waits for what is missing." in text


class TestADoubtfulReadingOfKvarh:
    @pytest.fixture
    def doubted(self, client: Any, tmp_path: Path) -> Iterator[str]:
        """A case of the invented utility, behind the same pages."""
        town = open_town(tmp_path)
        with town.store.viewing(Viewer("test", "billing"), ["everything"]):
            town.begin(1, "PL-G3")
            town.arrive("kWh", flat(25))
            town.arrive("kvarh", flat(10, 29))
            town.february()
            (case,) = town.store.held_cases()
        before = system.provide(HeldTown(town, {1: case.case_id}, KNOWN))
        yield f"/held/{case.case_id}/"
        system.provide(before)

    def test_is_explained_with_its_threshold_and_the_ways_out(
        self, client: Any, doubted: str
    ) -> None:
        text = text_of(client.get(doubted))

        assert "The reading of February 10, 2026 14:30 has 116 kvar" in text
        assert '<a href="/book/validation_reactive_spike_percent/">' in text
        assert client.get("/book/validation_reactive_spike_percent/").status_code == 200
        assert "<code>meterledger ingest</code>" in text
        assert "Release it" in text
        assert "66 kvar x $0.45 = $29.70" in text  # what it would charge

    def test_leaves_where_somebody_accepts_it(self, client: Any, doubted: str) -> None:
        answer = client.post(doubted, {"act": "release", **WHO}, headers=OURS)

        assert answer.status_code == 302
        assert "It has left as" in text_of(client.get(doubted))
