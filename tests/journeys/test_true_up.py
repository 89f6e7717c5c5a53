"""Estimated bills are trued up by night on their own periods, when real readings have come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.register_town import RegisterTown
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    AFTER,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
)

from meterledger.facts.bills import read_record
from meterledger.facts.corrections import CorrectionCause
from meterledger.usecases import rebill_due
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.find_corrections import leave_bill, now_of
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_due import AUTHOR, TrueUps, true_up_estimates

FIRST, OCTOBER, NOVEMBER = date(2025, 8, 30), date(2025, 10, 1), date(2025, 11, 1)
NEXT_DAY = DAY + timedelta(days=7)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[UsageTown]:
    """One home, billed for October with a day estimated."""
    made = usage_town(tmp_path)
    with made.store.viewing(VIEWER, []):
        made.start(1, from_day=OCTOBER)
        made.arrive("M1", (FIRST, NOVEMBER), with_gap(DAY, 0, 96))
        made.validate(known_at=NIGHT)
        (bill,) = made.bill(1, on=NOVEMBER, known_at=NIGHT).issued
        assert bill.usage.estimated is not None
        yield made


def came(town: UsageTown, times: int, more: int = 0, *, day: date = DAY) -> None:
    """The day's readings arrive after all, so many times the usual, and so many Wh more each."""

    def values(on: date, count: int) -> list[int | None]:
        return [times * (wh or 0) + more for wh in weekly(on, count)]

    town.arrive("M1", (day, day + timedelta(days=1)), values, learned_at=NEXT)


def late(town: UsageTown, times: int, more: int = 0) -> None:
    """They arrive, are validated, and a person accepts them."""
    came(town, times, more)
    town.validate(known_at=NEXT)
    accept(town)


def accept(town: UsageTown) -> None:
    for one in town.store.review_queue():  # a day far above its history waits for a person
        from meterledger.usecases.review_usage import accept_day, day_to_review

        item = day_to_review(
            one.logged.meter_id, one.logged.day, store=town.store, lake=town.lake, view=town.view
        )
        if item.open_ids:
            accept_day(item, author="Ana", reason="it is so", at=NEXT, store=town.store)


def night(town: UsageTown, **how: Any) -> TrueUps:
    now = now_of(town.store, known_at=AFTER, book=town.book, lake=town.lake)
    return true_up_estimates(store=town.store, now=now, **how)


class TestATrueUp:
    def test_puts_the_reading_in_the_place_of_the_estimate(self, town: UsageTown) -> None:
        late(town, 3)

        (run,) = night(town).runs

        (one,) = run.corrected
        assert one.bill.usage.estimated is None
        assert one.difference_cents > 0
        kept = town.store.correction_of(one.bill.bill_id)
        assert kept is not None
        assert (kept.author, kept.cause) == (AUTHOR, CorrectionCause.READING)
        assert kept.reason == "actual readings have come for what was estimated"
        assert town.replay(one.bill.bill_id).same_bytes
        assert town.replay(one.cancelled.bill_id).same_bytes

    def test_offers_time_to_pay(self, town: UsageTown) -> None:
        late(town, 3)

        (run,) = night(town).runs

        assert run.decision is not None
        offer = run.decision.outcome.repayment
        assert offer is not None
        assert offer.months_offered == 2

    def test_of_less_than_a_dollar_leaves_the_bill(self, town: UsageTown) -> None:
        late(town, 1, more=20)

        (run,) = night(town).runs

        assert run.corrected == []
        assert "is less than $1.00" in run.left[0].reason
        assert night(town).runs == []

    @pytest.mark.parametrize("option", ["", "1M-overnight"])
    def test_of_a_dollar_over_two_bills_is_asked_whatever_the_rate_option(
        self, tmp_path: Path, option: str
    ) -> None:
        """A day of each month was estimated, and is a little more: 85 cents and 90 cents."""
        town = usage_town(tmp_path)
        december, day = date(2025, 12, 1), date(2025, 11, 12)
        with town.store.viewing(VIEWER, []):
            town.start(1, from_day=OCTOBER)
            if option:
                view = town.book.as_known(NIGHT.date())
                change_rate(
                    account_id=town.account_id(1), schedule=option, asked=date(2025, 10, 20),
                    learned_at=NIGHT - timedelta(hours=1), view=view, store=town.store,
                )  # fmt: skip
            town.arrive("M1", (FIRST, NOVEMBER), with_gap(DAY, 0, 96))
            town.arrive("M1", (NOVEMBER, december), with_gap(day, 0, 96))
            for one in (DAY, day):
                town.validate(one, known_at=NIGHT)
            bills = town.bill(1, on=december, known_at=NIGHT).issued
            assert [one.usage.estimated is None for one in bills] == [False, False]
            assert len({one.agreement_id for one in bills}) == (2 if option else 1)
            for one in (DAY, day):
                came(town, 1, more=80, day=one)
                town.validate(one, known_at=NEXT)
            accept(town)

            (run,) = night(town).runs

        assert len(run.corrected) == 2
        assert all(0 < one.difference_cents < 100 for one in run.corrected)

    def test_of_the_same_amount_leaves_the_bill(self, town: UsageTown) -> None:
        late(town, 1)

        first = night(town)

        assert (first.runs, len(first.same)) == ([], 1)
        assert night(town).same == []

    def test_is_done_once(self, town: UsageTown) -> None:
        late(town, 3)
        night(town)

        again = night(town)

        assert (again.runs, again.waiting) == ([], [])

    def test_waits_for_the_reading(self, town: UsageTown) -> None:
        assert night(town).runs == []

    def test_a_dry_run_records_nothing(self, town: UsageTown) -> None:
        late(town, 3)

        assert len(night(town, dry_run=True).runs) == 1
        assert town.store.corrections_of_account(town.account_id(1)) == []


