"""What must hold in the town after every month, whatever happened in it.

Lives here      invariants of energy, bills and money over a whole life; living again changes
                nothing.
Lives elsewhere what each real file must give (test_real_files.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from tests.town.towns import LivedTown, MemoryUtility, live_months

from meterledger.billing import WayOut
from meterledger.entrypoints.demo import writers
from meterledger.entrypoints.demo.deliveries import (
    ESTIMATED_HOME,
    LOST_QUARTERS,
    NIGHT_DAY,
    READ_AGAIN_ON,
    TOO_HIGH_HOME,
    TWICE_HOME,
)
from meterledger.entrypoints.demo.episodes import (
    ADDRESS,
    BUDGET_HOME,
    DUE_DAY,
    DUE_HOME,
    DUE_ON,
    ELECTRONIC_HOME,
    EPISODES,
    KILN_REASON,
    LOOKED,
    RELEASED_ON,
)
from meterledger.entrypoints.demo.proofs import (
    all_bills,
    bills_of_the_story,
    differences_that_do_not_add_up,
    energy_of_bill,
    fingerprint,
    record_of,
    replayed,
    shadow_of_last_month,
)
from meterledger.entrypoints.demo.receiving import receiver
from meterledger.entrypoints.demo.story import END_OF_TIME, after_the_story, book_completed_at
from meterledger.entrypoints.demo.town import CHANGE_DAY, KILN_HOME, SCHEDULES, UNKNOWN_HOME
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import BillKind, read_record
from meterledger.facts.held import HeldAct, HeldCase, HeldState
from meterledger.kernel.money import cents_from_text, usd_display, usd_text
from meterledger.kernel.span import DaySpan, tiles
from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
from meterledger.usecases.replay_bill import Replay, replay_bill
from meterledger.usecases.settle_held import ways_out

RECEIVABLE = "142"
"""Of customers, what is asked; and beside it ``142.budget``, what a plan defers."""


def lines_of(lived: LivedTown) -> list[dict[str, Any]]:
    return [line for bill in all_bills(lived.utility) for line in record_of(bill)["lines"]]


class TestAfterEveryMonth:
    def test_energy_measured_is_energy_billed_and_held_in_every_home(
        self, lived: LivedTown
    ) -> None:
        assert len(lived.energy) == 10
        off = [
            (str(month.first_day), one.home.name, one.unexplained_wh)
            for month, homes in zip(lived.months, lived.energy, strict=True)
            for one in homes
            if one.unexplained_wh != 0
        ]
        assert off == []

    def test_there_is_energy_to_speak_of(self, lived: LivedTown) -> None:
        last = lived.energy[-1]
        assert sum(one.billed_wh for one in last) > 100_000_000
        assert [one.home.name for one in last if one.held_wh > 0] == ["UK-1", "S-10"]

    def test_the_journal_sums_to_zero(self, lived: LivedTown) -> None:
        assert lived.trial_balances == [0] * 10

    def test_every_entry_sums_to_zero(self, lived: LivedTown) -> None:
        entries = lived.utility.contents()["entries"]
        assert isinstance(entries, dict)
        assert len(entries) > 200
        assert [one for one in entries.values() if sum(leg.cents for leg in one.legs)] == []


class TestTheNight:
    """The eighteenth of February: one home's hour is lost, another's day before is sent twice."""

    def test_the_lost_hour_is_estimated_billed_so_and_read_late(self, lived: LivedTown) -> None:
        home = lived.town.home(ESTIMATED_HOME)
        (estimate,) = lived.utility.store.estimates_of_meter(home.meter_id)
        account = lived.town.stays_at(home.name)[0].account_id
        issued = lived.utility.store.issued_bills_of_account(account)
        (bill,) = [one for one in issued if "estimated" in record_of(one)["usage"]]

        assert record_of(bill)["usage"]["estimated"]["interval_count"] == len(LOST_QUARTERS)
        assert NIGHT_DAY in bill.days
        measured = lived.town.values(home, DaySpan(NIGHT_DAY, NIGHT_DAY + timedelta(days=1)))
        true_wh = sum(measured[slot][1] for slot in LOST_QUARTERS)
        (corrected,) = lived.months[7].corrections
        assert corrected.cancelled == bill.bill_id
        assert corrected.difference_wh == true_wh - estimate.estimate.energy_wh

    def test_the_doubled_day_is_held_and_decided_with_a_reason(self, lived: LivedTown) -> None:
        home = lived.town.home(TWICE_HOME)
        (held,) = [one for month in lived.months for _, one in month.held
                   if one.code == "usage.held"]  # fmt: skip
        assert "2026-02-18 (usage.day_sent_twice)" in held.sentence
        (edit,) = lived.utility.store.edits_of_meter(home.meter_id)
        assert edit.author == "Jo Park, meter operations"
        assert lived.utility.store.review_queue() == []
        told = [one.sentence for month in lived.months for one in month.nights]
        assert "1 estimated + 1 held" in told[0]
        assert f"{edit.after_wh:,} Wh in place of {edit.before_wh:,} Wh" in told[1]


class TestHeldBills:
    """Three homes use, or seem to use, many times as much as before."""

    def case_of(self, lived: LivedTown, home_name: str) -> HeldCase:
        account = lived.town.stays_at(home_name)[0].account_id
        (case,) = lived.utility.store.held_cases(account_id=account, with_ended=True)
        assert case.opened.code == "gate.band"
        return case

    def test_a_wrong_reading_is_read_again_and_billed_once(self, lived: LivedTown) -> None:
        case = self.case_of(lived, TOO_HIGH_HOME)

        bill = lived.utility.store.bill(case.steps[-1].bill_id)
        assert case.days is not None
        measured = lived.town.values(lived.town.home(TOO_HIGH_HOME), case.days)
        assert energy_of_bill(bill) == sum(wh for _, wh in measured)
        assert case.opened.energy_wh == 8 * energy_of_bill(bill)
        assert HeldAct.RELEASED not in {one.act for one in case.steps}

    def test_a_true_use_is_let_go_by_name_as_it_is(self, lived: LivedTown) -> None:
        case = self.case_of(lived, KILN_HOME)

        (released,) = [one for one in case.steps if one.act is HeldAct.RELEASED]
        assert (released.by, released.reason) == (LOOKED, KILN_REASON)
        bill = lived.utility.store.bill(case.steps[-1].bill_id)
        assert bill.total_cents == case.opened.total_cents
        assert bill.issued_day == RELEASED_ON

    def test_one_waits_for_whoever_looks(self, lived: LivedTown) -> None:
        case = self.case_of(lived, UNKNOWN_HOME)

        assert case.state is HeldState.OPEN
        assert WayOut.RELEASE in ways_out(case)
        assert not case.needs_two

    def test_runs_say_whom_they_were_about(self, lived: LivedTown) -> None:
        runs = lived.utility.store.bill_runs(limit=1000)
        scopes = {one.scope for one in runs}
        assert {"cycle 1", "cycle 11", "cycle 21"} < scopes
        assert all(one.counts.due == one.counts.billed + one.counts.held for one in runs)


class TestATrueUp:
    def test_takes_the_place_of_the_estimated_bill(self, lived: LivedTown) -> None:
        (told,) = [one for month in lived.months for one in month.corrections]
        store = lived.utility.store
        wrong, right = store.bill(told.cancelled), store.bill(told.bill)

        assert (wrong.cancelled_by, right.corrects) == (right.bill_id, wrong.bill_id)
        assert right.days == wrong.days
        assert told.difference_cents == right.total_cents - wrong.total_cents >= 100
        assert "estimated" not in record_of(right)["usage"]
        (said,) = [one for month in lived.months for one in month.acts if one.word == "rebill"]
        assert f"becomes {usd_display(right.total_cents)} (reading $" in said.sentence

    def test_every_difference_adds_up_by_cause(self, lived: LivedTown) -> None:
        assert differences_that_do_not_add_up(lived.utility, all_bills(lived.utility)) == []

    def test_weather_is_a_cause_in_the_home_that_was_there(self, lived: LivedTown) -> None:
        account = lived.town.stays_at("IL-16")[0].account_id
        september, october = [
            one for one in lived.utility.store.bills_of_account(account)
            if one.days.until_day in (date(2025, 9, 1), date(2025, 10, 1))
        ]  # fmt: skip
        at = after_the_story(lived.utility.book)
        answer = explain_bill(
            bill_id=october.bill_id,
            store=lived.utility.store,
            versus=september.bill_id,
            weather=WeatherKnown(lived.utility.view, at),
        )
        assert answer["versus"]["weather"]["station"] == "KSTL"
        assert answer["versus"]["weather"]["kwh"].startswith("-")  # it was a cooler month
        weather = [one for one in answer["versus"]["parts"] if one["cause"] == "weather"]
        assert [one["usd"][0] for one in weather] == ["-"]


class TestWhatCustomersChose:
    def options(self, lived: LivedTown, home_name: str) -> AccountOptions:
        account = lived.town.stays_at(home_name)[0].account_id
        return lived.utility.store.billing_options([account], END_OF_TIME)[account]

    def test_a_budget_bill_asks_the_plan_and_charges_what_it_cost(self, lived: LivedTown) -> None:
        account = lived.town.stays_at(BUDGET_HOME)[0].account_id
        rows = self.options(lived, BUDGET_HOME).budget_bills
        bills = {one.bill_id: one for one in lived.utility.store.bills_of_account(account)}

        assert len(rows) == 6  # November to April
        for row in rows:
            asked = record_of(bills[row.bill_id])["asked"]
            assert asked["asked_usd"] == usd_text(row.asked_cents)
            assert row.charges_cents == bills[row.bill_id].total_cents != row.asked_cents
        paid = [one.cents for one in lived.utility.store.payments_of_account(account)]
        assert set(paid[-3:]) <= {row.asked_cents for row in rows}

    def test_bills_are_due_on_the_day_that_was_chosen(self, lived: LivedTown) -> None:
        account = lived.town.stays_at(DUE_HOME)[0].account_id
        bills = lived.utility.store.bills_of_account(account)
        late = [one for one in bills if one.issued_day >= DUE_ON]
        early = [one for one in bills if one.issued_day < DUE_ON]
        assert len(late) >= 6
        for one in late:
            chosen = one.due_day.replace(day=DUE_DAY)
            assert one.due_day == chosen or (one.due_day > chosen and chosen.weekday() >= 5)
        assert DUE_DAY not in {one.due_day.day for one in early}

    def test_electronic_bills_have_an_address(self, lived: LivedTown) -> None:
        (chosen,) = self.options(lived, ELECTRONIC_HOME).deliveries
        assert (chosen.medium.value, chosen.address) == ("electronic", ADDRESS)


def test_the_shadow_of_the_last_month_leaves_nothing_unexplained(lived: LivedTown) -> None:
    run = shadow_of_last_month(lived.utility)
    assert run.bills == run.same > 20
    assert run.unexplained == []


class TestBills:
    def test_service_periods_tile_from_the_first_day(self, lived: LivedTown) -> None:
        stays = {stay.account_id: stay for stay in lived.town.stays}
        by_account = groupby(all_bills(lived.utility), key=lambda one: one.account_id)
        seen = 0
        for account, those in by_account:
            days = sorted(bill.days for bill in those)
            assert tiles(days), account
            assert days[0].from_day == stays[account].from_day
            seen += 1
        assert seen == len(stays)

    def test_lines_sum_to_the_total_posted(self, lived: LivedTown) -> None:
        entries = lived.utility.contents()["entries"]
        assert isinstance(entries, dict)
        for bill in all_bills(lived.utility):
            lines = record_of(bill)["lines"]
            cents = sum(cents_from_text(line["usd"], where=bill.bill_id) for line in lines)
            posted = sum(
                leg.cents
                for leg in entries[f"bill:{bill.bill_id}"].legs
                if leg.ledger_account.startswith(RECEIVABLE)
            )
            assert (cents, posted) == (bill.total_cents, bill.total_cents)

    def test_every_line_cites_clauses_in_force_on_its_days(self, lived: LivedTown) -> None:
        lines = lines_of(lived)
        assert len(lines) > 1_500
        silent = [line["code"] for line in lines if not line["citations"]]
        early = [
            (line["code"], line["from"], citation["effective"])
            for line in lines
            for citation in line["citations"]
            if citation["effective"] > line["from"]
        ]
        assert silent == []
        assert early == []

    def test_no_line_crosses_a_change_of_the_fuel_adjustment(self, lived: LivedTown) -> None:
        changes = ("2025-10-01", "2026-02-01")
        fac = [line for line in lines_of(lived) if line["code"] == "FAC"]
        crossing = [line for line in fac for day in changes if line["from"] < day < line["to"]]
        assert crossing == []
        assert {line["from"] for line in fac} >= set(changes)

    def test_every_bill_is_made_again_with_the_same_bytes(self, lived: LivedTown) -> None:
        assert replayed(lived.utility, all_bills(lived.utility)) == []

    def test_kinds_options_and_places_all_occur(self, lived: LivedTown) -> None:
        records = [record_of(bill) for bill in all_bills(lived.utility)]
        assert {one["kind"] for one in records} == {kind.value for kind in BillKind}
        assert {one["schedule"] for one in records} == set(SCHEDULES)
        assert {one["tax_place"] for one in records} == {
            "university_city",
            "pagedale",
            "canton",
            "bel_ridge",
            "none",
        }


class TestMishaps:
    def test_broken_and_strange_files_are_refused_in_words(self, lived: LivedTown) -> None:
        refused = {
            told.name: told.sentence
            for month in lived.months
            for told in month.files
            if told.status == "refused"
        }
        assert set(refused) == {"a_download.xml", "IL-17_broken_off.xml", "stranger.cmep"}
        assert "Green Button" in refused["a_download.xml"]
        assert "cut off" in refused["IL-17_broken_off.xml"]
        assert "ML-NOBODY is not installed" in refused["stranger.cmep"]

    def test_the_same_file_under_another_name_is_known(self, lived: LivedTown) -> None:
        known = [
            told.name for month in lived.months for told in month.files if told.status == "known"
        ]
        assert known == ["IL-17_again.xml"]

    def test_a_gap_holds_its_bill_and_a_resend_releases_it(self, lived: LivedTown) -> None:
        january = lived.months[5]
        (hold,) = [one for day, one in january.held if day == date(2026, 1, 11)]
        assert "8 of 2976 intervals are missing" in hold.sentence
        (released,) = [run for run in january.runs if run.day == date(2026, 1, 15)]
        assert [bill.account_id for bill in released.bills] == [hold.account_id]

    def test_the_british_meters_own_gap_stays_held(self, lived: LivedTown) -> None:
        holds = [
            (day, one)
            for month in lived.months
            for day, one in month.held
            if "UK-1" in one.sentence
        ]
        assert [day for day, _ in holds] == [date(2026, month, 21) for month in (1, 2, 3, 4)]
        assert "1 of 1488 intervals is missing" in holds[0][1].sentence
        assert "2026-01-15T03:00:00Z" in holds[0][1].sentence

    def test_a_day_corrected_before_its_bill_is_billed_as_corrected(self, lived: LivedTown) -> None:
        stay = lived.town.stays_at("S-06")[0]
        (bill,) = [
            one
            for one in lived.utility.store.bills_of_account(stay.account_id)
            if one.days.until_day == date(2025, 12, 21)
        ]
        daily = record_of(bill)["usage"]["daily_wh"]
        wrong_day = (date(2025, 12, 3) - bill.days.from_day).days
        assert daily[wrong_day] < 3 * sorted(daily)[len(daily) // 2]

    def test_gas_is_kept_and_on_no_bill(self, lived: LivedTown) -> None:
        (gas,) = [
            told for month in lived.months for told in month.files if told.name == "S-01_gas.cmep"
        ]
        assert (gas.status, gas.readings) == ("stored", 720)
        units = {line["unit"] for line in lines_of(lived)}
        assert units <= {"kWh", "kW", "month", "months", "USD"}

    def test_one_key_posts_once_and_other_contents_are_refused(self, lived: LivedTown) -> None:
        odd = [one for month in lived.months for one in month.payments if one.status != "posted"]
        assert {one.status for one in odd} == {"known", "refused"}
        refusals = [one.sentence for one in odd if one.status == "refused"]
        assert all("is used already" in sentence for sentence in refusals)
        keys = [one.key for month in lived.months for one in month.paid]
        assert len(keys) == len(set(keys)) > 100

    def test_a_change_of_option_is_two_agreements_of_one_account(self, lived: LivedTown) -> None:
        account = lived.town.stays_at("S-08")[0].account_id
        by_schedule = [
            (record["schedule"], record["to"])
            for bill in lived.utility.store.bills_of_account(account)
            for record in [record_of(bill)]
        ]
        before = {schedule for schedule, until in by_schedule if until <= "2025-12-11"}
        after = {schedule for schedule, until in by_schedule if until > "2025-12-11"}
        assert (before, after) == ({"1M-anytime"}, {"1M-overnight"})
        kinds = {
            record_of(bill)["kind"]
            for bill in lived.utility.store.bills_of_account(account)
            if CHANGE_DAY in (bill.days.from_day, bill.days.until_day)
        }
        assert kinds == {"regular"}  # a change between two periods is no end of service

    def test_two_people_share_an_account(self, lived: LivedTown) -> None:
        account = lived.town.stays_at("IL-16")[0].account_id
        (service,) = lived.utility.store.services_of_account(
            account, all_bills(lived.utility)[-1].known_at
        )
        assert service.holders == ("Ana Rivera", "Grace Rivera")


class TestLivingAgain:
    MONTHS = 2

    def test_changes_nothing(self, utility: MemoryUtility) -> None:
        live_months(utility.story(), self.MONTHS)
        before = utility.contents()

        again = live_months(utility.story(), self.MONTHS)

        assert utility.contents() == before
        assert [bill for month in again for bill in month.bills] == []
        statuses = {told.status for month in again for told in month.files}
        assert statuses == {"known", "refused"}
        assert {one.status for month in again for one in month.payments} == {"known"}

    def test_after_a_stop_anywhere_gives_the_same_bills(
        self, utility: MemoryUtility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class PulledPlug(Exception):
            pass

        calls = {"record_file": 0, "record_bills": 0, "post_receipts": 0, "start_service": 0}
        stops = {"record_file": 4, "record_bills": 2, "post_receipts": 2, "start_service": 11}

        def fails_once(name: str) -> None:
            real = getattr(utility.store, name)

            def either(*arguments: Any, **named: Any) -> Any:
                calls[name] += 1
                if calls[name] == stops[name]:
                    raise PulledPlug(name)
                return real(*arguments, **named)

            monkeypatch.setattr(utility.store, name, either)

        for name in stops:
            fails_once(name)
        stopped = 0
        while True:
            try:
                live_months(utility.story(), 1)
                break
            except PulledPlug:
                stopped += 1
        assert stopped == len(stops)

        with MemoryUtility.opened(tmp_path / "unbroken") as unbroken:
            live_months(unbroken.story(), 1)
            assert bills_without_pins(utility) == bills_without_pins(unbroken)
            assert utility.store.trial_balance() == unbroken.store.trial_balance()
            assert fingerprint(all_bills(utility)) == fingerprint(all_bills(unbroken))

    def test_after_a_stop_while_a_bill_is_held_it_leaves_on_the_same_day(
        self, utility: MemoryUtility, lived: LivedTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A run that is over stays as it was, though the readings that it lacked have come."""

        class PulledPlug(Exception):
            pass

        def fails(*_: object) -> None:
            raise PulledPlug

        live_months(utility.story(), 4)  # a stay's readings have come, and its bill waits for a run
        for day in (READ_AGAIN_ON, RELEASED_ON):
            with monkeypatch.context() as patched:
                patched.setitem(EPISODES, day, fails)
                with pytest.raises(PulledPlug):
                    live_months(utility.story(), 8)
        live_months(utility.story(), 8)

        until = date(2026, 4, 1)
        whole = {
            one.bill_id: one.record_sha256
            for one in bills_of_the_story(lived.utility)
            if one.issued_day < until
        }
        assert {one.bill_id: one.record_sha256 for one in bills_of_the_story(utility)} == whole