class TestABillCorrectedWhileTheNightLooks:
    """A person corrects it by hand after the night has looked, before the night writes."""

    @pytest.fixture
    def meanwhile(self, town: UsageTown, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Bills that Ana corrects at that moment."""
        names: list[str] = []
        looks = rebill_due._without_doubted_days

        def then_ana(*told: Any, **how: Any) -> Any:
            found = looks(*told, **how)
            for name in names:
                rebill(
                    [name],
                    author="Ana",
                    reason="the readings are here",
                    on=NOVEMBER,
                    known_at=AFTER,
                    store=town.store,
                    lake=town.lake,
                    book=town.book,
                )
            return found

        monkeypatch.setattr(rebill_due, "_without_doubted_days", then_ana)
        return names

    @pytest.fixture
    def second(self, town: UsageTown) -> str:
        """Another home, of which a day was estimated, too, and came to three times as much."""
        town.start(2, from_day=OCTOBER)
        town.arrive("M2", (FIRST, NOVEMBER), with_gap(NEXT_DAY, 0, 96))
        town.validate(NEXT_DAY, known_at=NIGHT)
        (bill,) = town.bill(2, on=NOVEMBER, known_at=NIGHT).issued
        values = lambda day, count: [(wh or 0) + 120 for wh in weekly(day, count)]  # noqa: E731
        town.arrive("M2", (NEXT_DAY, NEXT_DAY + timedelta(days=1)), values, learned_at=NEXT)
        return bill.bill_id

    def first(self, town: UsageTown) -> str:
        (bill,) = town.store.bills_of_account(town.account_id(1))
        return bill.bill_id

    def test_that_would_be_left_ends_nobody_elses_night(
        self, town: UsageTown, second: str, meanwhile: list[str]
    ) -> None:
        late(town, 1)
        name = self.first(town)
        meanwhile.append(name)

        done = night(town)

        assert (done.meanwhile, done.same, done.refused) == ([name], [], [])
        assert [one.cancelled.bill_id for run in done.runs for one in run.corrected] == [second]
        assert town.store.left_differences([town.account_id(1)]) == []

    def test_that_would_be_trued_up_ends_nobody_elses_night(
        self, town: UsageTown, second: str, meanwhile: list[str]
    ) -> None:
        came(town, 1, more=120)
        name = self.first(town)
        meanwhile.append(name)

        done = night(town)

        assert (done.meanwhile, done.refused) == ([name], [])
        assert [one.cancelled.bill_id for run in done.runs for one in run.corrected] == [second]
        (kept,) = town.store.corrections_of_account(town.account_id(1))
        assert kept.author == "Ana"

    def test_is_nobodys_where_nobody_does(
        self, town: UsageTown, second: str, meanwhile: list[str]
    ) -> None:
        came(town, 1, more=120)

        done = night(town)

        assert (done.meanwhile, done.refused, len(done.runs)) == ([], [], 2)


class TestALateDayThatNobodyHasValidated:
    def test_is_checked_first_and_waits_for_a_person_when_it_is_absurd(
        self, town: UsageTown
    ) -> None:
        came(town, 60)

        done = night(town)

        assert (done.runs, done.refused) == ([], [])
        (one,) = done.waiting
        assert one.why.startswith("2025-10-08: ")
        assert one.why.endswith(
            "Decide the day in the review of usage (`meterledger review list`)."
        )
        assert town.store.corrections_of_account(town.account_id(1)) == []
        assert {item.logged.day for item in town.store.review_queue()} == {DAY}

    def test_stays_with_a_person_night_after_night(self, town: UsageTown) -> None:
        came(town, 60)
        night(town)
        files = town.files
        queued = len(town.store.review_queue())

        (one,) = night(town).waiting

        assert one.why.startswith("The usage of 1 day is held for review: 2025-10-08 (")
        assert (town.files, len(town.store.review_queue())) == (files, queued)

    def test_is_billed_when_a_person_has_accepted_it(self, town: UsageTown) -> None:
        came(town, 60)
        night(town)
        accept(town)

        (run,) = night(town).runs

        assert run.corrected[0].bill.usage.estimated is None

    def test_that_a_person_left_as_billed_holds_no_other_bill(self, town: UsageTown) -> None:
        second, december = date(2025, 11, 12), date(2025, 12, 1)
        town.arrive("M1", (NOVEMBER, december), with_gap(second, 0, 96))
        town.validate(second, known_at=NIGHT)
        town.bill(1, on=december, known_at=NIGHT)
        came(town, 60)
        came(town, 1, more=120, day=second)
        october, november = night(town).waiting
        assert november.why.startswith(f"It waits with bill {october.stored.bill_id}")

        now = now_of(town.store, known_at=AFTER, book=town.book, lake=town.lake)
        name = october.stored.bill_id
        leave_bill(name, author="Ana", reason="broken", store=town.store, now=now)

        (run,) = night(town).runs
        assert [one.cancelled.bill_id for one in run.corrected] == [november.stored.bill_id]

    def test_is_trued_up_at_once_when_no_check_holds_it(self, town: UsageTown) -> None:
        came(town, 1, more=120)

        (run,) = night(town).runs

        assert run.corrected[0].difference_cents > 0
        assert town.store.review_queue() == []

    def test_waits_in_a_dry_run_too_and_nothing_goes_on_file(self, town: UsageTown) -> None:
        came(town, 60)

        (one,) = night(town, dry_run=True).waiting

        assert one.why.startswith("2025-10-08: ")
        assert town.store.review_queue() == []


JULY, AUGUST, SEPTEMBER = date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)


class TestAReadThatIsTooHigh:
    """A register's month was estimated, and the read that comes after all is absurd."""

    @pytest.fixture
    def registers(self, first_book: Any) -> Iterator[RegisterTown]:
        made = RegisterTown(book=first_book)
        with made.store.viewing(VIEWER, []):
            made.meter(1, came=date(2025, 6, 1))
            made.reads("M1", (date(2025, 6, 1), 1_000), (JULY, 1_390))
            made.bill_month(1, date(2025, 6, 1))
            (bill,) = made.bill_month(1, JULY).issued
            assert bill.usage.estimated is not None
            yield made

    def true_up(self, town: RegisterTown, shown: int) -> TrueUps:
        town.reads("M1", (AUGUST, shown), learned_at=NEXT)
        now = now_of(town.store, known_at=AFTER, book=town.book, lake=town.lake)
        return true_up_estimates(store=town.store, now=now)

    def test_waits_for_a_person_with_what_the_gate_found(self, registers: RegisterTown) -> None:
        done = self.true_up(registers, 8_790)

        assert (done.runs, done.refused) == ([], [])
        (one,) = done.waiting
        assert [found.code for found in one.findings] == ["gate.band"]
        assert one.why.startswith(
            "238.7 kWh a day is 1836 percent of the bill before (13.0 kWh a day), beyond 600"
        )
        assert not one.trues_up
        assert one.as_json()["found"] == ["gate.band"]
        assert registers.store.corrections_of_account(registers.account_id(1)) == []

    def test_is_trued_up_when_it_is_as_before(self, registers: RegisterTown) -> None:
        (run,) = self.true_up(registers, 1_820).runs

        assert run.corrected[0].bill.usage.energy_wh == 430_000

    def test_waits_with_the_other_estimated_bills_of_its_agreement(
        self, registers: RegisterTown
    ) -> None:
        """Their limits are counted together, and the next begins where the first one closes."""
        registers.bill_month(1, AUGUST)
        registers.reads("M1", (SEPTEMBER, 2_260), learned_at=NEXT)

        done = self.true_up(registers, 8_790)

        assert done.runs == []
        assert len(done.waiting) == 2

    def test_that_is_sound_takes_the_next_bill_with_it_which_opened_on_the_estimate(
        self, registers: RegisterTown
    ) -> None:
        """What July used more, August used less: billed alone, it would stand on both."""
        registers.reads("M1", (SEPTEMBER, 2_260), learned_at=NEXT)
        (august,) = registers.bill_month(1, AUGUST).issued
        assert august.usage.estimated is None

        (run,) = self.true_up(registers, 1_820).runs

        assert [one.bill.usage.energy_wh for one in run.corrected] == [430_000, 440_000]
        live = registers.store.bills_of_account(registers.account_id(1))
        energy = sum(read_record(one.record)["usage"]["energy_wh"] for one in live)
        assert energy == (2_260 - 1_000) * 1_000
        for one in run.corrected:
            assert registers.replay(one.bill.bill_id).same_bytes
        later = now_of(
            registers.store, known_at=AFTER + timedelta(days=1), book=registers.book,
            lake=registers.lake,
        )  # fmt: skip
        again = true_up_estimates(store=registers.store, now=later)
        assert (again.runs, again.waiting) == ([], [])