def bills_without_pins(utility: MemoryUtility) -> list[dict[str, Any]]:
    records = [read_record(bill.record) for bill in all_bills(utility)]
    for record in records:
        del record["pins"]
    return records


class TestACorrectionAfterTheBill:
    """A day of August is sent again, higher, when its bill is out."""

    def test_leaves_the_bill_and_shows_in_what_is_known_later(
        self, utility: MemoryUtility, tmp_path: Path
    ) -> None:
        story = utility.story()
        live_months(story, 1)
        home = story.town.home("S-02")
        (bill,) = utility.store.bills_of_account(story.town.stays_at("S-02")[0].account_id)
        billed_wh = record_of(bill)["usage"]["energy_wh"]
        day = DaySpan(date(2025, 8, 4), date(2025, 8, 5))
        assert day.from_day in bill.days
        path = tmp_path / "late.cmep"
        path.write_bytes(
            writers.cmep(
                [(home.meter_id, [(at, wh + 10) for at, wh in story.town.values(home, day)])],
                interval_seconds=900,
                made_at=datetime(2025, 9, 1, tzinfo=UTC),
                purpose="RESEND",
            )
        )
        later = book_completed_at(utility.book) + timedelta(hours=12)
        assert receiver(utility)(path, later).status == "stored"

        def again(as_known: datetime | None) -> Replay:
            return replay_bill(
                bill_id=bill.bill_id,
                store=utility.store,
                lake=utility.lake,
                book=utility.book,
                as_known=as_known,
            )

        as_issued, as_known_later = again(None), again(later)
        assert as_issued.same_bytes
        assert as_issued.bill.usage.energy_wh == billed_wh
        assert not as_known_later.same_bytes
        assert as_known_later.bill.usage.energy_wh == billed_wh + 960
        assert any(one.startswith("usage.energy_wh") for one in as_known_later.differences)
